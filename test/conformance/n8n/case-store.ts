import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { PGlite } from '@electric-sql/pglite';
import { storeOver } from '../../../lib/store/store-over-driver';
import { secretBoxOfStoreKey } from '../../../lib/store/secret-box';
import { migrate } from '../../../lib/store/migrate';
import type { ConformanceFacts } from '../cases';
import { seed } from './seed';

/**
 * The real SQL in PGlite's memory, behind PostgREST's form. Each case works in one transaction that is undone after it, so
 * that no case sees another's rows.
 */
export class CaseStore {
  readonly apiKey = 'the-key-of-the-conformance-store';
  readonly #database: PGlite;
  readonly #server: Server;
  #last: Promise<unknown> = Promise.resolve();

  private constructor(database: PGlite) {
    this.#database = database;
    this.#server = createServer((request, response) => {
      const reply = (status: number, answer: unknown): void => {
        response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(answer ?? null));
      };
      this.#answer(request).then(
        ({ status, answer }) => reply(status, answer),
        (thrown: unknown) => reply(500, { message: String(thrown) }),
      );
    });
  }

  /** @param supabase  the folder of the migrations */
  static async open(supabase: string): Promise<CaseStore> {
    const database = await PGlite.create();
    await migrate(
      {
        transaction: (statements) =>
          database.transaction(async (transaction) => {
            let rows: Record<string, unknown>[] = [];
            for (const { sql, parameters } of statements) {
              const given = parameters
                ? await transaction.query<Record<string, unknown>>(sql, [...parameters])
                : (await transaction.exec(sql)).at(-1);
              rows = (given?.rows ?? []) as Record<string, unknown>[];
            }
            return rows;
          }),
      },
      { directory: supabase, bootstrap: true },
    );
    const store = new CaseStore(database);
    await new Promise<void>((done) => store.#server.listen(0, '127.0.0.1', done));
    return store;
  }

  get address(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** Runs `work` while the store knows these facts, then forgets all that came of it. */
  async during<Result>(facts: ConformanceFacts, work: () => Promise<Result>): Promise<Result> {
    await this.#database.exec('begin');
    try {
      const driver = { rpc: (name: string, p: unknown) => this.#call(name, p), close: () => Promise.resolve() };
      await seed(storeOver(driver, { secrets: secretBoxOfStoreKey('of the test') }), facts);
      return await work();
    } finally {
      await this.#database.exec('rollback');
    }
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    this.#server.close();
    await this.#database.close();
  }

  async #answer(request: IncomingMessage): Promise<{ status: number; answer: unknown }> {
    const { apikey, authorization } = request.headers;
    if (apikey !== this.apiKey || authorization !== `Bearer ${this.apiKey}`)
      return { status: 401, answer: { message: 'Invalid API key' } };
    const [, name] = /^\/rest\/v1\/rpc\/(billing_audit_[a-z_]+)$/.exec(request.url ?? '') ?? [];
    if (request.method !== 'POST' || name === undefined)
      return { status: 404, answer: { code: 'PGRST202', message: 'no function' } };
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const { p } = JSON.parse(Buffer.concat(chunks).toString('utf8')) as { readonly p: unknown };
    try {
      return { status: 200, answer: await this.#call(name, p) };
    } catch (thrown) {
      const { code, message, hint, detail } = thrown as Partial<Record<string, string>>;
      if (code === undefined) throw thrown;
      return { status: 400, answer: { code, message, hint: hint ?? null, details: detail ?? null } };
    }
  }

  /** One after another, each undone by itself when it is refused. */
  #call(name: string, p: unknown): Promise<unknown> {
    const called = this.#last.then(() => this.#callNow(name, p));
    this.#last = called.catch(() => undefined);
    return called;
  }

  async #callNow(name: string, p: unknown): Promise<unknown> {
    await this.#database.exec('savepoint one_call');
    try {
      await this.#database.query(
        `select set_config('role', 'service_role', true), set_config('request.jwt.claims', '{"role":"service_role"}', true)`,
      );
      const { rows } = await this.#database.query<{ answer: unknown }>(`select public.${name}($1::jsonb) as answer`, [
        JSON.stringify(p),
      ]);
      await this.#database.exec('release savepoint one_call');
      return rows[0]?.answer;
    } catch (thrown) {
      await this.#database.exec('rollback to savepoint one_call');
      throw thrown;
    }
  }
}
