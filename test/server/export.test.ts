import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';

import { parse } from 'csv-parse/sync';
import { strFromU8, unzipSync } from 'fflate';
import { readOrder } from '../../server/export/order';
import { ACT_KINDS } from '../../lib/event';
import { COLUMNS } from '../../server/export/columns';
import { workbookTables, zippedCsvTables } from '../../server/export/table-set';
import { writeExport } from '../../server/export/write-export';
import type { AuditEvent } from '../../lib/event/audit-event';
import type { TrailQuery } from '../../lib/store';
import { event } from '../store/examples';

const now = (): number => Date.parse('2026-02-01T00:00:00Z');
const about = { by: 'ann', practice: false, timeZone: 'America/Chicago' };
const january = { from: '2026-01-01', to: '2026-01-31', sheets: [], seed: 'seed', sample: '3' };

/** A trail in memory with pages of two, so that a few events are several pages. */
function trailOf(events: readonly AuditEvent[]): {
  search(query: TrailQuery): Promise<{ events: AuditEvent[]; next: string | null }>;
} {
  return {
    search: ({ after, kind, sheet_id }) => {
      const wanted = events.filter(
        (each) =>
          (kind === undefined ? each.kind === 'cell_changed' : each.kind === kind) &&
          (!sheet_id || each.sheet_id === sheet_id),
      );
      const from = Number(after ?? 0);
      return Promise.resolve({
        events: wanted.slice(from, from + 2),
        next: from + 2 < wanted.length ? String(from + 2) : null,
      });
    },
  };
}

const stored = (key: string, given: Partial<AuditEvent> = {}): AuditEvent =>
  event(key, { timestamp: '2026-01-05T09:00:01.000Z', ...given });

async function exported(
  events: readonly AuditEvent[],
  format: 'csv' | 'xlsx',
  asked: Partial<Parameters<typeof readOrder>[0]> = {},
  mostRows?: number,
): Promise<{ files: Record<string, string>; result: Awaited<ReturnType<typeof writeExport>> }> {
  const { order } = readOrder({ ...january, ...asked }, about);
  const pieces: Uint8Array[] = [];
  const sink = async (piece: Uint8Array): Promise<void> => void pieces.push(piece);
  const tables = format === 'csv' ? zippedCsvTables(sink, now(), false) : workbookTables(sink, now(), mostRows);
  const result = await writeExport(order, { store: trailOf(events), now, tables });
  const files = Object.fromEntries(
    Object.entries(unzipSync(Buffer.concat(pieces))).map(([name, bytes]) => [name, strFromU8(bytes)]),
  );
  return { files, result };
}

const rowsOf = (text: string | undefined): Record<string, string>[] => parse(text ?? '', { columns: true });

describe('an export as CSV', () => {
  it('holds every change of the period once, whatever is in its cells', async () => {
    const nasty = 'a "quoted", one;\r\nwith two lines';
    const events = [stored('one', { new_value: nasty }), stored('two', { changed_by: null }), stored('three')];
    const { files, result } = await exported(events, 'csv');
    const rows = rowsOf(files['changes.csv']);
    expect(rows.map((row) => row['event_key'])).toEqual(['one', 'two', 'three']);
    expect(rows[0]).toMatchObject({ new_value: nasty, delta: '2', risk_score: '0.3' });
    expect(rows[1]?.['changed_by']).toBe('');
    expect(files['changes.csv']?.split('\r\n')[0]?.split(',')).toEqual(COLUMNS.map(({ title }) => title));
    expect(result).toMatchObject({
      changes: 3,
      fingerprint: createHash('sha256').update('one\ntwo\nthree\n').digest('hex'),
    });
  });

  it.each(['=1+1', '+1+1', '-1+1', '@SUM(A1)', '\t=1', '=HYPERLINK("http://example.com")'])(
    'lets no spreadsheet run %j',
    async (formula) => {
      const { files } = await exported([stored('one', { new_value: formula, changed_by: formula })], 'csv');
      expect(rowsOf(files['changes.csv'])[0]).toMatchObject({ new_value: `'${formula}`, changed_by: `'${formula}` });
    },
  );

  it('keeps numbers as numbers, negative ones too, and leaves digits that no spreadsheet can hold as they are', async () => {
    const { files } = await exported(
      [stored('one', { old_value: '-12.50', new_value: '12345678901234567890', delta: '-0.1' })],
      'csv',
    );
    expect(rowsOf(files['changes.csv'])[0]).toMatchObject({
      old_value: '-12.50',
      new_value: '12345678901234567890',
      delta: '-0.1',
    });
  });

  it('leaves out what is stored while it is made', async () => {
    const { result } = await exported(
      [stored('late', { timestamp: '2026-02-01T00:00:01.000Z' }), stored('one')],
      'csv',
    );
    expect(result.changes).toBe(1);
  });

  it('tells how the sheets were watched apart from the changes', async () => {
    const day = stored('sheet:1:coverage:2026-01-05', {
      kind: 'coverage',
      issue_description: 'Watched by webhook without a gap.',
      values: { day: '2026-01-05', how: 'webhook', compares: '288' },
    });
    const { files, result } = await exported([day, stored('one')], 'csv');
    expect(result).toMatchObject({ changes: 1, coverageDays: 1 });
    expect(rowsOf(files['coverage.csv'])).toEqual([
      expect.objectContaining({ day: '2026-01-05', how: 'webhook', compares: '288', in_words: day.issue_description }),
    ]);
  });
});

