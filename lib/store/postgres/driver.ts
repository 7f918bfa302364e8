import type { Pool, PoolClient } from 'pg';
import type { Random, Sleep } from '../../ports';
import { CALL_MILLISECONDS, limitOf } from '../call-limits';
import type { Callback, Caller, StoreDriver } from '../store';
import { StoreRefused, StoreUnavailable } from '../store-errors';
import { readPostgresAddress, type PostgresAddress } from './address';
import { BodyBuffers } from './body-buffers';
import { failureOf, type Failure, type Stage } from './failures';
import { Places } from './places';

export interface PostgresStoreOptions {
  /** `DATABASE_URL`. */
  readonly url: string;
  readonly sleep: Sleep;
  readonly random: Random;
  /** Most calls at a time. Default 8. */
  readonly connections?: number;
  /** A call that takes longer is stopped by the database, and unavailable. Default 60 s. */
  readonly timeoutMilliseconds?: number;
  /** Verifies a person's token and gives its claims; without it only the service may call. */
  readonly claimsOf?: (token: string) => Promise<Readonly<Record<string, unknown>>>;
}

interface Call {
  readonly name: string;
  readonly p: string;
  /** A second argument, for what JSON has no form. */
  readonly bytes?: Uint8Array;
  readonly role: string;
  readonly claims: string;
}

const CONNECTIONS = 8;
/** Beyond the database's own limit: then it is the network that is silent. */
const GRACE_MILLISECONDS = 5_000;
/** A transaction that nobody goes on with holds locks: the process behind it is gone, or stuck. */
const IDLE_MILLISECONDS = 30_000;
const IDLE_CONNECTION_MILLISECONDS = 30_000;
const MOST_TRIES = 6;
const FIRST_WAIT_MILLISECONDS = 100;

/** Who delivers a callback must hear at once that it is kept: Smartsheet gives up on a slow receiver. */
const URGENT = new Set([
  'billing_audit_accept_callback',
  'billing_audit_accept_callbacks',
  'billing_audit_accept_bodies',
]);
/** What is the same when it is done twice, so that a commit nobody saw the end of may be followed by another try. */
const REPEATABLE = URGENT;

/**
 * A store in a PostgreSQL server. Connections are made when they are needed, so that one that is down at the moment is no
 * reason not to begin: calls are refused as unavailable until it is back.
 * @throws BadSetting  the address cannot be read
 */
export async function openPostgresStore(options: PostgresStoreOptions): Promise<StoreDriver> {
  const address = readPostgresAddress(options.url);
  // Loaded only where it is used: most installations have the embedded store.
  const { Pool } = await import('pg');
  const pool = new Pool({
    ...address.config,
    max: options.connections ?? CONNECTIONS,
    // What belongs together is sent together: on a busy machine each answer that is waited for costs a turn.
    pipeline: true,
    idleTimeoutMillis: IDLE_CONNECTION_MILLISECONDS,
    query_timeout: (options.timeoutMilliseconds ?? CALL_MILLISECONDS) + GRACE_MILLISECONDS,
  });
  // A connection that ends while nobody uses it is replaced with the next call.
  pool.on('error', () => undefined);
  return new PostgresDriver(options, pool, address);
}

class PostgresDriver implements StoreDriver {
  readonly #options: PostgresStoreOptions;
  readonly #pool: Pool;
  readonly #address: PostgresAddress;
  readonly #places: Places;
  readonly #buffers = new BodyBuffers();
  /** Since the last call that could not reach it; then one try is enough to see whether it is back. */
  #isDown = false;
  #closing: Promise<void> | null = null;

  constructor(options: PostgresStoreOptions, pool: Pool, address: PostgresAddress) {
    this.#options = options;
    this.#pool = pool;
    this.#address = address;
    this.#places = new Places(options.connections ?? CONNECTIONS);
  }

  async rpc(name: `billing_audit_${string}`, p: unknown, caller: Caller = { kind: 'service' }): Promise<unknown> {
    // The name becomes part of the SQL text.
    if (!/^billing_audit_[a-z_]+$/.test(name)) {
      throw new StoreRefused('42883', `"${name}" is not a function of the store.`, 'Use a billing_audit_ function.');
    }
    return this.#call({ name, p: JSON.stringify(p) }, caller);
  }

  /** Bodies as bytes: written into JSON they would cost more than all else together. */
  async acceptCallbacks(given: readonly Callback[]): Promise<readonly boolean[]> {
    const callbacks = given.map(({ body, ...callback }) => ({ ...callback, body_bytes: body.byteLength }));
    const call = { name: 'billing_audit_accept_bodies', p: JSON.stringify({ callbacks }) };
    const bodies = given.map(({ body }) => body);
    const answer = await this.#buffers.together(bodies, (bytes) => this.#call({ ...call, bytes }, { kind: 'service' }));
    return (answer as { is_new: boolean[] }).is_new;
  }

