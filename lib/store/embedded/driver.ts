import { mkdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { migrate, type SqlSession } from '../migrate';
import { StoreLocked, StoreRefused, StoreUnavailable } from '../store-errors';
import type { Caller, StoreDriver } from '../store';
import { takeLock, type Lock } from './lock';
import type { Statement, WorkerCall } from './protocol';
import { afterCommit, afterUpkeep, dueUpkeep, upkeepAtOpening } from './upkeep';
import { startWorkerThread, type WorkerThread } from './worker-thread';

export interface EmbeddedStoreOptions {
  /** Where the database lives; made when it does not exist. Its lock file is `<directory>.lock`. */
  readonly directory: string;
  /** The bundled worker; default `store-worker.js` beside the running bundle. */
  readonly workerPath?: string;
  /** The folder `supabase/`; default the one beside the running bundle. */
  readonly migrations?: string;
  /** A call that takes longer ends the worker thread, and is refused as unavailable. Default 60 s. */
  readonly timeoutMilliseconds?: number;
  readonly now?: () => number;
  /** Verifies a person's token and gives its claims; without it only the service may call. */
  readonly claimsOf?: (token: string) => Promise<Readonly<Record<string, unknown>>>;
}

export interface EmbeddedStoreDriver extends StoreDriver, SqlSession {
  /** How often the disk was really told to keep what was written. */
  syncs(): number;
  /** The worker's work that nobody calls for, done now when due; a timer asks every 30 s. */
  upkeep(): Promise<void>;
}

const START_MILLISECONDS = 120_000;
const MIGRATION_MILLISECONDS = 600_000;
const BEAT_MILLISECONDS = 10_000;
const UPKEEP_MILLISECONDS = 30_000;

/**
 * Opens the embedded store: lock, worker thread, migrations. One process at a time.
 * @throws StoreLocked  another live process has it
 * @throws StoreNotSynced  its writes would not survive a power failure
 * @throws StoreUnavailable  it could not be opened
 * @throws MigrationMissing  the SQL files and the database do not fit
 */
export async function openEmbeddedStore(options: EmbeddedStoreOptions): Promise<EmbeddedStoreDriver> {
  const now = options.now ?? Date.now;
  mkdirSync(dirname(options.directory), { recursive: true });
  const lock = takeLock(options.directory, now);
  const driver = new EmbeddedDriver(options, lock, now);
  try {
    await migrate(driver, { directory: options.migrations ?? join(__dirname, 'supabase'), bootstrap: true });
    return driver;
  } catch (thrown) {
    await driver.close();
    throw thrown;
  }
}

class EmbeddedDriver implements EmbeddedStoreDriver {
  readonly #options: EmbeddedStoreOptions;
  readonly #lock: Lock;
  readonly #now: () => number;
  readonly #timers: readonly NodeJS.Timeout[];
  #thread: Promise<WorkerThread> | null = null;
  #running: WorkerThread | null = null;
  #upkeep;
  #upkeepUnderWay: Promise<void> | null = null;
  #closing: Promise<void> | null = null;
  #lost: Error | null = null;

  constructor(options: EmbeddedStoreOptions, lock: Lock, now: () => number) {
    this.#options = options;
    this.#lock = lock;
    this.#now = now;
    this.#upkeep = upkeepAtOpening(now());
    this.#timers = [
      setInterval(() => this.#beat(), BEAT_MILLISECONDS).unref(),
      setInterval(() => void this.upkeep().catch(() => undefined), UPKEEP_MILLISECONDS).unref(),
    ];
  }

  async rpc(name: `billing_audit_${string}`, p: unknown, caller: Caller = { kind: 'service' }): Promise<unknown> {
    // The name becomes part of the SQL text.
    if (!/^billing_audit_[a-z_]+$/.test(name)) {
      throw new StoreRefused('42883', `"${name}" is not a function of the store.`, 'Use a billing_audit_ function.');
    }
    const { role, claims } = await this.#identityOf(caller);
    const value = await this.#call({ kind: 'rpc', name, p: JSON.stringify(p), role, claims: JSON.stringify(claims) });
    this.#upkeep = afterCommit(this.#upkeep);
    if ((dueUpkeep(this.#upkeep, this.#now()) ?? 'vacuum') !== 'vacuum') void this.upkeep().catch(() => undefined);
    return value;
  }

  async transaction(statements: readonly Statement[]): Promise<readonly Record<string, unknown>[]> {
    const rows = await this.#call({ kind: 'transaction', statements }, MIGRATION_MILLISECONDS);
    return rows as Record<string, unknown>[];
  }

  syncs(): number {
    return this.#running?.syncs() ?? 0;
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
    const thread = await this.#thread?.catch(() => null);
    if (thread && !thread.isOver()) {
      await thread.call({ kind: 'close' }, this.#timeout()).catch(() => undefined);
      await thread.terminate();
    }
    this.#lock.release();
  }

  async #call(call: WorkerCall, timeout = this.#timeout()): Promise<unknown> {
    if (this.#closing) throw new StoreUnavailable('it is closed');
    if (this.#lost) throw this.#lost;
    return (await this.#openThread()).call(call, timeout);
  }

  /** The thread, started again when it was ended by a timeout or a failure. */
  async #openThread(): Promise<WorkerThread> {
    if (this.#running?.isOver()) this.#thread = null;
    this.#thread ??= this.#startThread();
    return this.#thread;
  }

  async #startThread(): Promise<WorkerThread> {
    const path = this.#options.workerPath ?? join(__dirname, 'store-worker.js');
    try {
      this.#running = await startWorkerThread(path, { directory: this.#options.directory }, START_MILLISECONDS);
      return this.#running;
    } catch (thrown) {
      this.#thread = null;
      throw thrown;
    }
  }

  async #doUpkeep(): Promise<void> {
    const due = dueUpkeep(this.#upkeep, this.#now());
    if (due === null || this.#closing || this.#thread === null) return;
    this.#upkeep = afterUpkeep(this.#upkeep, due, this.#now());
    await this.#call({ kind: due }, MIGRATION_MILLISECONDS);
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
    this.#lost = new StoreLocked(directory, holder, `${directory}.lock`);
    void this.#running?.terminate();
  }

  #timeout(): number {
    return this.#options.timeoutMilliseconds ?? 60_000;
  }
}
