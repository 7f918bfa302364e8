import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { bytesOf, codeOf, stepAt } from '../../../server/sign-in/totp';
import { runCli } from '../cli';
import { startCast, type Cast } from './support/cast';
import { ask, cookieOf, formTokenIn, signedIn, upgrade, type Answer } from './support/client';
import { startServer, type GuardedServer } from './support/start-server';

let server: GuardedServer;
let cast: Cast;
/** Milliseconds that the server's clock was put forward. */
let ahead = 0;
let names = 0;

beforeAll(async () => {
  cast = await startCast({});
  server = cast.server;
});
afterAll(() => server?.stop());
afterEach(() => expect(server.failures).toEqual([]));

const HTML = { accept: 'text/html' };
const codeNow = (key: string, stepsLater = 0): string => codeOf(bytesOf(key), stepAt(Date.now() + ahead) + stepsLater);
/** A code that was taken is taken by nobody again: the next one comes with the next step. */
const nextStep = async (): Promise<void> => {
  ahead += 30_000;
  await server.putClockForward(30_000);
};
const signIn = (form: Record<string, string>): Promise<Answer> =>
  ask(`${server.address}/sign-in`, { form, headers: HTML });
const ticketIn = (page: string): string => /name="ticket" value="([^"]+)"/.exec(page)?.[1] ?? '';
const keyIn = (page: string): string => (/<code>([A-Z2-7 ]+)<\/code>/.exec(page)?.[1] ?? '').replaceAll(' ', '');
const codesIn = (page: string): readonly string[] =>
  [...page.matchAll(/<li>\s*<code>([^<]+)<\/code>/g)].map((found) => found[1] ?? '');

interface Person {
  readonly name: string;
  readonly password: string;
  cookie: string;
}
async function newPerson(role = 'manager'): Promise<Person> {
  names += 1;
  const name = `person${names}`;
  const password = await cast.addPerson(name, role);
  const cookie = cookieOf(await signIn({ name, password })) ?? '';
  return { name, password, cookie };
}
const post = async ({ cookie }: Person, act: string, form: Record<string, string>): Promise<Answer> => {
  const token = formTokenIn(await cast.page('/account', cookie));
  return ask(`${server.address}/account/second-factor/${act}`, {
    cookie,
    form: { ...form, form: token },
    headers: HTML,
  });
};
/** Sets a factor up as its owner would. @returns its key and recovery codes */
async function enrol(person: Person): Promise<{ readonly key: string; readonly recovery: readonly string[] }> {
  const key = keyIn((await post(person, 'begin', { current: person.password })).body);
  const recovery = codesIn((await post(person, 'confirm', { code: codeNow(key) })).body);
  await nextStep();
  return { key, recovery };
}
/** The first step, with the ticket for the second. */
const firstStep = async ({ name, password }: Person): Promise<string> =>
  ticketIn((await signIn({ name, password })).body);

it('is set up with the password and a code that fits, and not before', async () => {
  const person = await newPerson();
  expect((await post(person, 'begin', { current: 'not the password' })).status).toBe(303);
  expect(await cast.page('/account', person.cookie)).toContain('The present password is not right.');
  const begun = await post(person, 'begin', { current: person.password });
  const key = keyIn(begun.body);
  expect(begun.body).toContain(`otpauth://totp/Billing%20Audit:${person.name}?secret=${key}`);
  const wrong = await post(person, 'confirm', { code: codeNow(key, 7) });
  expect(wrong.body).toContain('This code is not right');
  expect(cookieOf(await signIn(person as unknown as Record<string, string>))).toBeDefined();
  const done = await post(person, 'confirm', { code: codeNow(key) });
  expect(codesIn(done.body)).toHaveLength(10);
  expect(await cast.page('/account', person.cookie)).toContain('10 recovery codes are left.');
  expect((await post(person, 'begin', { current: person.password })).status).toBe(303);
});

it('is asked for after the password: the password alone opens nothing', async () => {
  const person = await newPerson();
  const { key } = await enrol(person);
  const first = await signIn({ name: person.name, password: person.password, next: '/account' });
  expect([first.status, cookieOf(first)]).toEqual([401, undefined]);
  expect(first.body).toContain('Your code');
  const second = await signIn({
    ticket: ticketIn(first.body),
    code: ` ${codeNow(key).slice(0, 3)} ${codeNow(key).slice(3)}`,
    next: '/account',
  });
  expect([second.status, second.headers.location]).toEqual([303, '/account']);
  expect((await ask(`${server.address}/account`, { cookie: cookieOf(second) })).status).toBe(200);
});

it('takes a code once, whoever shows it, and none of a step before', async () => {
  const person = await newPerson();
  const { key } = await enrol(person);
  const [code, before] = [codeNow(key), codeNow(key, -1)];
  const tickets = await Promise.all([firstStep(person), firstStep(person)]);
  const answers = await Promise.all(tickets.map((ticket) => signIn({ ticket, code })));
  expect(answers.map(({ status }) => status).sort()).toEqual([303, 401]);
  for (const used of [code, before]) {
    expect((await signIn({ ticket: await firstStep(person), code: used })).status).toBe(401);
  }
});

