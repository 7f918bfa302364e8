import { request } from 'node:http';
import { httpOverFetch } from '../../../lib/runtime/http-over-fetch';
import { driverOverHttp, StoreUnavailable, type StoreDriver } from '../../../lib/store';
import { RPC_PATH, type RpcDoorOptions } from '../../../server/rpc';
import { openOurDoor, type OurDoor } from './support/our-door';
import { send, type Answered, type Sending } from './support/send';

const opened: OurDoor[] = [];
afterEach(async () => {
  for (const door of opened.splice(0)) await door.stop();
});

/** Answers what it was asked; the store itself is the business of the other tests. */
const echo: StoreDriver = { rpc: (name, p) => Promise.resolve({ name, p }), close: () => Promise.resolve() };
const failing = (failure: unknown): StoreDriver => ({ ...echo, rpc: () => Promise.reject(failure) });

/** What our own programs call the door with; it never really waits here. */
function driverOf({ address, key }: OurDoor, waits: number[] = []): StoreDriver {
  return driverOverHttp({
    http: httpOverFetch(),
    sleep: async (milliseconds) => void waits.push(milliseconds),
    address,
    headers: { authorization: `Bearer ${key}` },
  });
}

async function open(
  driver: StoreDriver | null = echo,
  options: Partial<RpcDoorOptions> & { readonly practice?: boolean } = {},
): Promise<OurDoor> {
  const door = await openOurDoor(driver, options);
  opened.push(door);
  return door;
}

const COUNTS = `${RPC_PATH}/billing_audit_counts`;
const json = { 'content-type': 'application/json' };
const call = (door: OurDoor, headers: Readonly<Record<string, string>>, more: Sending = {}): Promise<Answered> =>
  send(`${door.address}${COUNTS}`, { method: 'POST', body: '{"p":{}}', headers: { ...json, ...headers }, ...more });
const withKey = (door: OurDoor): Record<string, string> => ({ authorization: `Bearer ${door.key}` });

describe('who is let in', () => {
  it('is who shows the service key, in one header or the same in both', async () => {
    const door = await open();
    for (const headers of [withKey(door), { apikey: door.key }, { ...withKey(door), apikey: door.key }]) {
      expect((await call(door, headers)).status).toBe(200);
    }
  });

  it('is nobody who shows another key beside it, a part of it, more than it, or it twice', async () => {
    const door = await open();
    const wrong = [
      { ...withKey(door), apikey: 'x' },
      { apikey: door.key, authorization: 'Bearer x' },
      { apikey: door.key.slice(0, -1) },
      { apikey: `${door.key}0` },
      { apikey: `${door.key}, ${door.key}` },
      { authorization: `Bearer ${door.key.toUpperCase()}` },
    ];
    for (const headers of wrong) {
      expect(await call(door, headers)).toMatchObject({ status: 401, body: { code: 'PGRST301' } });
    }
  });

  it('is no person, whatever the role, and no session beside a wrong key', async () => {
    const door = await open();
    for (const name of ['admin', 'viewer'] as const) {
      const cookie = await door.personCookie(name);
      expect(await call(door, { cookie })).toMatchObject({ status: 403, body: { code: '42501' } });
      expect(await call(door, { cookie, apikey: 'x' })).toMatchObject({ status: 401, body: { code: 'PGRST301' } });
    }
  });

  it('is everybody on this machine in practice mode, as the editor is; but a wrong key is said to be wrong', async () => {
    const door = await open(echo, { practice: true });
    expect((await call(door, {})).status).toBe(200);
    expect(await call(door, { apikey: 'x' })).toMatchObject({ status: 401, body: { code: 'PGRST301' } });
    expect(await call(door, { host: 'evil.example.com' })).toMatchObject({ status: 403, body: { code: '42501' } });
    expect(await call(door, { origin: 'http://evil.example.com' })).toMatchObject({ status: 403 });
  });

  it('is nobody at all at the port of the webhook', async () => {
    const door = await open();
    const answer = await send(`${door.webhookAddress}${COUNTS}`, {
      method: 'POST',
      body: '{"p":{}}',
      headers: { ...json, ...withKey(door) },
    });
    expect(answer).toMatchObject({ status: 404, body: { code: 'PGRST125', details: null } });
  });
});

