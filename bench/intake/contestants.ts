import express from 'express';
import { createHash, createHmac, timingSafeEqual } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { Pool } from 'pg';
import { openPublicRoutes } from '../../hosts/node-red/web/public-routes';
import type { Log } from '../../lib/ports';
import type { Runtime } from '../../lib/runtime/runtime';
import { thisMachine } from '../../lib/runtime/machine';
import { createWebhookBook } from '../../lib/runtime/webhook-book';
import { createIntake } from '../../lib/runtime/webhook-intake';
import { openEmbeddedStore, openPostgresStore, secretBox, storeOver, type StoreDriver } from '../../lib/store';
import { postgresUrl } from '../../test/support/postgres-driver';

export const SECRET = 'k'.repeat(40);
export const WEBHOOK_ID = '4503604829677444';

export interface Serving {
  readonly contestant: string;
  readonly folder: string;
  readonly workerPath: string;
  readonly migrations: string;
  /** The folder of the socket. */
  readonly postgres: string | null;
}

/** Serves as one of the contestants, in this process; prints the port. */
export async function serve(serving: Serving): Promise<void> {
  const server = await contestantOf(serving);
  process.once('SIGTERM', () => process.exit(0));
  server.listen(0, '127.0.0.1', () => process.stdout.write(`${(server.address() as AddressInfo).port}\n`));
}

async function contestantOf(serving: Serving): Promise<Server> {
  const { contestant } = serving;
  if (contestant === 'embedded') return intakeOver(await openEmbedded(serving, join(serving.folder, 'journal')));
  if (contestant === 'postgres') return intakeOver(await openPostgres(serving));
  const insert = contestant === 'embedded-plain' ? await plainEmbedded(serving) : await plainPostgres(serving);
  return plainHandler(insert);
}

/** Ours, whole: the public route, the intake, the store. */
async function intakeOver(driver: StoreDriver): Promise<Server> {
  const store = storeOver(driver, { secrets: secretBox(new Uint8Array(32)) });
  await store.saveWebhook({
    webhook_id: WEBHOOK_ID,
    sheet_id: '22',
    callback_url: 'https://audit.example.com/webhook',
    shared_secret: SECRET,
    previous_secret: null,
    status: 'ENABLED',
  });
  const quiet = (): void => undefined;
  const log: Log = { debug: quiet, info: quiet, warn: quiet, error: (text) => process.stderr.write(`${text}\n`) };
  const book = createWebhookBook(store, Date.now);
  const intake = createIntake({ store, book, now: Date.now, log, onStored: quiet });
  const [application, pub] = [express(), express()];
  application.use(pub);
  const server = createServer(application);
  const RED = { httpNode: pub, server, settings: {} } as unknown as Parameters<typeof openPublicRoutes>[0];
  openPublicRoutes(RED, { answerWebhook: (request) => intake.answer(request) } as Runtime, log);
  return server;
}

function openEmbedded({ folder, workerPath, migrations }: Serving, journal?: string) {
  const directory = join(folder, 'store');
  return openEmbeddedStore({ directory, workerPath, migrations, ...(journal !== undefined && { journal }) });
}

/** As a server with a DATABASE_URL opens it; its login has the service's rights alone. */
function openPostgres({ postgres }: Serving): Promise<StoreDriver> {
  if (postgres === null) throw new Error('No PostgreSQL server is installed.');
  return openPostgresStore({ ...thisMachine(), url: postgresUrl(postgres, { user: 'service_login' }) });
}

type Insert = (callback: {
  readonly webhook: string;
  readonly nonce: string;
  readonly body: Buffer;
  readonly hash: Buffer;
}) => Promise<unknown>;

const TABLE = `create table if not exists plain_inbox (id bigint generated always as identity primary key,
  webhook_id text not null, nonce text not null, body bytea not null, sha256 bytea not null,
  received_at timestamptz not null default clock_timestamp(), unique (webhook_id, nonce))`;
const INSERT =
  'insert into plain_inbox (webhook_id, nonce, body, sha256) values ($1, $2, $3, $4) on conflict do nothing';

async function plainEmbedded(serving: Serving): Promise<Insert> {
  const driver = await openEmbedded(serving);
  await driver.transaction([{ sql: TABLE }]);
  return ({ webhook, nonce, body, hash }) =>
    driver.transaction([{ sql: INSERT, parameters: [webhook, nonce, body, hash] }]);
}

async function plainPostgres({ postgres }: Serving): Promise<Insert> {
  const pool = new Pool({ host: postgres ?? '', user: 'super', database: 'audit', max: 16 });
  await pool.query(TABLE);
  return ({ webhook, nonce, body, hash }) => pool.query(INSERT, [webhook, nonce, body, hash]);
}

/** What anybody would write first, done rightly: read, verify, insert, answer. */
function plainHandler(insert: Insert): Server {
  const take = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const body = Buffer.concat(chunks);
    const mac = createHmac('sha256', SECRET).update(body).digest();
    const given = Buffer.from(String(request.headers['smartsheet-hmac-sha256'] ?? ''), 'hex');
    if (given.length !== mac.length || !timingSafeEqual(given, mac)) return void response.writeHead(401).end();
    const { webhookId, nonce } = JSON.parse(body.toString('utf8')) as { webhookId: number; nonce: string };
    const hash = createHash('sha256').update(body).digest();
    await insert({ webhook: String(webhookId), nonce, body, hash });
    response.writeHead(200).end();
  };
  return createServer((request, response) => {
    take(request, response).catch((failure: unknown) => {
      process.stderr.write(`${String(failure)}\n`);
      response.writeHead(503).end();
    });
  });
}
