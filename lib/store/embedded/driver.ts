import { mkdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { CALL_MILLISECONDS, limitOf } from '../call-limits';
import { migrate, type SqlSession } from '../migrate';
import { missingFunction, StoreLocked, StoreRefused } from '../store-errors';
import type { Caller, StoreDriver } from '../store';
import type { CallLane } from './call-lanes';
import { openInbox, type Inbox } from './inbox';
import { journalFilesIn, type JournalFiles } from './journal-files';
import { takeLock, type Lock } from './lock';
import type { Statement, WorkerCall, WorkerSetup } from './protocol';
import { StoreCalls } from './store-calls';
import { copyBeforeUpgrade, finishReturn } from './upgrade-copies';
import { afterCommit, afterUpkeep, dueUpkeep, UPKEPT_TABLES, upkeepAtOpening } from './upkeep';
import { threadOf, type WorkerThread } from './worker-thread';

export interface EmbeddedStoreOptions {
  /** Where the database lives; made when it does not exist. Its lock file is `<directory>.lock`. */
  readonly directory: string;
  /** The bundled worker; default `store-worker.js` beside the running bundle. */
  readonly workerPath?: string;
  /** The folder `supabase/`; default the one beside the running bundle. */
  readonly migrations?: string;
  /** A call that takes longer once it was begun ends the worker thread, and is refused as unavailable. Default 60 s. */
  readonly timeoutMilliseconds?: number;
  readonly now?: () => number;
  /**
   * The folder of the inbox's journal: callbacks are durable there at once and drained into the database from then on.
   * Without it the driver has no inbox, and a callback is as durable as every other call, only much slower.
   */
  readonly journal?: string | JournalFiles;
  /**
   * Where a store is copied to before it is upgraded; the last two such copies are kept. Without it an upgrade makes none:
   * it is all or nothing all the same, but there is no way back to the version before.
   */
  readonly copies?: string;
  /** Verifies a person's token and gives its claims; without it only the service may call. */
  readonly claimsOf?: (token: string) => Promise<Readonly<Record<string, unknown>>>;
}

export interface EmbeddedStoreDriver extends StoreDriver, SqlSession {
  /** Migrations that its opening applied. */
  readonly applied: readonly string[];
  /** How often the disk was really told to keep what was written. */
  syncs(): number;
  /**
   * A copy of the whole store as it is between two calls, in a folder that is not there yet; everything waits meanwhile.
   * @throws StoreUnavailable  it could not be written
   */
  copyTo(folder: string): Promise<void>;
  /** The worker's work that nobody calls for, done now when due; a timer asks every 30 s. */
  upkeep(): Promise<void>;
}

const START_MILLISECONDS = 120_000;
const MIGRATION_MILLISECONDS = 600_000;
const BEAT_MILLISECONDS = 10_000;
const UPKEEP_MILLISECONDS = 30_000;

/** Who delivers a callback must hear at once that it is kept: Smartsheet gives up on a slow receiver. */
const URGENT = new Set(['billing_audit_accept_callback']);
/** What a training reads and keeps: hundreds of calls one after the other, between which events pass. */
const BACKGROUND = new Set([
  'billing_audit_trail_lines',
  'billing_audit_imported_lines',
  'billing_audit_put_model',
  'billing_audit_champion_model',
]);

function laneOf(name: string): CallLane {
  if (URGENT.has(name)) return 'urgent';
  return BACKGROUND.has(name) ? 'background' : 'ordinary';
}

/**
 * Opens the embedded store: lock, worker thread, migrations, leases of the dead. One process at a time.
 * @throws StoreLocked  another live process has it
 * @throws StoreNotSynced  its writes would not survive a power failure
 * @throws StoreUnavailable  it could not be opened
 * @throws MigrationMissing  the SQL files and the database do not fit
 * @throws MigrationRefused, CopyNotMade  it could not be upgraded, and is as it was
 */
export async function openEmbeddedStore(options: EmbeddedStoreOptions): Promise<EmbeddedStoreDriver> {
  const now = options.now ?? Date.now;
  mkdirSync(dirname(options.directory), { recursive: true });
  const lock = takeLock(options.directory, now);
  finishReturn(options.directory);
  const driver = new EmbeddedDriver(options, lock, now);
  try {
    driver.applied = await migrate(driver, {
      directory: options.migrations ?? join(__dirname, 'supabase'),
      bootstrap: true,
      beforeUpgrade: (newest) => copyBeforeUpgrade(driver, options.copies, newest, now()),
    });
    // The lock is ours alone: what is leased was leased by a process that has died.
    await driver.transaction([{ sql: FREE_LEASES }]);
    await driver.openInbox();
    return driver;
  } catch (thrown) {
    await driver.close();
    throw thrown;
  }
}

/** Migrations of an older version, which are all that a store put back may have, do not know the function. */
const FREE_LEASES = `do $$ begin
  if to_regprocedure('billing_audit.free_leases()') is not null then perform billing_audit.free_leases(); end if;
end $$`;

class EmbeddedDriver implements EmbeddedStoreDriver {
  readonly #options: EmbeddedStoreOptions;
  readonly #lock: Lock;
  readonly #now: () => number;
  readonly #timers: readonly NodeJS.Timeout[];
  readonly #calls: StoreCalls;
  #upkeep;
  #syncsSeen = 0;
  #upkeepUnderWay: Promise<void> | null = null;
  #closing: Promise<void> | null = null;
  #inbox: Inbox | undefined;
  applied: readonly string[] = [];

  constructor(options: EmbeddedStoreOptions, lock: Lock, now: () => number) {
    this.#options = options;
    this.#lock = lock;
    this.#now = now;
    this.#calls = new StoreCalls(() => startThread(options));
    this.#upkeep = upkeepAtOpening(now());
    this.#timers = [
      setInterval(() => this.#beat(), BEAT_MILLISECONDS).unref(),
      setInterval(() => void this.upkeep().catch(() => undefined), UPKEEP_MILLISECONDS).unref(),
    ];
  }

  get inbox(): Inbox | undefined {
    return this.#inbox;
  }

  async openInbox(): Promise<void> {
    const { journal } = this.#options;
    if (journal === undefined) return;
    this.#inbox = await openInbox({
      files: typeof journal === 'string' ? journalFilesIn(journal) : journal,
      store: async (callbacks) => void (await this.rpc('billing_audit_accept_callbacks', { callbacks })),
    });
  }

  async rpc(name: `billing_audit_${string}`, p: unknown, caller: Caller = { kind: 'service' }): Promise<unknown> {
    // The name becomes part of the SQL text.
    if (!/^billing_audit_[a-z_]+$/.test(name)) {
      throw new StoreRefused('42883', `"${name}" is not a function of the store.`, 'Use a billing_audit_ function.');
    }
    const { role, claims } = await this.#identityOf(caller);
    const call = { kind: 'rpc', name, p: JSON.stringify(p), role, claims: JSON.stringify(claims) } as const;
    const value = await this.#calls
      .call(call, limitOf(name, this.#timeout()), laneOf(name))
      .catch((thrown: unknown) => {
        throw isMissing(thrown, name) ? missingFunction(name, this.#options.directory) : thrown;
      });
    this.#countCommit();
    return value;
  }

  async transaction(statements: readonly Statement[]): Promise<readonly Record<string, unknown>[]> {
    const rows = await this.#calls.call({ kind: 'transaction', statements }, MIGRATION_MILLISECONDS);
    return rows as Record<string, unknown>[];
  }

  async copyTo(folder: string): Promise<void> {
    await this.#calls.call({ kind: 'copy', to: folder }, MIGRATION_MILLISECONDS);
  }

  syncs(): number {
    return this.#calls.syncs();
  }

  upkeep(): Promise<void> {
    this.#upkeepUnderWay ??= this.#doUpkeep().finally(() => (this.#upkeepUnderWay = null));
    return this.#upkeepUnderWay;
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    this.#timers.forEach(clearInterval);
    await this.#inbox?.close();
    await this.#calls.close(this.#timeout());
    this.#lock.release();
  }

  async #doUpkeep(): Promise<void> {
    const due = dueUpkeep(this.#upkeep, this.#now());
    if (due === null || this.#closing || !this.#calls.isOpen()) return;
    this.#upkeep = afterUpkeep(this.#upkeep, due, this.#now());
    if (due === 'checkpoint') await this.#calls.call({ kind: due }, MIGRATION_MILLISECONDS, 'background');
    else await this.#forEachTable((table) => ({ kind: due, table }));
  }

  /** Each is a call of its own, so that whoever waits meanwhile has a turn between two tables. */
  async #forEachTable(callFor: (table: string) => WorkerCall): Promise<void> {
    for (const { name } of await this.transaction([{ sql: UPKEPT_TABLES }])) {
      if (this.#closing) return;
      await this.#calls.call(callFor(String(name)), MIGRATION_MILLISECONDS, 'background');
    }
  }

  /** What wrote something has told the disk to keep it. */
  #countCommit(): void {
    const syncs = this.#calls.syncs();
    if (syncs === this.#syncsSeen) return;
    this.#syncsSeen = syncs;
    this.#upkeep = afterCommit(this.#upkeep);
    if ((dueUpkeep(this.#upkeep, this.#now()) ?? 'vacuum') !== 'vacuum') void this.upkeep().catch(() => undefined);
  }

  async #identityOf(caller: Caller): Promise<{ role: string; claims: unknown }> {
    if (caller.kind === 'service') return { role: 'service_role', claims: { role: 'service_role' } };
    if (!this.#options.claimsOf) {
      throw new StoreRefused('42501', 'This store takes no calls of people.', 'Sign-in is not set up here.');
    }
    return { role: 'authenticated', claims: await this.#options.claimsOf(caller.token) };
  }

  /** Stops writing at once when the lock was taken away, for example by hand. */
  #beat(): void {
    if (this.#lock.beat()) return;
    const { directory } = this.#options;
    const holder = { pid: process.pid, host: 'this host', since: new Date(this.#now()).toISOString() };
    const why = new StoreLocked(directory, holder, `${directory}.lock`);
    this.#inbox?.lose(why);
    this.#calls.lose(why);
  }

  #timeout(): number {
    return this.#options.timeoutMilliseconds ?? CALL_MILLISECONDS;
  }
}

function isMissing(thrown: unknown, name: string): boolean {
  return (
    thrown instanceof StoreRefused && thrown.sqlstate === '42883' && thrown.message.includes(`function public.${name}(`)
  );
}

function startThread({ workerPath, directory }: EmbeddedStoreOptions): WorkerThread {
  const workerData: WorkerSetup = { directory };
  const worker = new Worker(workerPath ?? join(__dirname, 'store-worker.js'), { workerData, stdout: false });
  return threadOf(worker, START_MILLISECONDS);
}