it('takes each recovery code once, however it is typed, and new ones end those from before', async () => {
  const person = await newPerson();
  const { key, recovery } = await enrol(person);
  const [one = '', two = ''] = recovery;
  const typed = one.toUpperCase().replaceAll('-', ' ');
  expect((await signIn({ ticket: await firstStep(person), code: typed })).status).toBe(303);
  expect((await signIn({ ticket: await firstStep(person), code: one })).status).toBe(401);
  expect(await cast.page('/account', person.cookie)).toContain('9 recovery codes are left.');
  const renewed = await post(person, 'recovery', { current: person.password, code: codeNow(key) });
  const [fresh = ''] = codesIn(renewed.body);
  expect((await signIn({ ticket: await firstStep(person), code: two })).status).toBe(401);
  expect((await signIn({ ticket: await firstStep(person), code: fresh })).status).toBe(303);
});

it('slows guessing down, with the right password and new tickets too', async () => {
  const person = await newPerson();
  const { key } = await enrol(person);
  const statuses: number[] = [];
  for (let tries = 0; tries < 6; tries += 1) {
    statuses.push((await signIn({ ticket: await firstStep(person), code: '000000' })).status);
  }
  expect(statuses).toEqual([401, 401, 401, 401, 401, 429]);
  expect((await signIn({ ticket: await firstStep(person), code: codeNow(key) })).status).toBe(429);
  await nextStep();
  expect((await signIn({ ticket: await firstStep(person), code: codeNow(key) })).status).toBe(303);
});

it.each([
  ['forged', 'x'.repeat(43)],
  ['empty', ' '],
])('begins again for a ticket that is %s', async (_what, ticket) => {
  const { status, body } = await signIn({ ticket, code: '123456' });
  expect(status).toBe(401);
  expect(body).toContain('name="password"');
});

it('begins again when the code comes too late, or its account was disabled meanwhile', async () => {
  const person = await newPerson();
  const { key } = await enrol(person);
  const late = await firstStep(person);
  ahead += 300_000;
  await server.putClockForward(300_000);
  expect((await signIn({ ticket: late, code: codeNow(key) })).body).toContain('This took too long');
  const ticket = await firstStep(person);
  await cast.onPeople('disable', { name: person.name });
  expect((await signIn({ ticket, code: codeNow(key) })).body).toContain('This took too long');
});

it('is removed by its owner with password and code, and ends the other sessions when it changes', async () => {
  const person = await newPerson();
  const other = cookieOf(await signIn({ name: person.name, password: person.password }));
  const { key } = await enrol(person);
  expect((await ask(`${server.address}/account`, { cookie: other })).status).toBe(401);
  await post(person, 'remove', { current: person.password, code: '000000' });
  expect(await cast.page('/account', person.cookie)).toContain('This code is not right');
  await post(person, 'remove', { current: person.password, code: codeNow(key) });
  expect(await cast.page('/account', person.cookie)).toContain('Your second factor has been removed.');
  expect((await signIn({ name: person.name, password: person.password })).status).toBe(303);
});

it('is removed by another admin, which is told and signs its owner out; nobody removes their own so', async () => {
  const person = await newPerson('admin');
  await enrol(person);
  expect(await cast.page('/people')).toContain('Remove second factor');
  const token = formTokenIn(await cast.page('/people', person.cookie));
  await ask(`${server.address}/people/second-factor`, {
    cookie: person.cookie,
    form: { name: person.name, form: token },
  });
  expect(await cast.page('/people', person.cookie)).toContain('Your own second factor is not removed here.');
  expect(await cast.onPeople('second-factor', { name: person.name })).toContain('has no second factor any more');
  expect((await ask(`${server.address}/account`, { cookie: person.cookie })).status).toBe(401);
  expect((await signIn({ name: person.name, password: person.password })).status).toBe(303);
  expect(server.events).toContainEqual(
    expect.objectContaining({ kind: 'person_changed', name: person.name, by: 'admin', change: 'second_factor_reset' }),
  );
});

it('is removed on the command line while the server runs, for an admin who is locked out', async () => {
  const person = await newPerson('admin');
  await enrol(person);
  const cli = (...flags: string[]) => runCli(['second-factor', ...flags, '--home', server.home], server.home);
  expect(cli('list').stdout).toContain(person.name);
  const done = cli('reset', person.name.toUpperCase());
  expect([done.status, done.stdout]).toEqual([
    0,
    expect.stringContaining(`${person.name} signs in with the password alone from now on; where SECOND_FACTOR demands`),
  ]);
  expect(done.stdout).toContain('Sessions that are open stay open');
  expect(readFileSync(join(server.home, 'access', 'access.jsonl'), 'utf8')).toContain(
    `the second factor of ${person.name} was removed`,
  );
  expect((await signIn({ name: person.name, password: person.password })).status).toBe(303);
  expect(cli('reset', person.name).status).toBe(1);
  expect(runCli(['second-factor', 'list', '--home', join(server.home, 'elsewhere')], server.home).status).toBe(3);
});