describe('the acts of people', () => {
  it('stand in a table of their own, with who, what and why', async () => {
    const marked = stored('act:1', {
      kind: 'event_marked',
      changed_by: 'Kim',
      issue_description: 'Kim (manager) marked event one: approved, it is right',
      values: { event: 'one', reason: 'it is right', right: 'manager', more: null },
    });
    const held = stored('hold:1:set', { kind: 'legal_hold_set', sheet_id: '0', changed_by: 'Ann' });
    const { files, result } = await exported([held, marked, stored('one')], 'csv');
    expect(result).toMatchObject({ changes: 1, acts: 2 });
    expect(rowsOf(files['acts.csv'])).toEqual([
      expect.objectContaining({
        kind: 'event_marked',
        changed_by: 'Kim',
        in_words: marked.issue_description,
        facts: 'event: one; reason: it is right; right: manager',
      }),
      expect.objectContaining({ kind: 'legal_hold_set', changed_by: 'Ann', event_key: 'hold:1:set' }),
    ]);
    expect(files['about-this-export.csv']).toContain('Acts,"2 (approvals');
  });

  it('are all that the migrations know', () => {
    const folder = resolve(__dirname, '../../supabase/migrations');
    const sql = readdirSync(folder).map((name) => readFileSync(join(folder, name), 'utf8'));
    const written = sql.flatMap((text) => [
      // Of what triggers note, and of what is done to the trail; a text that is kept to be in force is no act.
      ...(text.includes('note_acts(')
        ? text.matchAll(
            /jsonb_build_object\(\s*'kind', (?:case when \S+ is null then '(\w+)' else )?'(\w+)'(?!, 'text')/g,
          )
        : []),
      ...text.matchAll(/note_keeping\('(\w+)'/g),
    ]);
    const kinds = new Set(written.flatMap(([, ...found]) => found.filter((kind) => kind !== undefined)));
    expect(kinds.size).toBeGreaterThan(8);
    expect([...kinds].filter((kind) => !(ACT_KINDS as readonly string[]).includes(kind))).toEqual([]);
  });
});

describe('the sample', () => {
  const many = Array.from({ length: 40 }, (_, index) => stored(`key ${index}`));
  const keysOf = (text: string | undefined): (string | undefined)[] => rowsOf(text).map((row) => row['event_key']);

  it('is the same for the same seed, in whatever order the changes come', async () => {
    const one = await exported(many, 'csv');
    const other = await exported(many.toReversed(), 'csv');
    expect(keysOf(one.files['sample.csv'])).toHaveLength(3);
    expect(keysOf(other.files['sample.csv'])).toEqual(keysOf(one.files['sample.csv']));
    const another = await exported(many, 'csv', { seed: 'other' });
    expect(keysOf(another.files['sample.csv'])).not.toEqual(keysOf(one.files['sample.csv']));
  });

  it('can be drawn by hand as the export says', async () => {
    const hash = (key: string): string => createHash('sha256').update(`seed:${key}`).digest('hex');
    const byHand = many
      .map(({ event_key }) => event_key)
      .sort((a, b) => (hash(a) < hash(b) ? -1 : 1))
      .slice(0, 3);
    const { files } = await exported(many, 'csv');
    expect(keysOf(files['sample.csv'])).toEqual(byHand);
    expect(files['about-this-export.csv']).toContain('Sample,3 of 40 changes');
  });

  it('is all there is when there is less than was asked for', async () => {
    const { result } = await exported(many.slice(0, 2), 'csv', { sample: '10' });
    expect(result.sampled).toBe(2);
  });
});

describe('an export as a workbook', () => {
  const sheetsOf = (files: Record<string, string>): string[] =>
    [...(files['xl/workbook.xml'] ?? '').matchAll(/<sheet name="([^"]+)"[^>]*r:id="rId(\d+)"/g)].map(
      ([, name, id]) => `${name} in ${id}`,
    );

  it('shows first what it is, although that is known last', async () => {
    const { files } = await exported([stored('one')], 'xlsx');
    expect(sheetsOf(files)).toEqual([
      'About this export in 5',
      'Changes in 1',
      'Sample in 4',
      'Acts in 3',
      'Coverage in 2',
    ]);
    expect(files['xl/worksheets/sheet5.xml']).toContain('2026-01-01 to 2026-01-31 (America/Chicago)');
    expect(files['xl/worksheets/sheet5.xml']).toContain('>ann<');
    for (const part of ['[Content_Types].xml', '_rels/.rels', 'xl/styles.xml', 'xl/_rels/workbook.xml.rels']) {
      expect(files[part]).toMatch(/^<\?xml/);
    }
  });

  it('keeps text as text, numbers as numbers, and drops what XML cannot carry', async () => {
    const { files } = await exported([stored('one', { new_value: '=1+1 <&> \u0001\ud800 \u{1F600}' })], 'xlsx');
    const sheet = files['xl/worksheets/sheet1.xml'];
    expect(sheet).toContain(' t="inlineStr"><is><t xml:space="preserve">=1+1 &lt;&amp;&gt;  \u{1F600}</t></is></c>');
    expect(sheet).toMatch(/<c r="[A-Z]+2"><v>2<\/v><\/c>/u);
    expect(sheet).toContain('>4583173393803140<');
    expect(sheet).not.toContain('<f>');
  });

  it('goes on in another sheet where one is full', async () => {
    const events = Array.from({ length: 5 }, (_, index) => stored(`key ${index}`));
    const { files } = await exported(events, 'xlsx', { sample: '0' }, 3);
    expect(sheetsOf(files).filter((name) => name.startsWith('Changes'))).toEqual([
      'Changes in 1',
      'Changes 2 in 2',
      'Changes 3 in 3',
    ]);
    const rows = [1, 2, 3].map((number) => files[`xl/worksheets/sheet${number}.xml`]?.match(/<row /g)?.length);
    expect(rows).toEqual([3, 3, 2]);
  });
});

describe('what is asked for', () => {
  it('counts days in business time, both included', () => {
    const { order } = readOrder({ ...january, from: '2026-03-08', to: '2026-03-08' }, about);
    expect(order.query).toMatchObject({ from: '2026-03-08T06:00:00.000Z', to: '2026-03-09T05:00:00.000Z' });
  });

  it.each([
    ['from', { from: undefined }, 'is missing'],
    ['to', { to: '2026-02-30' }, 'is no day'],
    ['to', { to: '2025-12-01' }, 'is before "from"'],
    ['sheet', { sheets: ['Week 1'] }, 'is no id of a sheet'],
    ['format', { format: 'pdf' }, 'is "pdf"'],
    ['sample', { sample: '-1' }, 'is "-1"'],
  ])('refuses a "%s" that is none, and says what to write', (field, given, why) => {
    const reading = (): unknown => readOrder({ ...january, ...given }, about);
    expect(reading).toThrow(
      expect.objectContaining({ code: 'bad_setting', field, message: expect.stringContaining(why) }),
    );
  });
});
