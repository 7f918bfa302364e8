import express from 'express';
import { createHmac } from 'node:crypto';
import { createServer, request as httpRequest, type Server } from 'node:http';
import { connect, type AddressInfo, type Socket } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import { openPublicRoutes } from '../../hosts/node-red/web/public-routes';
import { putFirst, type Application, type Middleware } from '../../hosts/node-red/web/first-in-line';
import { webhookDoor } from '../../hosts/node-red/web/webhook-door';
import type { Runtime } from '../../lib/runtime/runtime';
import { createWebhookBook } from '../../lib/runtime/webhook-book';
import { createIntake } from '../../lib/runtime/webhook-intake';
import type { Callback, Webhook } from '../../lib/store/store';
import { until } from '../support/until';
import { recordingLog } from './support';

const hook: Webhook = {
  webhook_id: '11',
  sheet_id: '22',
  callback_url: 'https://audit.example.com/webhook',
  shared_secret: 'secret',
  previous_secret: null,
  status: 'ENABLED',
};
const body = (nonce: string, padding = ''): string =>
  JSON.stringify({ nonce, timestamp: '2026-01-14T15:30:00Z', webhookId: 11, scopeObjectId: 22, events: [], padding });
const sign = (text: string | Buffer): string => createHmac('sha256', 'secret').update(text).digest('hex');

const servers: Server[] = [];
const sockets: Socket[] = [];
afterEach(() => {
  sockets.splice(0).forEach((socket) => socket.destroy());
  for (const server of servers.splice(0)) server.close().closeAllConnections();
});

function intakeOver(accepted: Callback[]) {
  const store = {
    webhooks: async () => [hook],
    saveWebhook: async () => undefined,
    forgetWebhook: async () => undefined,
    acceptCallback: async (callback: Callback) => ({ isNew: accepted.push(callback) > 0 }),
  };
  const book = createWebhookBook(store, Date.now);
  return createIntake({ store, book, now: Date.now, log: recordingLog(), onStored: () => undefined });
}

interface House {
  readonly port: number;
  readonly accepted: Callback[];
  refusals(): Readonly<Record<string, number>>;
}

async function listen(server: Server): Promise<number> {
  servers.push(server);
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  return (server.address() as AddressInfo).port;
}

/** A server as hostile as can be around our route: parsers, sign-in, redirects and errors on all paths. */
async function hostileServer(): Promise<House> {
  const accepted: Callback[] = [];
  const intake = intakeOver(accepted);
  const application = express();
  application.use(express.json({ limit: '1kb' }));
  application.use((request, response, next) => {
    if (request.path === '/elsewhere') return next();
    response.set('location', '/sign-in').status(302).end();
  });
  const pub = express();
  application.use(pub);
  const server = createServer(application);
  const RED = { httpNode: pub, server, settings: {} } as unknown as Parameters<typeof openPublicRoutes>[0];
  const runtime = { answerWebhook: (request) => intake.answer(request) } as Runtime;
  openPublicRoutes(RED, runtime, recordingLog());
  return { port: await listen(server), accepted, refusals: () => intake.refusals() };
}

/** The door with little patience. */
async function impatientServer(slowestBodyMilliseconds: number): Promise<House> {
  const accepted: Callback[] = [];
  const intake = intakeOver(accepted);
  const application = express();
  const runtime = { answerWebhook: (request: Parameters<Runtime['answerWebhook']>[0]) => intake.answer(request) };
  const door = webhookDoor({ runtime, log: recordingLog(), slowestBodyMilliseconds });
  putFirst(application as unknown as Application, '/webhook', door as Middleware);
  return { port: await listen(createServer(application)), accepted, refusals: () => intake.refusals() };
}

interface Call {
  readonly method?: string;
  readonly path?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly text: string | Buffer;
}

function send(port: number, { method = 'POST', path = '/webhook', headers = {}, text }: Call): Promise<number> {
  return new Promise((resolve, reject) => {
    const all = { 'content-type': 'application/json', ...headers };
    const call = httpRequest({ port, method, path, headers: all }, (response) => {
      response.resume().on('end', () => resolve(response.statusCode ?? 0));
    });
    call.on('error', reject).end(text);
  });
}

const signed = (text: string | Buffer, headers: Readonly<Record<string, string>> = {}): Call => ({
  text,
  headers: { 'smartsheet-hmac-sha256': sign(text), ...headers },
});

