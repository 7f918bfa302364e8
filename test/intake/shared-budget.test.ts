import { spawn, type ChildProcess } from 'node:child_process';
import { createInterface } from 'node:readline';
import { createSharedLimiter } from '../../lib/runtime/shared-budget';
import { createLimiter, SMARTSHEET_LIMITS, type Limiter } from '../../lib/smartsheet';
import type { EmbeddedStoreDriver } from '../../lib/store';
import { describeOnPostgres, startPostgres, warnWithoutPostgres, type TestPostgres } from '../support/postgres';
import { buildStoreWorker, bundle, newFolder, openTestStore, removeFolder } from '../support/store';
import { until } from '../support/until';
import type { FastClock } from './programs/fast-clock';
import type { PollingOrders } from './programs/polling-runtime';
import { recordingLog } from './support';

const TOKEN = 'a'.repeat(64);

describe('the budget of a token in the store', () => {
  const folder = newFolder();
  let driver: EmbeddedStoreDriver;
  beforeAll(async () => {
    driver = await openTestStore(folder, buildStoreWorker());
  });
  afterAll(async () => {
    await driver?.close();
    removeFolder(folder);
  });

  const begin = Date.parse('2026-02-03T10:00:00.000Z');
  const take = (milliseconds: number, about: object = {}): Promise<unknown> =>
    driver.rpc('billing_audit_take_budget', {
      token_hash: TOKEN,
      holder: 'one',
      least: { requests: 1, history: 0 },
      most: { requests: 20, history: 0 },
      per_minute: { requests: 300, history: 30 },
      at: new Date(begin + milliseconds).toISOString(),
      ...about,
    });

  it('grants no more than the minute holds, a quarter of it at most within ten seconds, and says when to come again', async () => {
    const grants: { at: number; requests: number }[] = [];
    let now = 0;
    while (now < 200_000) {
      const { requests, wait_ms } = (await take(now)) as { requests: number; wait_ms: number };
      if (requests > 0) grants.push({ at: now, requests });
      else expect(wait_ms).toBeGreaterThan(0);
      now += requests > 0 ? 100 : wait_ms;
    }
    const most = (span: number): number =>
      Math.max(
        ...grants.map(({ at: from }) =>
          grants.filter(({ at }) => at >= from && at < from + span).reduce((sum, { requests }) => sum + requests, 0),
        ),
      );
    expect(most(65_000)).toBe(300);
    expect(most(10_000)).toBe(75);
    expect(grants.reduce((sum, { requests }) => sum + requests, 0)).toBeGreaterThan(800);
  });

  it('keeps the budget of cell histories beside, counts processes, and forgets what the minute has left behind', async () => {
    const history = { least: { requests: 10, history: 1 }, most: { requests: 30, history: 3 } };
    const other = { token_hash: 'b'.repeat(64), ...history };
    expect(await take(0, other)).toEqual({ requests: 30, history: 3, wait_ms: 0, used: 30, holders: 1 });
    expect(await take(1000, { ...other, holder: 'two' })).toMatchObject({ history: 3, used: 60, holders: 2 });
    // Eight histories are a quarter of the minute; two are left, and not the requests for more than one.
    expect(await take(2000, other)).toMatchObject({ requests: 15, history: 2 });
    expect(await take(3000, other)).toMatchObject({ requests: 0, history: 0 });
    const { tokens } = (await driver.rpc('billing_audit_budgets', {
      at: new Date(begin + 5000).toISOString(),
    })) as { tokens: { token_hash: string }[] };
    expect(tokens.find(({ token_hash }) => token_hash.startsWith('b'))).toMatchObject({ used: 75, history_used: 8 });
    expect(await take(100_000, other)).toMatchObject({ used: 30, holders: 1 });
  });

  it('refuses what is no hash: the token itself never gets in', async () => {
    await expect(take(0, { token_hash: 'secret-token' })).rejects.toMatchObject({ code: expect.any(String) });
  });
});

