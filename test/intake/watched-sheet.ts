import type { Stop } from '../../lib/define';
import { practiceSheet, type PracticeSheet } from '../sandbox/office';
import { startSandboxProcess, type SandboxProcess } from '../support/sandbox';
import { until } from '../support/until';
import { brief, openWatchtower, type Watchtower } from './watchtower';

/** What a test of a watched sheet stands on; whoever imports it has two sandboxes and its watches ended after each test. */
export const clerk = 'clerk@example.com';
export const foreman = 'foreman@example.com';

/** One store and one sandbox of each kind for the whole file: each test has a sheet of its own. */
let office: SandboxProcess;
let debouncing: SandboxProcess;
export let sandbox: SandboxProcess;
export let sheet: PracticeSheet;
export let tower: Watchtower;
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

export async function begin(how: { debounce?: boolean; sweepSeconds?: number } = {}): Promise<void> {
  sandbox = how.debounce ? debouncing : office;
  sheet = await practiceSheet(sandbox);
  const kind = `sweeps every ${how.sweepSeconds ?? 600} s`;
  tower = towers.get(kind) ?? (await openWatchtower({ sweepSeconds: how.sweepSeconds ?? 600 }));
  towers.set(kind, tower);
  tower.found.length = 0;
  tower.statuses.length = 0;
}

export async function watch(how: Parameters<Watchtower['watch']>[2] = {}): Promise<Stop> {
  const stop = await tower.watch(sandbox, [sheet.id], how);
  stops.push(stop);
  return stop;
}

export async function restart(): Promise<void> {
  const kind = [...towers].find(([, each]) => each === tower)![0];
  tower = await tower.restart();
  towers.set(kind, tower);
}

export const settle = (): Promise<unknown> => sandbox.control('POST', '/sandbox/settle');
export const advance = (seconds: number): Promise<unknown> =>
  sandbox.control('POST', '/sandbox/clock', { advanceSeconds: seconds });
export const faults = (wanted: object): Promise<unknown> => sandbox.control('POST', '/sandbox/faults', wanted);

interface HookFacts {
  readonly id: number;
  readonly sheetId: number;
  readonly status: string;
}

/** The webhooks of this test's sheet, as the sandbox knows them. */
export async function hooks(): Promise<readonly HookFacts[]> {
  const { webhooks } = await sandbox.control<{ webhooks: HookFacts[] }>('GET', '/sandbox/webhooks');
  return webhooks.filter(({ sheetId }) => sheetId === sheet.id);
}

export async function addRow(cells: Record<string, string | number>, by: string): Promise<number> {
  const made = await sandbox.control<{ rows: { id: number }[] }>('POST', '/sandbox/rows', {
    sheetId: sheet.id,
    rows: [cells],
    by,
  });
  return made.rows[0]!.id;
}

export const editRow = (rowId: number, cells: object, by: string): Promise<unknown> =>
  sandbox.control('POST', '/sandbox/edit', { sheetId: sheet.id, rowId, cells, by });

/** Waits until so many changes have come, nothing more is on its way, and gives them in short. */
export async function changes(count: number): Promise<readonly (readonly unknown[])[]> {
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