describe('a server around /webhook', () => {
  it.each<[string, (text: string) => Call]>([
    ['plainly', (text) => signed(text)],
    ['with an encoding that no parser knows', (text) => signed(text, { 'content-encoding': 'zstd-of-tomorrow' })],
    ['said to be gzip, which it is not', (text) => signed(text, { 'content-encoding': 'gzip' })],
    ['with a type that is none', (text) => signed(text, { 'content-type': 'application/json; charset=utf-99' })],
    ['without waiting for a 100', (text) => signed(text, { expect: '100-continue' })],
    ['with an expectation that nobody knows', (text) => signed(text, { expect: 'the-best' })],
    ['in chunks', (text) => signed(text, { 'transfer-encoding': 'chunked' })],
    ['to another spelling of the path', (text) => ({ ...signed(text), path: '/WebHook/?x=1' })],
    ['by PUT', (text) => ({ ...signed(text), method: 'PUT' })],
    [
      'that is longer than its parsers take',
      (text) => signed(text.replace('"padding":""', `"padding":"${'x'.repeat(5000)}"`)),
    ],
  ])('answers an authentic callback that comes %s with 200 and stores it', async (_how, call) => {
    const { port, accepted } = await hostileServer();
    expect(await send(port, call(body('n-1')))).toBe(200);
    expect(accepted).toHaveLength(1);
  });

  it('still answers for itself on all other paths and methods', async () => {
    const { port, accepted } = await hostileServer();
    expect(await send(port, { method: 'GET', text: '' })).toBe(302);
    expect(await send(port, { path: '/webhook/x', text: '{}' })).toBe(302);
    expect(await send(port, { path: '/elsewhere', text: '{}', headers: { expect: 'the-best' } })).toBe(417);
    expect(accepted).toEqual([]);
  });

  it('refuses what is not authentic with 401, whatever it looks like', async () => {
    const { port } = await hostileServer();
    expect(await send(port, { text: body('n-1') })).toBe(401);
    expect(await send(port, { text: 'oops', headers: { 'smartsheet-hmac-sha256': sign('other') } })).toBe(401);
    expect(await send(port, { text: '', method: 'DELETE' })).toBe(401);
    const large = Buffer.alloc(300_000, 'x');
    expect(await send(port, { text: large, headers: { 'smartsheet-hmac-sha256': 'zz' } })).toBe(401);
  });

  it('says so too over a connection that ends with the request, as proxies open them', async () => {
    const { port } = await hostileServer();
    const large = { text: Buffer.alloc(3_000_000, 'x'), headers: { connection: 'close' } };
    const statuses = await Promise.all(Array.from({ length: 20 }, () => send(port, large)));
    expect(statuses).toEqual(Array.from({ length: 20 }, () => 401));
  });
});

/** Somebody who opens a connection, sends a little, and then nothing. */
function dawdle(
  port: number,
  headers = `smartsheet-hmac-sha256: ${sign(body('slow'))}`,
): Promise<{ readonly socket: Socket; readonly said: () => string; readonly ended: () => boolean }> {
  return new Promise((resolve) => {
    let said = '';
    let isEnded = false;
    const socket = connect(port, '127.0.0.1', () => {
      socket.write(`POST /webhook HTTP/1.1\r\nhost: x\r\n${headers}\r\ncontent-length: 500\r\n\r\n{"nonce`);
      resolve({ socket, said: () => said, ended: () => isEnded });
    });
    sockets.push(socket);
    socket.on('data', (chunk) => (said += String(chunk)));
    socket.on('error', () => undefined);
    socket.on('close', () => (isEnded = true));
  });
}

describe('bad clients beside good ones', () => {
  it('do not slow the good ones: all of these are answered while the slow ones still hold their connections', async () => {
    const { port, accepted } = await impatientServer(60_000);
    const slow = await Promise.all(Array.from({ length: 200 }, () => dawdle(port)));
    const statuses = await Promise.all(Array.from({ length: 200 }, (_, n) => send(port, signed(body(`n-${n}`)))));
    expect(statuses).toEqual(Array.from({ length: 200 }, () => 200));
    expect(accepted).toHaveLength(200);
    expect(slow.filter(({ ended }) => ended())).toEqual([]);
  });

  it('are cut off when their body takes too long, and counted', async () => {
    const { port, accepted, refusals } = await impatientServer(300);
    const slow = await Promise.all(Array.from({ length: 20 }, () => dawdle(port)));
    await until(() => slow.every(({ ended }) => ended()), 'the slow ones to be cut off');
    for (const { said } of slow) expect(said()).toMatch(/^HTTP\/1.1 503 /);
    await until(() => refusals()['unfinished'] === 20, 'all to be counted');
    expect(accepted).toEqual([]);
    expect(await send(port, signed(body('n-1')))).toBe(200);
  });

  it('are refused with 401 where they carry no signature, however slowly the rest comes', async () => {
    const { port } = await impatientServer(300);
    const slow = await Promise.all(Array.from({ length: 5 }, () => dawdle(port, 'connection: close')));
    await until(() => slow.every(({ ended }) => ended()), 'the slow ones to be cut off');
    for (const { said } of slow) expect(said()).toMatch(/^HTTP\/1.1 401 /);
  });

  it('cannot fill the memory with bodies that never end, and an authentic one of 12 MB is kept by its hash', async () => {
    const { port, accepted, refusals } = await impatientServer(60_000);
    const giants = await Promise.all(Array.from({ length: 40 }, () => pourInto(port)));
    await until(() => giants.every(({ ended }) => ended()), 'the giants to be refused');
    const { too_much_at_once = 0, unknown_webhook = 0, unfinished = 0 } = refusals();
    expect(too_much_at_once + unknown_webhook + unfinished).toBe(40);
    expect(await send(port, signed(Buffer.from(body('long', 'x'.repeat(12_000_000)))))).toBe(200);
    expect(accepted).toMatchObject([{ complete: false }]);
    expect(accepted[0]?.body.byteLength).toBe(65_536);
  });
});

/** Somebody who sends a body in chunks until he is stopped. */
async function pourInto(port: number): Promise<{ readonly ended: () => boolean }> {
  let isEnded = false;
  const socket = connect(port, '127.0.0.1');
  sockets.push(socket);
  socket.on('error', () => undefined).on('close', () => (isEnded = true));
  socket.resume();
  const head = `POST /webhook HTTP/1.1\r\nhost: x\r\nsmartsheet-hmac-sha256: ${'ab'.repeat(32)}\r\ntransfer-encoding: chunked\r\n\r\n`;
  const chunk = Buffer.from(`10000\r\n${'{"webhookId":99}'.repeat(4096)}\r\n`);
  socket.write(head);
  void (async () => {
    while (!isEnded) {
      if (socket.write(chunk)) await pause(0);
      else await Promise.race([new Promise((done) => socket.once('drain', done)), pause(100)]);
    }
  })();
  return { ended: () => isEnded };
}