describe('a limiter on a shared budget', () => {
  /** A limiter in a clock that jumps where it sleeps, over a store that answers as told. */
  function limited(answer: (asked: number) => Promise<unknown>) {
    let now = 0;
    const slept: number[] = [];
    const asked: { p: Record<string, unknown>; at: number }[] = [];
    const sleep = async (milliseconds: number): Promise<void> => {
      slept.push(milliseconds);
      now += milliseconds;
    };
    const log = recordingLog();
    const limiter: Limiter = createSharedLimiter({
      driver: {
        rpc: async (_name, p) => {
          asked.push({ p: p as Record<string, unknown>, at: now });
          return answer(asked.length);
        },
      },
      account: { base: 'https://api.smartsheet.com/2.0/', token: 'secret-token' },
      limits: SMARTSHEET_LIMITS,
      own: createLimiter(SMARTSHEET_LIMITS, { now: () => now, sleep }),
      now: () => now,
      sleep,
      random: () => 0,
      log,
    });
    return { limiter, asked, slept, log, pass: (milliseconds: number) => void (now += milliseconds), now: () => now };
  }
  const one = { requests: 1, history: 0 };
  const granted = (requests: number, history = 0) => ({ requests, history, wait_ms: 0, used: requests, holders: 2 });

  it('uses a portion before it asks again, forgets it after five seconds, and never names the token', async () => {
    const { limiter, asked, pass } = limited(async () => granted(3));
    for (let index = 0; index < 3; index += 1) await limiter.take(one);
    expect(asked).toHaveLength(1);
    await limiter.take(one);
    expect(asked).toHaveLength(2);
    pass(5000);
    await limiter.take(one);
    expect(asked).toHaveLength(3);
    expect(limiter.processes()).toBe(2);
    expect(JSON.stringify(asked)).not.toContain('secret-token');
  });

  it('waits as long as the store says when the minute is used up by others', async () => {
    const { limiter, slept, now } = limited(async (times) =>
      times < 3 ? { ...granted(0), wait_ms: 700 } : granted(1),
    );
    await limiter.take(one);
    expect(slept).toEqual([700, 700]);
    expect(now()).toBe(1400);
  });

  it('keeps within the limits by itself while the store is away, says so once, and comes back', async () => {
    let isAway = true;
    const { limiter, asked, log, pass, now } = limited(async () => {
      if (isAway) throw new Error('the store is away');
      return granted(20);
    });
    const taken: number[] = [];
    for (let index = 0; index < 400; index += 1) {
      await limiter.take(one);
      taken.push(now());
    }
    const within = taken.map((start) => taken.filter((at) => at >= start && at < start + 60_000).length);
    expect(Math.max(...within)).toBeLessThanOrEqual(300);
    expect(log.lines.filter((line) => line.includes('the store is away'))).toHaveLength(1);
    isAway = false;
    pass(5000);
    const before = asked.length;
    await limiter.take(one);
    expect(asked).toHaveLength(before + 1);
  });
});

warnWithoutPostgres('the budget of two processes is not tested.');

describeOnPostgres('two Runtimes on one PostgreSQL with one token', () => {
  const folders: string[] = [];
  const running = new Set<ChildProcess>();
  let postgres: TestPostgres;
  let programs: { readonly sandbox: string; readonly runtime: string };

  beforeAll(() => {
    postgres = startPostgres();
    programs = {
      sandbox: bundle('test/intake/programs/fast-sandbox.ts', 'fast-sandbox'),
      runtime: bundle('test/intake/programs/polling-runtime.ts', 'polling-runtime'),
    };
  }, 120_000);
  afterAll(async () => {
    await Promise.all([...running].map(end));
    postgres?.stop();
    folders.forEach(removeFolder);
  }, 60_000);

  interface Told {
    asked: number;
    refused: number;
    budgets: number;
    url?: string;
  }
  function run(program: string, orders: object): { readonly last: () => Told | null; readonly child: ChildProcess } {
    const child = spawn(process.execPath, [program, JSON.stringify(orders)], { stdio: ['pipe', 'pipe', 'inherit'] });
    running.add(child);
    let last: Told | null = null;
    createInterface(child.stdout).on('line', (line) => (last = JSON.parse(line) as Told));
    return { last: () => last, child };
  }
  async function end(child: ChildProcess): Promise<void> {
    running.delete(child);
    if (child.exitCode !== null) return;
    child.stdin?.end();
    await new Promise((resolve) => child.once('exit', resolve));
  }

  /** A minute lasts six seconds, for the sandbox's own limiter as for ours. */
  async function together(shared: boolean, enough: (all: Told) => boolean): Promise<Told> {
    const clock: FastClock = { since: Date.now(), speed: 10 };
    const sandbox = run(programs.sandbox, clock);
    const url = await until(() => sandbox.last()?.url, 'the sandbox');
    const sheetIds: string[] = [];
    for (let sheet = 0; sheet < 6; sheet += 1) {
      const body = JSON.stringify({ name: `Week ${sheet}`, columns: ['Quantity'], rows: [{ Quantity: 1 }] });
      const made = await fetch(`${url}/sandbox/sheets`, { method: 'POST', body });
      sheetIds.push(String(((await made.json()) as { id: number }).id));
    }
    const runtimes = [sheetIds.slice(0, 3), sheetIds.slice(3)].map((ids) => {
      const home = newFolder();
      folders.push(home);
      const place = { clock, home, postgres: postgres.folder, base: `${url}/2.0/` };
      const orders: PollingOrders = { ...place, sheetIds: ids, shared };
      return run(programs.runtime, orders);
    });
    const all = (): Told =>
      runtimes.reduce<Told>(
        (sum, { last }) => ({
          asked: sum.asked + (last()?.asked ?? 0),
          refused: sum.refused + (last()?.refused ?? 0),
          budgets: sum.budgets + (last()?.budgets ?? 0),
        }),
        { asked: 0, refused: 0, budgets: 0 },
      );
    await until(() => enough(all()), `enough requests (${JSON.stringify(all())})`, 90_000);
    for (const { last } of runtimes) expect(last()?.asked).toBeGreaterThan(50);
    const told = all();
    for (const { child } of [...runtimes, sandbox]) await end(child);
    return told;
  }

  it('stay within its budget together: not one of 700 requests is answered 429', async () => {
    const { asked, refused, budgets } = await together(true, (all) => all.asked >= 700);
    expect(refused).toBe(0);
    // Not every request is a round trip to the store.
    expect(budgets).toBeLessThan(asked / 2);
  }, 120_000);

  it('would break it if each kept its own', async () => {
    const { refused } = await together(false, (all) => all.refused > 0);
    expect(refused).toBeGreaterThan(0);
  }, 120_000);
});
