/**
 * From a callback to its record, beside a naive flow of function nodes in the same run: `npm run bench -- pipeline`.
 *
 * Two loads. *One by one*: single cells at a steady pace over four sheets, each a callback of its own; the time from the
 * edit to the record. *Paste*: every row of every sheet gets two new values at once; events per second from the first
 * edit to the last record. The contestants take turns, three rounds each; the median round counts.
 */
import { loadavg } from 'node:os';
import { setTimeout as pause } from 'node:timers/promises';
import { until } from '../test/support/until';
import { naive, product, ROWS, SHEETS, type Contestant } from './pipeline/contest';

const ROUNDS = 3;
const SINGLE_EDITS = 100;
const PAUSE_BETWEEN_EDITS_MILLISECONDS = 100;

interface Figures {
  readonly eventsPerSecond: number;
  readonly p50: number;
  readonly p99: number;
  readonly recorded: number;
}

void main();

async function main(): Promise<void> {
  const rounds: { product: Figures; naive: Figures }[] = [];
  for (let round = 0; round < ROUNDS; round += 1) {
    rounds.push({ product: await measure(await product()), naive: await measure(await naive()) });
  }
  const ours = medianOf(rounds.map((round) => round.product));
  const theirs = medianOf(rounds.map((round) => round.naive));
  const line = (name: string, { eventsPerSecond, p50, p99, recorded }: Figures): object => ({
    contestant: name,
    'events/s (paste)': Math.round(eventsPerSecond),
    'p50 ms': Math.round(p50),
    'p99 ms': Math.round(p99),
    recorded,
  });
  console.table([line('Billing Audit', ours), line('naive flow', theirs)]);
  console.log(
    `rate ${ratio(ours.eventsPerSecond, theirs.eventsPerSecond)} of naive, p50 ${ratio(ours.p50, theirs.p50)} x, p99 ${ratio(ours.p99, theirs.p99)} x`,
  );
  console.log(
    `${SINGLE_EDITS} single edits and a paste of ${SHEETS * ROWS * 2} cells; median of ${ROUNDS} rounds in turn; load ${loadavg()[0]?.toFixed(1)}`,
  );
  console.log(
    'Billing Audit is synced to disk before it answers, chained, leased and deduplicated; the naive flow is none of these.',
  );
}

async function measure(contestant: Contestant): Promise<Figures> {
  const edited = new Map<string, number>();
  await editOneByOne(contestant, edited);
  await settled(contestant, SINGLE_EDITS);
  const began = Date.now();
  await paste(contestant);
  const all = SINGLE_EDITS + SHEETS * ROWS * 2;
  await settled(contestant, all);
  const recorded = await contestant.finish();
  const latencies = [...edited].map(([value, at]) => (recorded.get(value) ?? Infinity) - at).sort((a, b) => a - b);
  const last = Math.max(...recorded.values());
  return {
    eventsPerSecond: (SHEETS * ROWS * 2) / ((last - began) / 1000),
    p50: latencies[Math.floor(latencies.length * 0.5)] ?? Infinity,
    p99: latencies[Math.floor(latencies.length * 0.99)] ?? Infinity,
    recorded: recorded.size,
  };
}

async function editOneByOne({ sandbox, sheetIds }: Contestant, edited: Map<string, number>): Promise<void> {
  const rows = await Promise.all(sheetIds.map((id) => rowIds(sandbox, id)));
  for (let edit = 0; edit < SINGLE_EDITS; edit += 1) {
    const sheet = edit % SHEETS;
    const value = 2000 + edit;
    edited.set(String(value), Date.now());
    await sandbox.control('POST', '/sandbox/edit', {
      sheetId: sheetIds[sheet],
      rowId: rows[sheet]?.[Math.floor(edit / SHEETS) % ROWS],
      column: 'Quantity',
      value,
      by: 'clerk@example.com',
    });
    await pause(PAUSE_BETWEEN_EDITS_MILLISECONDS);
  }
}

async function paste({ sandbox, sheetIds }: Contestant): Promise<void> {
  for (const [sheet, sheetId] of sheetIds.entries()) {
    const edits = (await rowIds(sandbox, sheetId)).map((rowId, row) => ({
      rowId,
      cells: { Quantity: 10_000 + sheet * 1000 + row, 'Units Total Price': 50_000 + sheet * 1000 + row },
    }));
    await sandbox.control('POST', '/sandbox/edit', { sheetId, edits, by: 'clerk@example.com' });
  }
}

async function rowIds(sandbox: Contestant['sandbox'], sheetId: number): Promise<number[]> {
  const { body } = await sandbox.api<{ rows: { id: number }[] }>('GET', `/sheets/${sheetId}`);
  return body.rows.map(({ id }) => id);
}

async function settled(contestant: Contestant, events: number): Promise<void> {
  await until(async () => (await contestant.count()) >= events, `${events} recorded events`, 120_000);
}

/** The round whose rate is in the middle. */
function medianOf(figures: readonly Figures[]): Figures {
  const sorted = [...figures].sort((a, b) => a.eventsPerSecond - b.eventsPerSecond);
  const middle = sorted[Math.floor(sorted.length / 2)];
  if (!middle) throw new Error('Nothing was measured.');
  return middle;
}

function ratio(ours: number, theirs: number): string {
  return (ours / theirs).toFixed(2);
}
