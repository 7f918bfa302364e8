import { passwordOn, startCast, type Cast } from './support/cast';
import { ask, formTokenIn, signedIn, upgrade } from './support/client';
import type { GuardedServer } from './support/start-server';

let server: GuardedServer;
let cookies: Cast['cookies'];
let page: Cast['page'];
let onPeople: Cast['onPeople'];
let addPerson: Cast['addPerson'];

beforeAll(async () => void ({ server, cookies, page, onPeople, addPerson } = await startCast({})));
afterAll(() => server?.stop());
afterEach(() => expect(server.failures).toEqual([]));

describe('people', () => {
  it('can be added by name, and sign in with a password that is shown once', async () => {
    const shown = await onPeople('add', { name: ' Ann@Example.com ', role: 'manager' });
    const password = passwordOn(shown);
    expect(shown).toContain('ann@example.com can sign in now, as manager.');
    expect(await page('/people')).not.toContain(password);
    await expect(signedIn(server.address, 'ANN@example.com', password)).resolves.toMatch(/^billing_audit_session=/);
  });

  it.each([
    ['admin', 'There is already somebody named admin.'],
    ['<script>', 'This name cannot be used.'],
    ['', 'This name cannot be used.'],
  ])('refuses the name "%s" and says why', async (name, sentence) => {
    expect(await onPeople('add', { name, role: 'viewer' })).toContain(sentence);
  });

  it('who are disabled are out at once, and come back with their old password', async () => {
    const password = await addPerson('bob', 'viewer');
    const cookie = await signedIn(server.address, 'bob', password);
    const socket = await upgrade(`${server.address}/dashboard/socket.io/?EIO=4&transport=websocket`, { cookie });
    await onPeople('disable', { name: 'bob' });
    await socket.closed;
    expect((await ask(`${server.address}/account`, { cookie })).status).toBe(401);
    await expect(signedIn(server.address, 'bob', password)).rejects.toThrow('401');
    await onPeople('enable', { name: 'bob' });
    await expect(signedIn(server.address, 'bob', password)).resolves.toBeTruthy();
  });

  it('whose role changes sign in again and have the new rights', async () => {
    const password = await addPerson('cid', 'admin');
    const before = await signedIn(server.address, 'cid', password);
    await onPeople('role', { name: 'cid', role: 'viewer' });
    expect((await ask(`${server.address}/account`, { cookie: before })).status).toBe(401);
    const after = await signedIn(server.address, 'cid', password);
    expect((await ask(`${server.address}/people`, { cookie: after })).status).toBe(403);
  });

  it('whose role is set to what it is stay signed in', async () => {
    const password = await addPerson('fay', 'viewer');
    const cookie = await signedIn(server.address, 'fay', password);
    expect(await onPeople('role', { name: 'fay', role: 'viewer' })).toContain('fay is a viewer already.');
    expect((await ask(`${server.address}/account`, { cookie })).status).toBe(200);
    expect(await onPeople('role', { name: 'fay', role: 'owner' })).toContain('There is nobody with this name.');
  });

  it('get a new password from an admin, who gets none for herself, since nobody could read it', async () => {
    const before = await addPerson('gus', 'viewer');
    const cookie = await signedIn(server.address, 'gus', before);
    const after = passwordOn(await onPeople('password', { name: 'gus' }));
    expect((await ask(`${server.address}/account`, { cookie })).status).toBe(401);
    await expect(signedIn(server.address, 'gus', before)).rejects.toThrow('401');
    await expect(signedIn(server.address, 'gus', after)).resolves.toBeTruthy();
    expect(await onPeople('password', { name: 'admin' })).toContain('Your own password is not reset here.');
    expect((await ask(`${server.address}/people`, { cookie: cookies['admin'] })).status).toBe(200);
  });

  it('keep at least one admin', async () => {
    expect(await onPeople('role', { name: 'admin', role: 'viewer' })).toContain('Make somebody else an admin first.');
    expect((await ask(`${server.address}/people`, { cookie: cookies['admin'] })).status).toBe(200);
  });

  it('do not disable themselves by a slip, even where another admin is left', async () => {
    await addPerson('hal', 'admin');
    expect(await onPeople('disable', { name: 'admin' })).toContain('You cannot disable yourself.');
    expect((await ask(`${server.address}/people`, { cookie: cookies['admin'] })).status).toBe(200);
    const row = (await page('/people')).split('<tr>').find((each) => each.includes('<mark>you</mark>'));
    expect(row).toContain('action="/people/role"');
    expect(row).not.toContain('/people/disable');
  });

  it('change their own password, which ends their other sessions', async () => {
    const password = await addPerson('dan', 'viewer');
    const [here, there] = [
      await signedIn(server.address, 'dan', password),
      await signedIn(server.address, 'dan', password),
    ];
    const change = async (form: Record<string, string>): Promise<string> => {
      const token = formTokenIn(await page('/account', here));
      await ask(`${server.address}/account/password`, { cookie: here, form: { ...form, form: token } });
      return page('/account', here);
    };
    const chosen = 'seven grey pipes';
    expect(await change({ current: 'wrong', chosen, again: chosen })).toContain('present password is not right');
    expect(await change({ current: password, chosen, again: `${chosen}!` })).toContain('two new passwords differ');
    expect(await change({ current: password, chosen: 'short', again: 'short' })).toContain('too short');
    expect((await ask(`${server.address}/account`, { cookie: there })).status).toBe(200);
    expect(await change({ current: password, chosen, again: chosen })).toContain('Your password has been changed.');
    expect((await ask(`${server.address}/account`, { cookie: there })).status).toBe(401);
    await expect(signedIn(server.address, 'dan', chosen)).resolves.toBeTruthy();
  });

  it('see their sessions and end one, but never one of somebody else', async () => {
    const password = await addPerson('eve', 'viewer');
    const here = await signedIn(server.address, 'eve', password);
    const there = await signedIn(server.address, 'eve', password);
    const ids = (text: string): string[] =>
      [...text.matchAll(/name="session" value="([^"]+)"/g)].map((found) => found[1]!);
    const mine = await page('/account', here);
    expect(ids(mine)).toHaveLength(2);
    const [foreign] = ids(await page('/account', cookies['viewer']));
    const own = ids(mine).filter(
      (id) => mine.split(id)[0]!.lastIndexOf('this one') < mine.split(id)[0]!.lastIndexOf('<tr>'),
    );
    for (const session of [foreign!, own[0]!]) {
      await ask(`${server.address}/account/end`, { cookie: here, form: { session, form: formTokenIn(mine) } });
    }
    expect((await ask(`${server.address}/account`, { cookie: cookies['viewer'] })).status).toBe(200);
    expect((await ask(`${server.address}/account`, { cookie: there })).status).toBe(401);
  });
});

