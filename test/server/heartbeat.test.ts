import * as http from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { httpOverFetch } from '../../lib/runtime/http-over-fetch';
import { readConfiguration } from '../../server/configuration';
import { heartbeatCall, startHeartbeat, type Heartbeat } from '../../server/heartbeat';
import { until } from '../support/until';

interface Beat {
  readonly method: string;
  readonly url: string;
  readonly body: string;
}

/** A server of a test's own: it remembers what came, and answers as told. */
async function serve(answer: (beat: Beat) => { status: number; body: string }) {
  const came: Beat[] = [];
  const server = http.createServer((request, response) => {
    let body = '';
    request.on('data', (chunk) => (body += String(chunk)));
    request.on('end', () => {
      const beat = { method: request.method ?? '', url: request.url ?? '', body };
      came.push(beat);
      const { status, body: said } = answer(beat);
      response.writeHead(status).end(said);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const close = (): Promise<void> =>
    new Promise((resolve) => {
      server.close(() => resolve());
      server.closeAllConnections();
    });
  return { came, close, address: `http://127.0.0.1:${(server.address() as AddressInfo).port}` };
}

const closing: (() => Promise<void>)[] = [];
let heartbeat: Heartbeat | null = null;
afterEach(async () => {
  await heartbeat?.stop();
  heartbeat = null;
  for (const close of closing.splice(0)) await close();
});

const WELL = { status: 'ok', checks: [{ name: 'store', status: 'ok' }] };

async function watched(health: () => { status: number; body: string }, outside: () => number = () => 200) {
  const own = await serve(health);
  const outer = await serve(() => ({ status: outside(), body: 'OK' }));
  closing.push(own.close, outer.close);
  const said: string[] = [];
  heartbeat = startHeartbeat({
    url: `${outer.address}/ping/key`,
    healthUrl: `${own.address}/health`,
    seconds: 0.05,
    http: httpOverFetch(),
    now: () => Date.parse('2026-02-03T10:00:00Z'),
    sleep: async (milliseconds, signal) => {
      await delay(milliseconds, undefined, signal ? { signal } : {});
    },
    say: (level, message) => void said.push(`${level}: ${message}`),
  });
  return { own, outer, said };
}

describe('the heartbeat', () => {
  it('is heard again and again while all is well, and ends with the server', async () => {
    const { outer, said } = await watched(() => ({ status: 200, body: JSON.stringify(WELL) }));
    await until(() => outer.came.length >= 3, 'three beats');
    expect(outer.came[0]).toEqual({
      method: 'POST',
      url: '/ping/key',
      body: JSON.stringify({ status: 'ok', text: 'all is well', at: '2026-02-03T10:00:00.000Z' }),
    });
    await heartbeat!.stop();
    const before = outer.came.length;
    // As long as another one beats three times, the first is not heard.
    const other = await watched(() => ({ status: 200, body: JSON.stringify(WELL) }));
    await until(() => other.outer.came.length >= 3, 'three beats of another');
    expect(outer.came).toHaveLength(before);
    expect(said).toEqual([]);
  });

  it('says at /fail that the watch is not well, and which part, and that it is well again', async () => {
    let health: object = {
      status: 'degraded',
      checks: [
        { name: 'store', status: 'ok' },
        { name: 'sheet 77', status: 'degraded', text: 'sheet not found' },
      ],
    };
    const { outer } = await watched(() => ({ status: 200, body: JSON.stringify(health) }));
    await until(() => outer.came.length >= 1, 'a beat');
    expect(outer.came[0]).toMatchObject({ url: '/ping/key/fail' });
    expect(JSON.parse(outer.came[0]!.body)).toMatchObject({ status: 'degraded', text: 'sheet 77' });
    health = WELL;
    await until(() => outer.came.at(-1)?.url === '/ping/key', 'a beat that all is well');
  });

  it.each([
    [
      'callbacks cannot be stored',
      503,
      JSON.stringify({ status: 'down', checks: [{ name: 'store', status: 'down' }] }),
      'store',
    ],
    ['the server still starts', 503, JSON.stringify({ status: 'starting' }), 'starting'],
    ['something else answers', 200, '<html>', 'no answer at /health'],
  ])('says that it is down when %s', async (_case, status, body, text) => {
    const { outer } = await watched(() => ({ status, body }));
    await until(() => outer.came.length >= 1, 'a beat');
    expect(outer.came[0]!.url).toBe('/ping/key/fail');
    expect(JSON.parse(outer.came[0]!.body)).toMatchObject({ status: 'down', text: expect.stringContaining(text) });
  });

  it('goes on when the outside watch does not answer, and says so once', async () => {
    let status = 500;
    const { outer, said } = await watched(
      () => ({ status: 200, body: JSON.stringify(WELL) }),
      () => status,
    );
    await until(() => outer.came.length >= 3, 'more tries');
    expect(said).toEqual([expect.stringMatching(/^warn: .*HEARTBEAT_URL.*status 500/)]);
    status = 200;
    await until(() => said.length === 2, 'a word that it is told again');
    expect(said[1]).toMatch(/^info: /);
  });

  it('fills in an address that asks for the status itself', () => {
    const url = 'https://kuma.example.com/api/push/key?status={status}&msg={text}';
    const down = { status: 'degraded', troubled: ['sheet 77', 'queue'] } as const;
    expect(heartbeatCall(url, down, '')).toEqual({
      method: 'GET',
      url: 'https://kuma.example.com/api/push/key?status=down&msg=sheet%2077%2C%20queue',
    });
    expect(heartbeatCall(url, { status: 'ok', troubled: [] }, '').url).toContain('status=up&msg=all%20is%20well');
    expect(heartbeatCall('https://hc.example.com/uuid/?rid=1', down, '').url).toBe(
      'https://hc.example.com/uuid/fail?rid=1',
    );
  });

  it('needs an address that is one', () => {
    expect(readConfiguration({}, { HEARTBEAT_URL: ' ' }).heartbeatUrl).toBeNull();
    expect(readConfiguration({}, { HEARTBEAT_URL: 'https://hc-ping.com/uuid' }).heartbeatUrl).toContain('hc-ping');
    expect(() => readConfiguration({}, { HEARTBEAT_URL: 'hc-ping' })).toThrow(
      expect.objectContaining({ code: 'bad_setting', message: expect.stringContaining('HEARTBEAT_URL') }),
    );
  });
});
