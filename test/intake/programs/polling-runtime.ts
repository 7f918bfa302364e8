import { setTimeout as delay } from 'node:timers/promises';
import { join } from 'node:path';
import { openRuntime } from '../../../lib/runtime/open-runtime';
import { httpOverFetch } from '../../../lib/runtime/http-over-fetch';
import { defaultSettings } from '../../../lib/settings';
import { SMARTSHEET_LIMITS } from '../../../lib/smartsheet';
import { openSecretBox, storeOver, type StoreDriver } from '../../../lib/store';
import { driverOverPostgres } from '../../support/postgres-driver';
import { fastNow, type FastClock } from './fast-clock';

export interface PollingOrders {
  readonly clock: FastClock;
  readonly home: string;
  readonly postgres: string;
  readonly base: string;
  readonly sheetIds: readonly string[];
  /** Whether the budget is taken from the store, or kept by the process alone. */
  readonly shared: boolean;
}

/** A Runtime that polls sheets far more often than the budget allows. Tells what it asked; ends with its standard input. */
async function main(): Promise<void> {
  const orders = JSON.parse(process.argv[2] ?? '{}') as PollingOrders;
  const { clock, home, shared } = orders;
  const now = fastNow(clock);
  const driver = inClock(await driverOverPostgres(orders.postgres), now, shared);
  const told = { asked: 0, refused: 0, budgets: 0 };
  const through = httpOverFetch();
  const quiet = { debug: () => undefined, info: () => undefined, warn: () => undefined, error: () => undefined };
  const runtime = await openRuntime({
    home,
    log: quiet,
    rateLimits: SMARTSHEET_LIMITS,
    machine: {
      now,
      sleep: async (milliseconds, signal) => {
        await delay(milliseconds / clock.speed, undefined, signal ? { signal } : {});
      },
      http: async (request) => {
        told.asked += 1;
        const answer = await through(request);
        if (answer.status === 429) told.refused += 1;
        return answer;
      },
    },
    openStore: async () => ({
      store: storeOver(driver, { secrets: openSecretBox(join(home, 'keys')) }),
      driver: {
        ...driver,
        rpc: (name, p, caller) => {
          if (name === 'billing_audit_take_budget') told.budgets += 1;
          return driver.rpc(name, p, caller);
        },
      },
      close: () => driver.close(),
    }),
  });
  const { changes } = runtime.portsFor({ settings: defaultSettings, credentials: {}, log: quiet });
  await changes.subscribe(
    {
      sheetIds: orders.sheetIds,
      smartsheet: { token: 'practice-token', base: orders.base },
      publicUrl: null,
      pollSeconds: 0.01,
    },
    () => undefined,
    () => undefined,
  );
  const telling = setInterval(() => process.stdout.write(`${JSON.stringify(told)}\n`), 100);
  process.stdin.resume().once('end', () => {
    clearInterval(telling);
    void runtime.close().then(() => process.exit(0));
  });
}

/** The store's own clock cannot be hastened, so the budget is asked for at our time. */
function inClock(driver: StoreDriver, now: () => number, shared: boolean): StoreDriver {
  return {
    close: () => driver.close(),
    rpc: async (name, p, caller) => {
      if (name !== 'billing_audit_take_budget') return driver.rpc(name, p, caller);
      if (!shared) return { requests: 1000, history: 100, wait_ms: 0, used: 0, holders: 1 };
      return driver.rpc(name, { ...(p as object), at: new Date(now()).toISOString() }, caller);
    },
  };
}

void main();
