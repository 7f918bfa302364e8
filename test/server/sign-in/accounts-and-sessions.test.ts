import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { buildSync } from 'esbuild';
import type { AccessEvent } from '../../../server/sign-in';
import { AccountFile } from '../../../server/sign-in/account-file';
import type { RequestFacts } from '../../../server/sign-in/request-facts';
import { whyOver, type Session } from '../../../server/sign-in/session';
import { SessionFile } from '../../../server/sign-in/session-file';
import { SignIn, type SignInResult } from '../../../server/sign-in/sign-in';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const START = Date.parse('2026-03-02T09:00:00Z');
const PEOPLE = [
  { name: 'admin', role: 'admin' },
  { name: 'viewer', role: 'viewer' },
] as const;

let clock = START;
let folder = '';
const now = (): number => clock;
const file = (name: string): string => join(folder, name);
const openAccounts = () => AccountFile.open(file('accounts.json'), now, PEOPLE);

beforeEach(() => {
  clock = START;
  folder = mkdtempSync(join(tmpdir(), 'accounts-'));
});

describe('accounts', () => {
  it('are made once, with passwords that are nowhere on disk once an admin has used one', async () => {
    const { accounts, made } = await openAccounts();
    expect(made.map(({ name, role }) => `${name} ${role}`)).toEqual(['admin admin', 'viewer viewer']);
    const text = readFileSync(file('accounts.json'), 'utf8');
    for (const { name, password } of made) {
      expect(text).not.toContain(password);
      expect(await accounts.verify(name, password)).toMatchObject({ name });
    }
    expect(statSync(file('accounts.json')).mode & 0o777).toBe(0o600);
    expect((await openAccounts()).made).toEqual([]);
    expect(readdirSync(folder)).toEqual(['accounts.json']);
  });

  it('have their first passwords shown again until an admin has signed in, as far as they still hold', async () => {
    const { accounts, made } = await openAccounts();
    expect(statSync(file('first-passwords.json')).mode & 0o777).toBe(0o600);
    expect((await openAccounts()).made).toEqual(made);
    expect(await accounts.verify('viewer', made[1]!.password)).toMatchObject({ name: 'viewer' });
    expect(await accounts.verify('admin', 'wrong')).toBeNull();
    expect((await openAccounts()).made).toEqual(made);
    await accounts.resetPassword('viewer');
    expect((await openAccounts()).made).toEqual([made[0]]);
  });

  it.each([
    ['before there are accounts', 1],
    ['when there are accounts, before anything is shown', 2],
  ])('lose no password to a kill %s', async (_when, writes) => {
    const died = spawnSync(process.execPath, [dyingProgram(), folder, String(writes)], { encoding: 'utf8' });
    expect([died.signal, died.stdout]).toEqual(['SIGKILL', '']);
    expect(readdirSync(folder)).toHaveLength(writes);
    const { accounts, made } = await openAccounts();
    expect(made.map(({ name }) => name)).toEqual(['admin', 'viewer']);
    expect(await accounts.list()).toHaveLength(2);
    for (const { name, password } of [...made].reverse()) {
      expect(await accounts.verify(name, password)).toMatchObject({ name });
    }
  });

  it('refuse a wrong password, an unknown name and a disabled person alike', async () => {
    const { accounts, made } = await openAccounts();
    await accounts.setDisabled('viewer', true);
    expect(await accounts.verify('admin', 'wrong')).toBeNull();
    expect(await accounts.verify('nobody', 'wrong')).toBeNull();
    expect(await accounts.verify('viewer', made[1]!.password)).toBeNull();
  });

  it('keep an admin who can sign in', async () => {
    const { accounts } = await openAccounts();
    await expect(accounts.setDisabled('ADMIN ', true)).rejects.toMatchObject({ code: 'last_admin' });
    await expect(accounts.setRole('admin', 'manager')).rejects.toMatchObject({ code: 'last_admin' });
    await accounts.add('ann', 'admin');
    await accounts.setDisabled('ann', true);
    await expect(accounts.setRole('admin', 'viewer')).rejects.toMatchObject({ code: 'last_admin' });
    await accounts.setDisabled('ann', false);
    await accounts.setRole('admin', 'viewer');
    expect(await accounts.find('admin')).toMatchObject({ role: 'viewer' });
  });

  it('that are damaged stop the start instead of letting anybody in', async () => {
    for (const text of ['', '{', '[]', '{"version":1,"accounts":[{"name":"x","role":"owner"}]}']) {
      writeFileSync(file('accounts.json'), text);
      await expect(openAccounts()).rejects.toMatchObject({ code: 'keys_unreadable', hint: expect.any(String) });
    }
  });

  it('take no password that is short, too long for bcrypt, or made of the name', async () => {
    const { accounts, made } = await openAccounts();
    for (const chosen of ['eleven char', 'aaaaaaaaaaaaaaa', 'the viewer 2026', 'é'.repeat(40)]) {
      const change = accounts.changePassword('viewer', made[1]!.password, chosen);
      await expect(change).rejects.toMatchObject({ code: 'password_refused' });
    }
  });
});