describe('too many calls', () => {
  it('are told when to come again, are let in then, and are counted for each address alone', async () => {
    let now = 1_000_000;
    const door = await open(echo, { callsAMinute: 3, now: () => now });
    const from = (address: string): Promise<Answered> => call(door, { ...withKey(door), 'x-forwarded-for': address });
    const statuses: number[] = [];
    for (let each = 0; each < 4; each += 1) statuses.push((await from('192.0.2.1')).status);
    expect(statuses).toEqual([200, 200, 200, 429]);
    const late = await from('192.0.2.1');
    expect(late).toMatchObject({
      status: 429,
      body: { code: 'PT429', details: null },
      headers: { 'retry-after': '20' },
    });
    expect((await from('192.0.2.2')).status).toBe(200);
    now += 20_000;
    expect([(await from('192.0.2.1')).status, (await from('192.0.2.1')).status]).toEqual([200, 429]);
    expect(door.rpc.answers()).toEqual({ 200: 5, 429: 3 });
  });

  it('wait their turn when it is our own command that calls', async () => {
    let now = 1_000_000;
    const door = await open(echo, { callsAMinute: 60, now: () => (now += 500) });
    const waits: number[] = [];
    const driver = driverOf(door, waits);
    const answers = await Promise.all(Array.from({ length: 125 }, () => driver.rpc('billing_audit_counts', { a: 1 })));
    expect(new Set(answers.map((each) => JSON.stringify(each)))).toEqual(
      new Set(['{"name":"billing_audit_counts","p":{"a":1}}']),
    );
    expect(door.rpc.answers()['429']).toBe(waits.length);
    expect(waits.every((milliseconds) => milliseconds >= 1000)).toBe(true);
    expect(waits.length).toBeGreaterThan(0);
  });
});

describe('a body', () => {
  it('that is too large is refused, whether its length is said or not', async () => {
    const door = await open(echo, { largestCall: 100 });
    const large = JSON.stringify({ p: 'x'.repeat(1_000) });
    expect(await call(door, withKey(door), { body: large })).toMatchObject({ status: 413, body: { code: 'PT413' } });
    const status = await new Promise<number | undefined>((resolve, reject) => {
      const headers = { ...json, ...withKey(door), 'transfer-encoding': 'chunked' };
      const sent = request(`${door.address}${COUNTS}`, { method: 'POST', headers, agent: false }, (response) => {
        response.resume();
        resolve(response.statusCode);
      });
      sent.once('error', reject);
      for (let part = 0; part < 10; part += 1) sent.write(large);
      sent.end();
    });
    expect(status).toBe(413);
    expect((await call(door, withKey(door))).status).toBe(200);
  });
});

describe('a failure', () => {
  it('of ours is told without a word about our inside, and reported', async () => {
    const failure = new TypeError(`select secret from billing_audit.webhooks at ${__filename}`);
    const door = await open(failing(failure));
    const answer = await call(door, withKey(door));
    expect(answer).toMatchObject({
      status: 500,
      body: { code: 'PGRSTX00', message: 'The call failed inside the server.' },
    });
    expect(JSON.stringify(answer.body)).not.toMatch(/select|webhooks|\.ts/);
    expect(door.failures).toEqual([failure]);
  });

  it('of the store asks the caller to come again', async () => {
    const door = await open(failing(new StoreUnavailable('it is closed')));
    const answer = await call(door, withKey(door));
    expect(answer).toMatchObject({ status: 503, headers: { 'retry-after': '5' }, body: { code: 'PGRST000' } });
    await expect(driverOf(door).rpc('billing_audit_counts', {})).rejects.toBeInstanceOf(StoreUnavailable);
  });

  it('to have a store open yet asks the same', async () => {
    const door = await open(null);
    expect(await call(door, withKey(door))).toMatchObject({ status: 503, body: { code: 'PGRST000' } });
  });
});
