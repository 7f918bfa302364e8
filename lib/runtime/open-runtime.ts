import { join } from 'node:path';
import { startAlertingIn } from '../alerts/start-in-home';
import { messageOf } from '../errors';
import type { Log } from '../ports';
import type { RateLimits } from '../smartsheet';
import { openEmbeddedStore, openSecretBox, storeOver, type Store, type StoreDriver } from '../store';
import { CallbackPump } from './callback-pump';
import { Emitter } from './emitter';
import { healthOf, withCheck } from './health';
import { openHome, removeRuntimeNote, serviceKey, writeRuntimeNote, type Home } from './home';
import { thisMachine, type Machine } from './machine';
import { recordingStore } from './recording-store';
import type { Runtime, RuntimeOptions } from './runtime';
import { DEFAULT_TIMING, type Timing } from './timing';
import { Watches } from './watches';
import { createWebhookBook } from './webhook-book';
import { createIntake } from './webhook-intake';
import { createWebhookKeeper } from './webhook-keeper';

/** A store that is open, and how to close it. */
export interface OpenStore {
  readonly store: Store;
  /** What alerting stands on; without it this Runtime raises no alerts. */
  readonly driver?: StoreDriver;
  close(): Promise<void>;
}

export interface OpenRuntimeOptions extends RuntimeOptions {
  /** Default: the embedded store in the home. */
  readonly openStore?: (home: Home) => Promise<OpenStore>;
  /** Where people and programs reach this process; written to `runtime.json`. */
  readonly address?: string;
  /** Null: no budget of ours. Default: Smartsheet's, and none where the API is on this machine (the sandbox). */
  readonly rateLimits?: RateLimits | null;
  readonly machine?: Partial<Machine>;
  readonly timing?: Partial<Timing>;
}

/**
 * Opens a home: folders, keys, store, intake, watches. It does nothing by itself until a node subscribes.
 * @throws StoreLocked  when another process has the home open
 * @throws StoreUnavailable, StoreNotSynced, MigrationMissing  when the store cannot be opened
 */
export async function openRuntime(options: OpenRuntimeOptions): Promise<Runtime> {
  const home = openHome(options.home);
  const machine: Machine = { ...thisMachine(), ...options.machine };
  const opened = await (options.openStore ?? openEmbedded)(home);
  try {
    serviceKey(home);
    writeRuntimeNote(home, {
      pid: process.pid,
      startedAt: new Date(machine.now()).toISOString(),
      address: options.address ?? null,
    });
    return assemble(options, home, machine, opened);
  } catch (failure) {
    await opened.close();
    throw failure;
  }
}

async function openEmbedded(home: Home): Promise<OpenStore> {
  const driver = await openEmbeddedStore({ directory: join(home.store, 'embedded') });
  return { store: storeOver(driver, { secrets: openSecretBox(home.keys) }), driver, close: () => driver.close() };
}

function assemble(options: OpenRuntimeOptions, home: Home, machine: Machine, opened: OpenStore): Runtime {
  const { log } = options;
  const { store: bareStore } = opened;
  const { emitter, pump, watches, intake } = parts(options, machine, bareStore);
  const alerting = opened.driver && startAlertingIn(home.folder, opened.driver, { ...machine, log });
  const store = recordingStore(bareStore, (keys) => {
    emitter.recorded(keys);
    alerting?.wake();
  });
  emitter.start();
  pump.start();
  let closing: Promise<void> | null = null;
  return {
    portsFor: ({ settings, credentials, log: nodeLog, nodeId }) => ({
      ...machine,
      ...(alerting && { alerts: alerting.desk }),
      ...(nodeId !== undefined && { nodeId }),
      store,
      changes: watches,
      settings,
      credentials,
      log: nodeLog,
    }),
    answerWebhook: (request) => intake.answer(request),
    health: async () => {
      const health = await healthOf({ store: bareStore, intake, watches: watches.all() });
      return alerting && health.counts ? withCheck(health, 'alerts', await alerting.health()) : health;
    },
    close: () => {
      closing ??= closeAll(
        [() => pump.stop(), () => watches.stop(), () => emitter.stop(), async () => alerting?.stop(), opened.close],
        home,
        log,
      );
      return closing;
    },
  };
}

function parts(
  options: OpenRuntimeOptions,
  machine: Machine,
  store: Store,
): {
  readonly emitter: Emitter;
  readonly pump: CallbackPump;
  readonly watches: Watches;
  readonly intake: ReturnType<typeof createIntake>;
} {
  const { log } = options;
  const { now, sleep } = machine;
  const timing: Timing = { ...DEFAULT_TIMING, ...options.timing };
  const book = createWebhookBook(store, now);
  const emitter = new Emitter({ store, now, sleep, log, timing, onOverdue: (count) => watches.overdue(count) });
  const watches: Watches = new Watches({
    machine,
    store,
    keeper: createWebhookKeeper(book, log),
    emitter,
    log,
    timing,
    rateLimits: options.rateLimits,
    onReleased: (ids) => pump.release(ids),
    onSheetsChanged: () => pump.ring(),
  });
  const pump = new CallbackPump({
    store,
    log,
    sleep,
    timing,
    sheetIds: () => watches.sheetIds(),
    deliver: (callback) => watches.offer(callback),
  });
  const intake = createIntake({ store, book, now, log, onStored: () => pump.ring() });
  return { emitter, pump, watches, intake };
}

/** Each step is tried, whatever became of the one before: a store must not stay locked because a note could not be removed. */
async function closeAll(steps: readonly (() => Promise<void>)[], home: Home, log: Log): Promise<void> {
  for (const step of [...steps, async () => removeRuntimeNote(home)]) {
    try {
      await step();
    } catch (failure) {
      log.error(`A part did not close well: ${messageOf(failure)}`);
    }
  }
}
