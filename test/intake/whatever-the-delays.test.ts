import { practiceSheet } from '../sandbox/office';
import { startSandboxProcess, type SandboxProcess } from '../support/sandbox';
import { until } from '../support/until';
import { randomFrom } from './support';
import { brief, openWatchtower, type Watchtower } from './watchtower';

const PEOPLE = ['clerk@example.com', 'foreman@example.com', 'manager@example.com'];
const STEPS = 40;

let tower: Watchtower;

beforeAll(async () => {
  tower = await openWatchtower({ glanceSeconds: 0.1, sweepSeconds: 0.7 });
}, 120_000);

afterAll(() => tower.close(), 120_000);

/**
 * A made-up afternoon at the office: rows are added and edited by several people, callbacks are late, lost, doubled and
 * out of order, and sweeps come in between. What really happened is kept beside it.
 */
async function afternoon(sandbox: SandboxProcess, seed: number, quick: boolean) {
  const below = randomFrom(seed);
  const sheet = await practiceSheet(sandbox);
  const stop = await tower.watch(sandbox, [sheet.id], { quick });
  await tower.shows('^watching$');
  const rows = sheet.rowIds.map((id, index): { id: number; cells: Record<string, string | null> } => ({
    id,
    cells: { Quantity: String((index + 1) * 10), Note: null },
  }));
  const truth: unknown[][] = [];
  for (let step = 0; step < STEPS; step += 1) {
    await sandbox.control('POST', '/sandbox/clock', { advanceSeconds: 1 + below(below(4) === 0 ? 90 : 4) });
    const by = PEOPLE[below(PEOPLE.length)]!;
    if (below(6) === 0)
      await sandbox.control(
        'POST',
        '/sandbox/faults',
        [{ dropNext: 1 }, { doubleNext: 1 }, { reorderNext: 1 }][below(3)],
      );
    if (below(8) === 0) {
      const cells = { 'Work Request #': `WR-${step}`, Quantity: String(below(100)) };
      const made = await sandbox.control<{ rows: { id: number }[] }>('POST', '/sandbox/rows', {
        sheetId: sheet.id,
        rows: [cells],
        by,
      });
      rows.push({ id: made.rows[0]!.id, cells: { Quantity: cells.Quantity, Note: null } });
      truth.push([made.rows[0]!.id, 'row_added', by]);
      continue;
    }
    const row = rows[below(rows.length)]!;
    const cells: Record<string, string> = { [below(2) === 0 ? 'Quantity' : 'Note']: String(below(5)) };
    if (below(3) === 0) Object.assign(cells, { Quantity: String(below(5)), Note: String(below(5)) });
    for (const [column, value] of Object.entries(cells)) {
      if (row.cells[column] !== value) truth.push([row.id, column, row.cells[column], value, by]);
    }
    Object.assign(row.cells, cells);
    await sandbox.control('POST', '/sandbox/edit', { sheetId: sheet.id, rowId: row.id, cells, by });
  }
  await sandbox.control('POST', '/sandbox/faults', { dropNext: 0, doubleNext: 0, reorderNext: 0 });
  await sandbox.control('POST', '/sandbox/settle');
  return { truth, stop };
}

const sorted = (list: readonly unknown[]): unknown[] => list.map((one) => JSON.stringify(one)).sort();

/** Seed and debounce of each afternoon, and whether versions are looked at between callbacks. `AFTERNOONS=20` plays that many more, for somebody who looks for a race. */
const AFTERNOONS: [seed: number, debounce: number, quick: boolean][] = [
  [11, 0, false],
  [12, 60, false],
  [13, 0, true],
  [14, 60, true],
];
for (let more = 0; more < Number(process.env['AFTERNOONS'] ?? 0); more += 1) {
  AFTERNOONS.push([15 + more, more % 2 === 0 ? 60 : 0, more % 4 < 2]);
}

it.each(AFTERNOONS)(
  'every change comes once, with its values and its person, whatever the delays (seed %i, debounce %i s, quick %s)',
  async (seed, debounce, quick) => {
    const sandbox = await startSandboxProcess(
      '--no-rate-limits',
      '--debounce',
      String(debounce),
      '--seed',
      String(seed),
    );
    try {
      tower.found.length = 0;
      const { truth, stop } = await afternoon(sandbox, seed, quick);
      const found = (): unknown[] => tower.found.map((change) => [Number(change.row_id), ...brief(change)]);
      await until(() => found().length >= truth.length, `${truth.length} changes, found ${found().length}`, 30_000);
      const waiting = async (): Promise<number> => (await tower.store.counts()).callbacks_waiting;
      await until(async () => (await waiting()) === 0, 'every callback to be resolved');
      expect(sorted(found())).toEqual(sorted(truth));
      // Of each cell, the values follow one another as they did.
      for (const row of new Set(truth.map(([id]) => id))) {
        for (const column of ['Quantity', 'Note']) {
          const steps = (list: readonly unknown[]) =>
            list.filter((one) => Array.isArray(one) && one[0] === row && one[1] === column);
          expect(steps(found())).toEqual(steps(truth));
        }
      }
      expect(tower.log.lines.filter((line) => line.startsWith('error'))).toEqual([]);
      await stop({ removed: true });
    } finally {
      await sandbox.stop();
    }
  },
  90_000,
);
