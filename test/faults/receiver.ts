import { spawn } from 'node:child_process';
import { createHmac } from 'node:crypto';
import { Agent, request as httpRequest } from 'node:http';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { openEmbeddedStore } from '../../lib/store';
import type { Webhook } from '../../lib/store/store';
import { until } from '../support/until';

export interface ReceiverOrder {
  readonly directory: string;
  readonly journal: string;
  readonly workerPath: string;
  readonly migrations: string;
  readonly webhook: Webhook;
}

export const webhook: Webhook = {
  webhook_id: '11',
  sheet_id: '22',
  callback_url: 'https://audit.example.com/webhook',
  shared_secret: 'secret',
  previous_secret: null,
  status: 'ENABLED',
};

export interface Receiver {
  readonly port: number;
  stop(): Promise<void>;
}

/** Starts the receiver as a process of its own. */
export async function startReceiver(program: string, order: ReceiverOrder): Promise<Receiver> {
  const child = spawn(process.execPath, [program, JSON.stringify(order)], { stdio: ['ignore', 'pipe', 'pipe'] });
  let complaints = '';
  child.stderr.on('data', (chunk) => (complaints += String(chunk)));
  const ended = new Promise<void>((done) => child.once('exit', () => done()));
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const first = (await lines.next()) as IteratorResult<string, undefined>;
  if (first.done === true) throw new Error(`The receiver did not open: ${complaints}`);
  return {
    port: Number(first.value),
    stop: async () => {
      child.kill('SIGTERM');
      await ended;
    },
  };
}

export function callbackBody(nonce: string, size = 0): Buffer {
  const facts = { nonce, timestamp: '2026-01-14T15:30:00Z', webhookId: 11, scopeObjectId: 22, events: [] };
  const text = JSON.stringify(facts);
  return Buffer.from(
    size <= text.length ? text : JSON.stringify({ ...facts, padding: 'x'.repeat(size - text.length - 13) }),
  );
}

export const signatureOf = (body: Uint8Array): string => createHmac('sha256', 'secret').update(body).digest('hex');

/** Sends one callback. @returns the status, or null when there was no answer */
export function send(port: number, body: Buffer, agent?: Agent): Promise<number | null> {
  return new Promise((resolve) => {
    const headers = { 'smartsheet-hmac-sha256': signatureOf(body), 'content-length': body.length };
    const call = httpRequest(
      { port, host: '127.0.0.1', method: 'POST', path: '/webhook', headers, agent },
      (response) => {
        response.once('error', () => resolve(null));
        response.resume().once('end', () => resolve(response.statusCode ?? null));
      },
    );
    call.once('error', () => resolve(null)).end(body);
  });
}

/** The nonces of what is in the database, copies and all, once the journal is drained into it. */
export async function storedNonces(order: ReceiverOrder): Promise<string[]> {
  const driver = await openEmbeddedStore(order);
  try {
    await until(() => driver.inbox?.state().waiting === 0, 'the journal to be drained');
    const sql = 'select nonce from billing_audit.webhook_events order by id';
    return (await driver.transaction([{ sql, parameters: [] }])).map(({ nonce }) => String(nonce));
  } finally {
    await driver.close();
  }
}

/** Where a receiver in `folder` keeps its things. */
export function orderIn(folder: string, workerPath: string, migrations: string): ReceiverOrder {
  return { directory: join(folder, 'store'), journal: join(folder, 'journal'), workerPath, migrations, webhook };
}