  close(): Promise<void> {
    this.#closing ??= this.#places.empty().then(() => this.#pool.end());
    return this.#closing;
  }

  async #call(call: Omit<Call, 'role' | 'claims'>, caller: Caller): Promise<unknown> {
    if (this.#closing) throw new StoreUnavailable('it is closed');
    return this.#places.within(URGENT.has(call.name) ? 'urgent' : 'ordinary', async () => {
      const { role, claims } = await this.#identityOf(caller);
      return this.#untilDone({ ...call, role, claims: JSON.stringify(claims) });
    });
  }

  async #untilDone(call: Call): Promise<unknown> {
    for (let tries = 1; ; tries += 1) {
      const { answer, failure } = await this.#once(call);
      if (failure === null) {
        this.#isDown = false;
        return answer;
      }
      const isLast = tries >= MOST_TRIES || (this.#isDown && failure.broken);
      if (!failure.again || isLast) {
        if (failure.again && failure.broken) this.#isDown = true;
        throw failure.error;
      }
      const longest = FIRST_WAIT_MILLISECONDS * 2 ** (tries - 1);
      await this.#options.sleep(longest * (0.5 + this.#options.random() / 2));
    }
  }

  /** One transaction: identity, call, commit. */
  async #once(call: Call): Promise<{ readonly answer: unknown; readonly failure: Failure | null }> {
    let stage: Stage = 'connecting';
    let client: PoolClient | null = null;
    try {
      client = await this.#pool.connect();
      client.on('error', ignored);
      stage = 'calling';
      const rows = await this.#perform(client, call);
      if (!REPEATABLE.has(call.name)) {
        stage = 'committing';
        await client.query('commit');
      }
      giveBack(client, false);
      return { answer: rows[0]?.answer ?? null, failure: null };
    } catch (thrown) {
      const failure = failureOf(thrown, stage, this.#address.place, call.name);
      if (client) await undo(client, failure.broken);
      return { answer: null, failure };
    }
  }

  /**
   * Identity and call, and where it may be repeated the commit, without waiting in between. When the first is refused the
   * others are too, since the transaction is broken then; a commit undoes it.
   */
  async #perform(client: PoolClient, call: Call): Promise<readonly { answer: unknown }[]> {
    const { name, p, bytes } = call;
    const sql = `select public.${name}($1::jsonb${bytes ? ', $2::bytea' : ''}) as answer`;
    const [, { rows }] = await Promise.all([
      client.query(this.#beginning(client, call)),
      client.query<{ answer: unknown }>({ text: sql, values: bytes ? [p, bytes] : [p], ...this.#patience(name) }),
      REPEATABLE.has(name) ? client.query('commit') : null,
    ]);
    return rows;
  }

  /** Of `pg`, which knows it for each query; its types do not. */
  #patience(name: string): object {
    return { query_timeout: limitOf(name, this.#options.timeoutMilliseconds) + GRACE_MILLISECONDS };
  }

  /** In one message, and set until the end of the transaction alone: a pooler between may hand the connection on. */
  #beginning(client: PoolClient, { name, role, claims }: Call): string {
    const settings = {
      role,
      'request.jwt.claims': claims,
      statement_timeout: String(limitOf(name, this.#options.timeoutMilliseconds)),
      idle_in_transaction_session_timeout: String(IDLE_MILLISECONDS),
    };
    const set = Object.entries(settings).map(
      ([name, value]) => `set_config('${name}', ${client.escapeLiteral(value)}, true)`,
    );
    return `begin; select ${set.join(', ')}`;
  }

  async #identityOf(caller: Caller): Promise<{ role: string; claims: unknown }> {
    if (caller.kind === 'service') return { role: 'service_role', claims: { role: 'service_role' } };
    if (!this.#options.claimsOf) {
      throw new StoreRefused('42501', 'This store takes no calls of people.', 'Sign-in is not set up here.');
    }
    return { role: 'authenticated', claims: await this.#options.claimsOf(caller.token) };
  }
}

const ignored = (): void => undefined;

async function undo(client: PoolClient, broken: boolean): Promise<void> {
  if (broken) return giveBack(client, true);
  const undone = await client.query('rollback').then(
    () => true,
    () => false,
  );
  giveBack(client, !undone);
}

function giveBack(client: PoolClient, broken: boolean): void {
  client.off('error', ignored);
  client.release(broken);
}
