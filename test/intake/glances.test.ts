import type { Stop } from '../../lib/define';
import { httpOverFetch } from '../../lib/runtime/http-over-fetch';
import { GlancePace } from '../../lib/runtime/glance-pace';
import { practiceSheet, type PracticeSheet } from '../sandbox/office';
import { startSandboxProcess, type SandboxProcess } from '../support/sandbox';
import { until } from '../support/until';
import { brief, openWatchtower, type Watchtower } from './watchtower';

const clerk = 'clerk@example.com';
const foreman = 'foreman@example.com';

describe('between the callbacks of a webhook, which come a minute late', () => {
  const asked: string[] = [];
  const deployed: Stop[] = [];
  let sandbox: SandboxProcess;
  let tower: Watchtower;
  let sheet: PracticeSheet;

  beforeAll(async () => {
    sandbox = await startSandboxProcess('--no-rate-limits', '--debounce', '60');
    const through = httpOverFetch();
    const http: typeof through = (request) => {
      asked.push(new URL(request.url).pathname);
      return through(request);
    };
    // Rows wait for their names as long as the test lets them.
    tower = await openWatchtower({ glanceSeconds: 0.05, deletionGraceSeconds: 600 }, { machine: { http } });
  }, 120_000);
  beforeEach(async () => {
    sheet = await practiceSheet(sandbox);
    deployed.push(await tower.watch(sandbox, [sheet.id], { quick: true }));
    await tower.shows('^watching$');
    tower.found.length = 0;
    asked.length = 0;
  });
  afterEach(async () => {
    for (const stop of deployed.splice(0)) await stop({ removed: true });
  });
  afterAll(async () => {
    await tower?.close();
    await sandbox?.stop();
  }, 120_000);

  const edit = (row: number, cells: object, by: string): Promise<unknown> =>
    sandbox.control('POST', '/sandbox/edit', { sheetId: sheet.id, rowId: sheet.rowIds[row], cells, by });
  const found = async (count: number): Promise<readonly (readonly unknown[])[]> => {
    await until(
      () => tower.found.length >= count,
      `${count} changes (there are ${JSON.stringify(tower.found.map(brief))})`,
    );
    await until(async () => {
      const { changes_waiting, changes_leased } = await tower.store.counts();
      return changes_waiting + changes_leased === 0;
    }, 'every change to be recorded');
    return tower.found.map(brief);
  };
  /** The debounce minute is over: the callback comes, and everything that it says is worked through. */
  const callbackCame = async (): Promise<void> => {
    const before = tower.answered();
    await sandbox.control('POST', '/sandbox/settle');
    await until(() => tower.answered() !== before, 'the callback');
    await until(async () => (await tower.store.counts()).callbacks_waiting === 0, 'the callback to be resolved');
  };
  const histories = (): number => asked.filter((path) => path.endsWith('/history')).length;

  it('finds a change by the version, with its person, and the callback only confirms it', async () => {
    await edit(0, { Quantity: 12 }, clerk);
    expect(await found(1)).toEqual([['Quantity', '10', '12', clerk]]);
    expect(tower.found[0]!.found_by).toBe('poll');
    await callbackCame();
    expect(await found(1)).toEqual([['Quantity', '10', '12', clerk]]);
    expect(histories()).toBe(0);
  });

  it('keeps both values of a cell that changed twice before a look, and its history is read once, not again for the callback', async () => {
    const both = {
      sheetId: sheet.id,
      edits: [
        { rowId: sheet.rowIds[0], cells: { Quantity: 12 } },
        { rowId: sheet.rowIds[0], cells: { Quantity: 15 } },
      ],
    };
    await sandbox.control('POST', '/sandbox/edit', { ...both, by: clerk });
    expect(await found(2)).toEqual([
      ['Quantity', '10', '12', clerk],
      ['Quantity', '12', '15', clerk],
    ]);
    expect(histories()).toBe(1);
    const before = tower.found.map(brief);
    await callbackCame();
    expect(histories()).toBe(1);
    expect(tower.found.map(brief)).toEqual(before);
  });

  it('lets a deleted row wait for the callback that says who deleted it', async () => {
    await sandbox.control('DELETE', '/sandbox/rows', { sheetId: sheet.id, rowIds: [sheet.rowIds[1]], by: foreman });
    await until(
      () => asked.filter((path) => path.endsWith(`/sheets/${sheet.id}`)).length >= 2,
      'the sheet to be compared',
    );
    await callbackCame();
    expect(await found(1)).toEqual([['row_deleted', foreman]]);
  });

  it('lets an edit of many cells wait for its callback rather than read all their histories, and guesses nobody', async () => {
    const rows = sheet.rowIds.map((rowId) => ({ rowId, cells: { Quantity: 77, Note: 'one paste' } }));
    await sandbox.control('POST', '/sandbox/edit', { sheetId: sheet.id, edits: rows, by: foreman });
    await until(
      () => asked.filter((path) => path.endsWith(`/sheets/${sheet.id}`)).length >= 1,
      'the sheet to be compared',
    );
    await callbackCame();
    const all = await found(sheet.rowIds.length * 2);
    expect(all).toHaveLength(sheet.rowIds.length * 2);
    expect(all.every(([, , , by]) => by === foreman)).toBe(true);
    expect(histories()).toBeLessThanOrEqual(4);
  });

  it('looks at nothing between callbacks when that is off', async () => {
    for (const stop of deployed.splice(0)) await stop({ removed: true });
    deployed.push(await tower.watch(sandbox, [sheet.id]));
    await tower.shows('^watching$');
    await edit(0, { Quantity: 12 }, clerk);
    await callbackCame();
    expect(await found(1)).toEqual([['Quantity', '10', '12', clerk]]);
    expect(tower.found[0]!.found_by).toBe('callback');
  });
});

describe('the pace of looks', () => {
  const minute = { now: 1_000_000, others: 0 };
  const pace = (spent: () => number, processes = 1): GlancePace =>
    new GlancePace({
      now: () => minute.now,
      limiter: { spent, processes: () => processes },
      requestsPerMinute: 300,
      shortestMilliseconds: 2000,
    });

  it('is two seconds for a few sheets, and shares half of the minute among many', () => {
    const quiet = pace(() => 0);
    quiet.join();
    expect(quiet.milliseconds).toBe(2000);
    for (let more = 1; more < 20; more += 1) quiet.join();
    expect(Math.round(quiet.milliseconds)).toBe(8000);
  });

  it('gives way to what else is asked with the token, and never ends', () => {
    const busy = pace(() => 60);
    busy.join();
    busy.join();
    expect(busy.milliseconds).toBe(2000);
    for (let more = 2; more < 20; more += 1) busy.join();
    expect(Math.round(busy.milliseconds)).toBe(13_333);
    const full = pace(() => 300);
    full.join();
    expect(full.milliseconds).toBe(4000);
  });

  it('takes its part where several processes use the token', () => {
    const shared = pace(() => 0, 2);
    for (let more = 0; more < 20; more += 1) shared.join();
    expect(Math.round(shared.milliseconds)).toBe(16_000);
  });

  it('does not count its own looks as those of others, and gives a share back when a sheet leaves', () => {
    let own = 0;
    const alone = pace(() => own);
    const leaves = Array.from({ length: 20 }, () => alone.join());
    for (; own < 150; own += 1) alone.glanced();
    expect(Math.round(alone.milliseconds)).toBe(8000);
    for (const leave of leaves.slice(1)) leave();
    leaves[1]!();
    expect(alone.milliseconds).toBe(2000);
  });
});
