import type { Stop } from '../../lib/define';
import { practiceSheet, type PracticeSheet } from '../sandbox/office';
import { startSandboxProcess, type SandboxProcess } from '../support/sandbox';
import { until } from '../support/until';
import { brief, openWatchtower, type Watchtower } from './watchtower';

const clerk = 'clerk@example.com';
const foreman = 'foreman@example.com';

/** One store and one sandbox of each kind for the whole file: each test has a sheet of its own. */
let office: SandboxProcess;
let debouncing: SandboxProcess;
let sandbox: SandboxProcess;
let sheet: PracticeSheet;
let tower: Watchtower;
const towers = new Map<string, Watchtower>();
const stops: Stop[] = [];

beforeAll(async () => {
  office = await startSandboxProcess('--no-rate-limits');
  debouncing = await startSandboxProcess('--no-rate-limits', '--debounce', '60', '--seed', '2');
}, 120_000);

afterAll(async () => {
  for (const each of towers.values()) await each.close();
  await Promise.all([office.stop(), debouncing.stop()]);
}, 120_000);

afterEach(async () => {
  for (const stop of stops.splice(0)) await stop({ removed: true });
});

async function begin(how: { debounce?: boolean; sweepSeconds?: number } = {}): Promise<void> {
  sandbox = how.debounce ? debouncing : office;
  sheet = await practiceSheet(sandbox);
  const kind = `sweeps every ${how.sweepSeconds ?? 600} s`;
  tower = towers.get(kind) ?? (await openWatchtower({ sweepSeconds: how.sweepSeconds ?? 600 }));
  towers.set(kind, tower);
  tower.found.length = 0;
  tower.statuses.length = 0;
}

async function watch(how: Parameters<Watchtower['watch']>[2] = {}): Promise<Stop> {
  const stop = await tower.watch(sandbox, [sheet.id], how);
  stops.push(stop);
  return stop;
}

async function restart(): Promise<void> {
  const kind = [...towers].find(([, each]) => each === tower)![0];
  tower = await tower.restart();
  towers.set(kind, tower);
}

const settle = (): Promise<unknown> => sandbox.control('POST', '/sandbox/settle');
const advance = (seconds: number): Promise<unknown> =>
  sandbox.control('POST', '/sandbox/clock', { advanceSeconds: seconds });
const faults = (wanted: object): Promise<unknown> => sandbox.control('POST', '/sandbox/faults', wanted);

interface HookFacts {
  readonly id: number;
  readonly sheetId: number;
  readonly status: string;
}

/** The webhooks of this test's sheet, as the sandbox knows them. */
async function hooks(): Promise<readonly HookFacts[]> {
  const { webhooks } = await sandbox.control<{ webhooks: HookFacts[] }>('GET', '/sandbox/webhooks');
  return webhooks.filter(({ sheetId }) => sheetId === sheet.id);
}

async function addRow(cells: Record<string, string | number>, by: string): Promise<number> {
  const made = await sandbox.control<{ rows: { id: number }[] }>('POST', '/sandbox/rows', {
    sheetId: sheet.id,
    rows: [cells],
    by,
  });
  return made.rows[0]!.id;
}

const editRow = (rowId: number, cells: object, by: string): Promise<unknown> =>
  sandbox.control('POST', '/sandbox/edit', { sheetId: sheet.id, rowId, cells, by });

/** Waits until so many changes have come, nothing more is on its way, and gives them in short. */
async function changes(count: number): Promise<readonly (readonly unknown[])[]> {
  await until(
    () => tower.found.length >= count,
    `${count} changes (there are ${tower.found.length}: ${JSON.stringify(tower.found.map(brief))})`,
  );
  await nothingWaits();
  return tower.found.map(brief);
}

async function nothingWaits(): Promise<void> {
  await until(async () => {
    const { callbacks_waiting, changes_waiting, changes_leased } = await tower.store.counts();
    return callbacks_waiting + changes_waiting + changes_leased === 0;
  }, 'everything to be recorded');
}

