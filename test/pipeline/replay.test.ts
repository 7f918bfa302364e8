import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { AuditEvent } from '../../lib/event';
import type { Store, TrailQuery } from '../../lib/store';
import { whileItMoves } from '../support/until';
import { startPipeline, type Pipeline } from './harness';

const shared = process.env['BILLING_AUDIT_SHARED'] ?? resolve(__dirname, '../../../shared');
const month = join(shared, 'data/online-retail/online-retail-2011-01.csv');
const whenPresent = existsSync(month) ? describe : describe.skip;
if (!existsSync(month)) console.warn(`The real month is not at ${month}, so its replay is skipped.`);

/** A cell change as the sandbox made it. */
interface Expected {
  readonly sheetId: number;
  readonly rowId: number;
  readonly column: string;
  readonly old: string | number | boolean | null;
  readonly new: string | number | boolean | null;
  readonly person: string;
  readonly at: number;
}

whenPresent.each([0, 60])('a month of real invoice lines, callbacks held back for %i s', (debounce) => {
  let pipeline: Pipeline;
  let expected: readonly Expected[];
  let cells: readonly AuditEvent[];
  let rows: readonly AuditEvent[];
  let byDelta: readonly AuditEvent[];
  let byMoney: readonly AuditEvent[];

  beforeAll(async () => {
    const flags = ['--replay', month, '--wait', '--debounce', String(debounce), '--no-rate-limits'];
    pipeline = await startPipeline({ sandboxFlags: flags });
    await pipeline.watched();
    await pipeline.sandbox.control('POST', '/sandbox/replay/start');
    await whileItMoves(async () => {
      const replay = await pipeline.sandbox.control<{ state: string }>('GET', '/sandbox/replay');
      if (replay.state !== 'done') throw new Error(JSON.stringify(replay));
      return replay;
    }, 'the replay to end');
    await pipeline.settled();
    expected = (await pipeline.sandbox.control<{ changes: Expected[] }>('GET', '/sandbox/replay/expected')).changes;
    await pipeline.openTrail(async (store) => {
      const all = await everything(store, {});
      cells = all.filter(({ kind }) => kind === 'cell_changed');
      rows = all.filter(({ kind }) => kind === 'row_added');
      byDelta = (await store.search({ order: 'delta', limit: 2 })).events;
      byMoney = (await store.search({ order: 'money_at_risk', limit: 2 })).events;
    });
  }, 1_800_000);
  afterAll(() => pipeline?.stop());

  it('ends with exactly the 618 changed cells, each with its old value, new value, person and time', () => {
    expect(expected).toHaveLength(618);
    expect(cells.map(factsOfEvent).sort()).toEqual(expected.map(factsOfExpected).sort());
  });

  // Negative by amount: 96 more lines have a negative quantity at a price of 0, and move no money.
  it('records each of the 34,837 new rows once, 391 of them with a negative amount', () => {
    expect(rows).toHaveLength(34_837);
    expect(new Set(rows.map(({ row_id }) => row_id)).size).toBe(34_837);
    expect(rows.filter(({ values }) => values['Units Total Price']?.startsWith('-'))).toHaveLength(391);
  });

  it('finds 309 changes to 308 lines, 189 of them after their week had closed', () => {
    const lines = new Set(cells.map(({ row_id }) => row_id));
    const changes = new Map(cells.map((event) => [`${event.row_id} ${event.changed_at}`, event.is_historical]));
    expect(lines.size).toBe(308);
    expect(changes.size).toBe(309);
    expect([...changes.values()].filter((isHistorical) => isHistorical)).toHaveLength(189);
  });

  it('puts C541433 first by amount and by money at risk, with its large change as a reason', () => {
    const cancellation = {
      work_request: '541431',
      column_name: 'Units Total Price',
      old_value: '77183.6',
      new_value: '0',
      delta: '-77183.6',
      changed_by: 'customer-12346@example.com',
    };
    expect(byDelta[0]).toMatchObject(cancellation);
    expect(byMoney[0]).toMatchObject(cancellation);
    expect(byMoney[0]!.reasons.map(({ factor }) => factor)).toContain('large_change');
  });
});

/** Every event that answers the query, page by page. */
async function everything(store: Store, query: TrailQuery): Promise<AuditEvent[]> {
  const events: AuditEvent[] = [];
  let after: string | null = null;
  do {
    const page = await store.search({ ...query, limit: 1000, ...(after !== null && { after }) });
    events.push(...page.events);
    after = page.next;
  } while (after !== null);
  return events;
}

function factsOfEvent(event: AuditEvent): string {
  const { sheet_id, row_id, column_name, old_value, new_value, changed_by, changed_at } = event;
  return [sheet_id, row_id, column_name, old_value, new_value, changed_by, changed_at].join(' | ');
}

function factsOfExpected({ sheetId, rowId, column, old, new: now, person, at }: Expected): string {
  return [sheetId, rowId, column, old, now, person, new Date(at).toISOString()].join(' | ');
}
