import { createHmac } from 'node:crypto';
import { Agent, request } from 'node:http';
import { SECRET, WEBHOOK_ID } from './contestants';

export interface Figures {
  readonly perSecond: number;
  readonly p50: number;
  readonly p99: number;
  readonly most: number;
  /** Answers other than 200. */
  readonly refused: number;
}

export interface Load {
  readonly port: number;
  readonly clients: number;
  readonly count: number;
  readonly bytes: number;
  readonly round: number;
}

/** Until the code is compiled as it stays. */
const WARM_UP = 1000;

/** Sends callbacks over so many connections that are kept, each the next one as soon as it is answered. */
export async function load({ port, clients, count, bytes, round }: Load): Promise<Figures> {
  const agent = new Agent({ keepAlive: true, maxSockets: clients });
  const warm = clients === 1 ? 100 : WARM_UP;
  await inParallel(clients, callbacks(`warm-${clients}`, round, Math.min(warm, count), bytes), (one) =>
    send(port, agent, one),
  );
  // Made before the clock runs: what a sender computes is not what is measured.
  const made = callbacks(`run-${clients}`, round, count, bytes);
  const times: number[] = [];
  let refused = 0;
  const began = performance.now();
  await inParallel(clients, made, async (one) => {
    const from = performance.now();
    const status = await send(port, agent, one);
    times.push(performance.now() - from);
    if (status !== 200) refused += 1;
  });
  const seconds = (performance.now() - began) / 1000;
  agent.destroy();
  times.sort((a, b) => a - b);
  const at = (share: number): number => times[Math.floor((times.length - 1) * share)] ?? Infinity;
  return { perSecond: count / seconds, p50: at(0.5), p99: at(0.99), most: at(1), refused };
}

interface Signed {
  readonly body: Buffer;
  readonly signature: string;
}

function callbacks(kind: string, round: number, count: number, bytes: number): Signed[] {
  return Array.from({ length: count }, (_, number) => {
    const body = Buffer.from(callbackText(`${kind}-${round}-${number}`, bytes));
    return { body, signature: createHmac('sha256', SECRET).update(body).digest('hex') };
  });
}

/** A callback as a paste of many rows makes it: events until it is long enough. */
function callbackText(nonce: string, bytes: number): string {
  const event = {
    objectType: 'cell',
    eventType: 'updated',
    rowId: 1234567890123456,
    columnId: 6543210987654321,
    userId: 48569348493401200,
    timestamp: '2026-01-14T15:30:00.000+00:00',
  };
  const events = Array.from({ length: Math.floor(bytes / JSON.stringify(event).length) }, () => event);
  const facts = { nonce, timestamp: '2026-01-14T15:30:01.795+00:00', webhookId: Number(WEBHOOK_ID) };
  return JSON.stringify({ ...facts, scope: 'sheet', scopeObjectId: 22, events });
}

async function inParallel<Item>(many: number, items: Item[], act: (item: Item) => Promise<unknown>): Promise<void> {
  const one = async (): Promise<void> => {
    for (let item = items.pop(); item !== undefined; item = items.pop()) await act(item);
  };
  await Promise.all(Array.from({ length: many }, one));
}

function send(port: number, agent: Agent, { body, signature }: Signed): Promise<number> {
  const headers = {
    'content-type': 'application/json',
    'content-length': body.length,
    'smartsheet-hmac-sha256': signature,
  };
  return new Promise((resolve, reject) => {
    const call = request({ port, host: '127.0.0.1', method: 'POST', path: '/webhook', headers, agent }, (response) => {
      response.resume().once('end', () => resolve(response.statusCode ?? 0));
    });
    call.once('error', reject).end(body);
  });
}