describe('with a webhook', () => {
  it('says who changed which cell from what to what', async () => {
    await begin();
    await watch();
    await tower.shows('^watching$');
    await sheet.edit(0, { Quantity: 12 }, clerk);
    expect(await changes(1)).toEqual([['Quantity', '10', '12', clerk]]);
    const { found } = tower;
    expect(found[0]).toMatchObject({
      kind: 'cell_changed',
      sheet_id: String(sheet.id),
      row_id: String(sheet.rowIds[0]),
      column_id: String(sheet.columns['Quantity']),
      values: { 'Work Request #': 'WR-1', Quantity: '12' },
      changed_by_kind: 'person',
      found_by: 'callback',
      intermediate_unknown: false,
    });
    expect(found[0]!.audit_run_id).toMatch(/^callback:/);
    expect(found[0]!.sheet_reference).toContain('rowId=');
  });

  it('keeps both values, each with its person, when a cell changes twice inside the debounce minute', async () => {
    await begin({ debounce: true });
    await watch();
    await tower.shows('^watching$');
    await sheet.edit(0, { Quantity: 12 }, clerk);
    await advance(20);
    await sheet.edit(0, { Quantity: 15 }, foreman);
    await sheet.edit(1, { Note: 'checked' }, clerk);
    await settle();
    expect(await changes(3)).toEqual([
      ['Quantity', '10', '12', clerk],
      ['Quantity', '12', '15', foreman],
      ['Note', null, 'checked', clerk],
    ]);
  });

  it('finds a value that came and went, and one that two people wrote together with another cell', async () => {
    await begin({ debounce: true });
    await watch();
    await tower.shows('^watching$');
    await sheet.edit(0, { Quantity: 11 }, clerk);
    await advance(5);
    await sheet.edit(0, { Quantity: 10 }, foreman);
    await advance(5);
    await sheet.edit(1, { Quantity: 21, Note: 'a' }, clerk);
    await advance(5);
    await sheet.edit(1, { Note: 'b' }, clerk);
    await settle();
    const found = await changes(5);
    expect(found.filter(([column]) => column === 'Quantity')).toEqual([
      ['Quantity', '10', '11', clerk],
      ['Quantity', '11', '10', foreman],
      ['Quantity', '20', '21', clerk],
    ]);
    expect(found.filter(([column]) => column === 'Note')).toEqual([
      ['Note', null, 'a', clerk],
      ['Note', 'a', 'b', clerk],
    ]);
  });

  it('tells a row that was added and changed at once with what it was made with, and then its changes', async () => {
    await begin({ debounce: true });
    await watch();
    await tower.shows('^watching$');
    const row = await addRow({ 'Work Request #': 'WR-3', Quantity: 5 }, clerk);
    await advance(30);
    await editRow(row, { Quantity: 6 }, foreman);
    await advance(10);
    await editRow(row, { Note: 'late' }, foreman);
    await settle();
    expect(await changes(3)).toEqual([
      ['row_added', clerk],
      ['Quantity', '5', '6', foreman],
      ['Note', null, 'late', foreman],
    ]);
    expect(tower.found[0]!.values).toMatchObject({ 'Work Request #': 'WR-3', Quantity: '5', Note: null });
  });

  it('tells a deleted row with who deleted it and what it held', async () => {
    await begin();
    await watch();
    await tower.shows('^watching$');
    await sandbox.control('DELETE', '/sandbox/rows', { sheetId: sheet.id, rowIds: [sheet.rowIds[1]], by: foreman });
    expect(await changes(1)).toEqual([['row_deleted', foreman]]);
    expect(tower.found[0]!.values).toMatchObject({ 'Work Request #': 'WR-2', Quantity: '20' });
  });

  it('names an automation as what it is', async () => {
    await begin();
    await watch();
    await tower.shows('^watching$');
    await sheet.edit(0, { Note: 'by rule' }, 'automation@smartsheet.com');
    await changes(1);
    expect(tower.found[0]).toMatchObject({ changed_by: 'Automation', changed_by_kind: 'automation' });
  });

  it('counts nothing twice when callbacks are doubled, reordered and merged', async () => {
    await begin();
    await watch();
    await tower.shows('^watching$');
    await faults({ doubleNext: 2, reorderNext: 2, stripZeros: true });
    for (let step = 1; step <= 6; step += 1) {
      await sheet.edit(0, { Quantity: 10 + step }, step % 2 === 0 ? clerk : foreman);
      await advance(2);
    }
    await settle();
    expect(await changes(6)).toEqual(
      [1, 2, 3, 4, 5, 6].map((step) => [
        'Quantity',
        String(9 + step),
        String(10 + step),
        step % 2 === 0 ? clerk : foreman,
      ]),
    );
    expect(new Set(tower.found.map(({ event_key }) => event_key)).size).toBe(6);
  });

  it('finds what a dropped callback would have told, in the next sweep', async () => {
    await begin({ sweepSeconds: 0.5 });
    await watch();
    await tower.shows('^watching$');
    await faults({ dropNext: 1 });
    await sheet.edit(0, { Quantity: 99 }, clerk);
    expect(await changes(1)).toEqual([['Quantity', '10', '99', clerk]]);
    expect(tower.found[0]!.found_by).toBe('backfill');
  });

  it('finds what changed while it was down, once, and keeps one webhook', async () => {
    await begin();
    await watch();
    await tower.shows('^watching$');
    await faults({ dropNext: 100 });
    await sheet.edit(0, { Quantity: 30 }, clerk);
    await advance(3);
    await sheet.edit(0, { Quantity: 40 }, foreman);
    await addRow({ 'Work Request #': 'WR-9', Quantity: 1 }, clerk);
    await sandbox.control('DELETE', '/sandbox/rows', { sheetId: sheet.id, rowIds: [sheet.rowIds[1]], by: clerk });
    await settle();
    await faults({ dropNext: 0 });
    await restart();
    await watch();
    expect((await changes(4)).toSorted((left, right) => (String(left) < String(right) ? -1 : 1))).toEqual([
      ['Quantity', '10', '30', clerk],
      ['Quantity', '30', '40', foreman],
      ['row_added', clerk],
      ['row_deleted', null],
    ]);
    expect(tower.found.every(({ found_by }) => found_by === 'backfill')).toBe(true);
    expect(await hooks()).toHaveLength(1);
  });

  it('resolves a callback that was stored while nobody watched its sheet', async () => {
    await begin({ debounce: true });
    const stop = await watch();
    await tower.shows('^watching$');
    await stop({ removed: false });
    await sheet.edit(0, { Quantity: 12 }, clerk);
    await settle();
    await until(async () => (await tower.store.counts()).callbacks_waiting === 1, 'the callback in the store');
    await restart();
    await watch();
    expect(await changes(1)).toEqual([['Quantity', '10', '12', clerk]]);
  });

  it('enables its webhook again when Smartsheet has switched it off, and catches up', async () => {
    await begin({ sweepSeconds: 0.5 });
    await watch();
    await tower.shows('^watching$');
    const [hook] = await hooks();
    await sandbox.control('POST', `/sandbox/webhooks/${hook!.id}/disable`, {
      status: 'DISABLED_CALLBACK_FAILED',
    });
    await sheet.edit(0, { Quantity: 77 }, clerk);
    expect(await changes(1)).toEqual([['Quantity', '10', '77', clerk]]);
    await until(async () => {
      const [enabled, ...others] = await hooks();
      return enabled?.status === 'ENABLED' && others.length === 0;
    }, 'the webhook to be enabled again');
  });

  it('takes the webhook away only when the node is removed, not when it is deployed anew', async () => {
    await begin();
    const first = await watch();
    await tower.shows('^watching$');
    await first({ removed: false });
    expect(await hooks()).toHaveLength(1);
    const again = await watch();
    const other = await watch();
    await tower.shows('^watching$');
    await again({ removed: true });
    expect(await hooks()).toHaveLength(1);
    await other({ removed: true });
    expect(await hooks()).toHaveLength(0);
    expect((await tower.store.webhooks()).filter(({ sheet_id }) => sheet_id === String(sheet.id))).toEqual([]);
  });
});

describe('without a public address', () => {
  it('finds changed, added and deleted rows by looking at the version', async () => {
    await begin();
    await watch({ polling: true });
    await tower.shows('^watching by polling$');
    await sheet.edit(0, { Quantity: 12 }, clerk);
    expect(await changes(1)).toEqual([['Quantity', '10', '12', clerk]]);
    await addRow({ 'Work Request #': 'WR-3', Quantity: 5 }, foreman);
    await changes(2);
    await sandbox.control('DELETE', '/sandbox/rows', { sheetId: sheet.id, rowIds: [sheet.rowIds[1]], by: foreman });
    expect(await changes(3)).toEqual([
      ['Quantity', '10', '12', clerk],
      ['row_added', foreman],
      ['row_deleted', null],
    ]);
    expect(tower.found.map(({ found_by }) => found_by)).toEqual(['poll', 'poll', 'poll']);
    expect(tower.found[0]!.audit_run_id).toMatch(new RegExp(`^poll:${sheet.id}:`));
    expect(await hooks()).toHaveLength(0);
  });
});