it('tells how somebody signed in, and what was wrong, without code, key or recovery code', async () => {
  const person = await newPerson();
  const { key, recovery } = await enrol(person);
  const before = server.events.length;
  await signIn({ ticket: await firstStep(person), code: '000000' });
  await signIn({ ticket: await firstStep(person), code: codeNow(key) });
  await signIn({ ticket: await firstStep(person), code: recovery[0] ?? '' });
  expect(server.events.slice(before)).toEqual([
    expect.objectContaining({ kind: 'sign_in_failed', name: person.name, step: 'second_factor' }),
    expect.objectContaining({ kind: 'signed_in', name: person.name, factor: 'code' }),
    expect.objectContaining({ kind: 'signed_in', name: person.name, factor: 'recovery_code' }),
  ]);
  const text = JSON.stringify(server.events);
  for (const secret of [key, recovery[0] ?? '', recovery[1] ?? '']) expect(text).not.toContain(secret);
});

it('tells what was guessed wrong on the page of the account, as at the door, with the session', async () => {
  const person = await newPerson();
  const { key } = await enrol(person);
  const before = server.events.length;
  await post(person, 'recovery', { current: 'a guess', code: codeNow(key) });
  await post(person, 'remove', { current: person.password, code: '000000' });
  const form = formTokenIn(await cast.page('/account', person.cookie));
  const chosen = 'a password that is long enough';
  const given = { form, current: 'another guess', chosen, again: chosen };
  await ask(`${server.address}/account/password`, { cookie: person.cookie, form: given, headers: HTML });
  const told = server.events.slice(before);
  expect(told.map(({ kind, name, ...rest }) => [kind, name, 'step' in rest && rest.step])).toEqual([
    ['sign_in_failed', person.name, 'password'],
    ['sign_in_failed', person.name, 'second_factor'],
    ['sign_in_failed', person.name, 'password'],
  ]);
  expect(told.map(({ sessionId }) => sessionId)).not.toContain(null);
  await ask(`${server.address}/account/password`, { cookie: person.cookie, form: { form: 'x' }, headers: HTML });
  expect(server.events.at(-1)).toMatchObject({ kind: 'access_refused', name: person.name, reason: 'form_refused' });
});

it('is kept where its owner alone may read, recovery codes as hashes; a damaged file lets nobody past it', async () => {
  const person = await newPerson();
  const { recovery } = await enrol(person);
  const file = join(server.home, 'keys', 'second-factors.json');
  const text = readFileSync(file, 'utf8');
  expect(statSync(file).mode & 0o077).toBe(0);
  for (const code of recovery) expect(text).not.toContain(code.replaceAll('-', ''));
  writeFileSync(file, text.slice(0, 20));
  expect(await signIn({ name: person.name, password: person.password })).toMatchObject({ status: 503 });
  writeFileSync(file, text);
  expect((await signIn({ name: person.name, password: person.password })).status).toBe(401);
});

describe('where deciders have to have one', () => {
  let strict: Cast;
  beforeAll(async () => {
    const first = await startServer({ environment: { SECOND_FACTOR: 'deciders' } });
    strict = { server: first } as Cast;
  });
  afterAll(() => strict?.server.stop());
  const enter = async (name: string): Promise<string> =>
    signedIn(strict.server.address, name, strict.server.password(name));
  const get = (path: string, cookie: string) => ask(strict.server.address + path, { cookie, headers: HTML });

  it('nothing but Account opens to an admin without one, and all of it once it is set up', async () => {
    const cookie = await enter('admin');
    for (const path of ['/dashboard/overview', '/people', '/admin/', '/']) {
      expect([path, (await get(path, cookie)).status]).toEqual([path, 403]);
    }
    expect((await get('/dashboard/overview', cookie)).body).toContain('Set one up under Account');
    const socket = await upgrade(`${strict.server.address}/dashboard/socket.io/?EIO=4&transport=websocket`, { cookie });
    expect(socket.status).toBe(403);
    const form = { form: formTokenIn((await get('/account', cookie)).body), current: strict.server.password('admin') };
    const post = (act: string, given: Record<string, string>) =>
      ask(`${strict.server.address}/account/second-factor/${act}`, { cookie, form: given, headers: HTML });
    const key = keyIn((await post('begin', form)).body);
    const step = stepAt(Date.now());
    await post('confirm', { ...form, code: codeOf(bytesOf(key), step) });
    expect((await get('/people', cookie)).status).toBe(200);
    // Who removes it is not told that the password is enough.
    await post('remove', { ...form, code: codeOf(bytesOf(key), step + 1) });
    const page = (await get('/account', cookie)).body;
    expect(page).toContain('Your role takes one: until you set up another');
    expect(page).not.toContain('password alone from now on');
    expect((await get('/people', cookie)).status).toBe(403);
  });

  it('a viewer is not asked', async () => {
    expect((await get('/dashboard/overview', await enter('viewer'))).status).toBe(200);
  });

  it('another word is refused at the start', async () => {
    await expect(startServer({ environment: { SECOND_FACTOR: 'everybody' } })).rejects.toMatchObject({
      code: 'bad_setting',
    });
  });
});