describe('guessing', () => {
  it('makes the guesser wait and nobody else, and says how long', async () => {
    const from = (address: string) => ({ headers: { 'x-forwarded-for': address } });
    const wrong = { form: { name: 'viewer', password: 'wrong' } };
    for (let count = 0; count < 5; count += 1) {
      expect((await ask(`${server.address}/sign-in`, { ...wrong, ...from('192.0.2.1') })).status).toBe(401);
    }
    const right = { form: { name: 'viewer', password: server.password('viewer') } };
    const waits = await ask(`${server.address}/sign-in`, { ...right, ...from('192.0.2.1') });
    expect([waits.status, Number(waits.headers['retry-after'])]).toEqual([429, expect.any(Number)]);
    expect(waits.body).toMatch(/Wait \d+ seconds/);
    // The first entry is what the guesser wrote himself; the proxy appended the last.
    const forged = await ask(`${server.address}/sign-in`, { ...right, ...from('198.51.100.7, 192.0.2.1') });
    expect(forged.status).toBe(429);
    expect((await ask(`${server.address}/sign-in`, { ...right, ...from('192.0.2.2') })).status).toBe(303);
    await server.putClockForward(31_000);
    expect((await ask(`${server.address}/sign-in`, { ...right, ...from('192.0.2.1') })).status).toBe(303);
  });
});

describe('reports', () => {
  it('name an account that failed, and never what was typed where no account has that name', async () => {
    const before = server.events.length;
    for (const name of ['viewer', 'Hunter2-Typed-Too-Early', 'hunter2-typed-too-early', 'another']) {
      await ask(`${server.address}/sign-in`, { form: { name, password: 'wrong' } });
    }
    const named = server.events.slice(before).map(({ name }) => String(name));
    const mark = expect.stringMatching(/^unknown name #[0-9a-f]{8}$/) as string;
    expect(named).toEqual(['viewer', mark, mark, mark]);
    expect([named[1] === named[2], named[1] === named[3]]).toEqual([true, false]);
    expect(JSON.stringify(server.events).toLowerCase()).not.toContain('hunter2');
  });

  it('tell of each sign-in, failure, refusal, delay and end, without a secret', () => {
    const kinds = new Set(server.events.map(({ kind }) => kind));
    expect([...kinds].sort()).toEqual([
      'access_refused',
      'person_changed',
      'session_ended',
      'sign_in_delayed',
      'sign_in_failed',
      'signed_in',
    ]);
    const text = JSON.stringify(server.events);
    for (const secret of [server.password('admin'), server.password('viewer'), ...Object.values(cookies)]) {
      expect(text).not.toContain(secret.split('=').at(-1));
    }
  });
});

describe('time', () => {
  it('ends an idle session, also for the page that is still open', async () => {
    const cookie = await signedIn(server.address, 'viewer', server.password('viewer'));
    const socket = await upgrade(`${server.address}/dashboard/socket.io/?EIO=4&transport=websocket`, { cookie });
    await server.putClockForward(31 * 60_000);
    await socket.closed;
    expect((await ask(`${server.address}/account`, { cookie })).status).toBe(401);
  });
});