describe('session limits', () => {
  const session = (of: Partial<Session> = {}): Session => ({
    id: 'a',
    tokenHash: '',
    name: 'ann',
    createdAt: START,
    lastUsedAt: START,
    address: '',
    userAgent: '',
    ...of,
  });

  it.each([
    ['viewer', 30 * MINUTE, 12 * HOUR],
    ['manager', 30 * MINUTE, 12 * HOUR],
    ['auditor', 15 * MINUTE, 8 * HOUR],
    ['admin', 15 * MINUTE, 8 * HOUR],
  ] as const)('of a %s are %d ms idle and %d ms in all', (role, idle, absolute) => {
    expect(whyOver(session(), role, START + idle - 1)).toBeNull();
    expect(whyOver(session(), role, START + idle)).toBe('idle');
    const busy = (at: number) => whyOver(session({ lastUsedAt: at }), role, at);
    expect(busy(START + absolute - 1)).toBeNull();
    expect(busy(START + absolute)).toBe('too_long');
  });

  it('cannot be stretched by putting the clock back', () => {
    expect(whyOver(session(), 'viewer', START - 30_000)).toBeNull();
    expect(whyOver(session(), 'viewer', START - HOUR)).toBe('clock_went_back');
  });
});

describe('sign-in', () => {
  const events: AccessEvent[] = [];
  let signIn: SignIn;
  let passwords: Record<string, string>;

  const facts = (cookie = '', of: Partial<RequestFacts> = {}): RequestFacts =>
    ({
      cookie,
      path: '/account',
      host: 'localhost',
      address: '192.0.2.1',
      userAgent: 'test',
      peer: '',
      ...of,
    }) as RequestFacts;
  const cookie = (result: SignInResult): string =>
    result.kind === 'in' ? `other=1; billing_audit_session=${result.token}` : '';
  const open = async (): Promise<void> => {
    const { accounts, made } = await openAccounts();
    passwords = { ...passwords, ...Object.fromEntries(made.map(({ name, password }) => [name, password])) };
    const sessions = SessionFile.open(file('sessions.json'), now);
    const policy = { practice: false, publicUrl: null, extraRoutes: [] };
    signIn = new SignIn({ accounts, sessions, policy, now, onAccess: (event) => void events.push(event) });
  };
  const enter = async (name: string): Promise<string> => cookie(await signIn.signIn(name, passwords[name]!, facts()));

  beforeEach(async () => {
    events.length = 0;
    passwords = {};
    await open();
  });

  it('outlives a restart, and its token is not on disk', async () => {
    const given = await enter('viewer');
    expect(readFileSync(file('sessions.json'), 'utf8')).not.toContain(given.split('=').at(-1));
    expect(statSync(file('sessions.json')).mode & 0o777).toBe(0o600);
    await open();
    expect(await signIn.visitor(facts(given))).toMatchObject({ name: 'viewer', role: 'viewer' });
  });

  it('lasts while it is used, and no longer than its limit', async () => {
    const given = await enter('viewer');
    for (let at = 0; at < 12 * HOUR; at += 20 * MINUTE) {
      clock = START + at;
      expect(await signIn.visitor(facts(given))).not.toBeNull();
    }
    clock = START + 12 * HOUR;
    expect(await signIn.visitor(facts(given))).toBeNull();
    expect(events.at(-1)).toMatchObject({ kind: 'session_ended', reason: 'too_long', name: 'viewer' });
  });

  it('does not take the heartbeat of an open page for its person', async () => {
    const given = await enter('admin');
    clock += 14 * MINUTE;
    expect(await signIn.visitor(facts(given, { path: '/dashboard/socket.io/' }))).not.toBeNull();
    clock += 2 * MINUTE;
    expect(await signIn.visitor(facts(given))).toBeNull();
  });

  it('remembers the last use across a stop in order', async () => {
    const given = await enter('viewer');
    clock += 29 * MINUTE;
    await signIn.visitor(facts(given));
    signIn.sessions.flush();
    await open();
    clock += 29 * MINUTE;
    expect(await signIn.visitor(facts(given))).not.toBeNull();
  });

  it('ends by the sweep when its person is disabled behind our back', async () => {
    await enter('viewer');
    await signIn.accounts.setDisabled('viewer', true);
    await signIn.sweep();
    expect(signIn.sessions.all()).toEqual([]);
    expect(events.at(-1)).toMatchObject({ kind: 'session_ended', reason: 'account_disabled' });
  });

  it('slows down who tries to find out the password of a signed-in browser', async () => {
    const given = await enter('viewer');
    const visitor = (await signIn.visitor(facts(given)))!;
    const change = () => signIn.changePassword(visitor, 'wrong', 'seven grey pipes', facts());
    for (let count = 0; count < 5; count += 1) await expect(change()).rejects.toMatchObject({ code: 'password_wrong' });
    expect(await change()).toBe(30_000);
  });

  it('keeps at most twenty sessions of a person', async () => {
    for (let count = 0; count < 25; count += 1) signIn.sessions.begin('viewer', { address: '', userAgent: '' });
    expect(signIn.sessions.of('viewer')).toHaveLength(20);
  });
});

function dyingProgram(): string {
  const outfile = resolve(__dirname, '../../../build/test-server/dying-first-start.js');
  buildSync({
    entryPoints: [join(__dirname, 'support/dying-first-start.ts')],
    outfile,
    bundle: true,
    platform: 'node',
    format: 'cjs',
    packages: 'external',
  });
  return outfile;
}
