import { mkdtempSync } from 'node:fs';
import type { IncomingMessage } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { AccountFile, dashboardAccess, EditorPass, SessionFile, SignIn, type Arrival } from '../../../server/sign-in';
import type { DashboardSocket } from '../../../server/sign-in/dashboard-access';
import { until } from '../../support/until';
import { factsOf } from '../../../server/sign-in/request-facts';

const PASS = 'x-billing-audit-visitor';

function request(url: string, headers: Record<string, string> = {}): IncomingMessage {
  const all = { host: 'localhost:1880', ...headers };
  return { url, method: 'GET', headers: all, socket: { remoteAddress: '192.0.2.1' } } as unknown as IncomingMessage;
}

describe('the pass of the editor', () => {
  const arrival = (of: IncomingMessage, role: 'admin' | 'auditor' | 'viewer' | null): Arrival => ({
    facts: factsOf(of),
    visitor: role && { name: 'ann', role, session: null },
    scope: 'everything',
  });
  const handedOn = (pass: EditorPass, role: 'admin' | 'auditor' | 'viewer' | null, url = '/admin/flows') => {
    const sent = request(url, { [PASS]: 'forged', authorization: 'Bearer forged' });
    pass.handOn(sent, arrival(sent, role));
    return sent.headers;
  };

  it('says who is there, with the permissions of the role', async () => {
    const pass = new EditorPass();
    const user = (role: 'admin' | 'auditor' | 'viewer') => pass.adminAuth.tokens(String(handedOn(pass, role)[PASS]));
    const from = { session: null, address: '192.0.2.1', userAgent: '' };
    expect(await user('admin')).toEqual({ username: 'ann', permissions: '*', ...from });
    expect(await user('auditor')).toEqual({ username: 'ann', permissions: 'read', ...from });
    expect(await user('viewer')).toBeNull();
  });

  it('cannot be brought along, not even one of another process', async () => {
    const [pass, other] = [new EditorPass(), new EditorPass()];
    expect(handedOn(pass, null)).toEqual({ host: 'localhost:1880' });
    expect(handedOn(pass, 'admin', '/dashboard')).toEqual({ host: 'localhost:1880', authorization: 'Bearer forged' });
    for (const forged of ['', '.', 'e30.', `e30.${'A'.repeat(43)}`, String(handedOn(other, 'admin')[PASS])]) {
      expect(await pass.adminAuth.tokens(forged)).toBeNull();
    }
  });
});

describe('the dashboard', () => {
  let signIn: SignIn;
  let cookie: string;
  let clock = Date.parse('2026-03-02T09:00:00Z');

  beforeAll(async () => {
    const now = (): number => clock;
    const folder = mkdtempSync(join(tmpdir(), 'dashboard-'));
    const { accounts } = await AccountFile.open(join(folder, 'accounts.json'), now, [{ name: 'ann', role: 'manager' }]);
    const sessions = SessionFile.open(join(folder, 'sessions.json'), now);
    const policy = { practice: false, publicUrl: null, extraRoutes: [] };
    signIn = new SignIn({ accounts, sessions, policy, now, onAccess: () => undefined });
    cookie = `billing_audit_session=${sessions.begin('ann', { address: '', userAgent: '' }).token}`;
  });

  const connect = (
    headers: Record<string, string>,
  ): Promise<{ refused?: Error | undefined; socket: DashboardSocket }> => {
    const sent = request('/dashboard/socket.io/?EIO=4&transport=websocket', headers);
    const socket: DashboardSocket = { request: sent, data: {}, onAny: () => undefined };
    return new Promise((done) => dashboardAccess(signIn).ioMiddleware(socket, (refused) => done({ refused, socket })));
  };

  it('takes who somebody is from the cookie and from nothing else', async () => {
    const { refused, socket } = await connect({ cookie, origin: 'http://localhost:1880' });
    expect(refused).toBeUndefined();
    expect(socket.data).toEqual({ user: { name: 'ann', role: 'manager' } });
  });

  it.each([
    ['no cookie', {}],
    ['a forged cookie', { cookie: `billing_audit_session=${'A'.repeat(43)}` }],
  ])('lets nobody connect with %s', async (_what, headers) => {
    const { refused, socket } = await connect(headers);
    expect(refused).toBeInstanceOf(Error);
    expect(socket.data).toEqual({});
  });

  it('lets no page of another site connect with our cookie', async () => {
    const { refused } = await connect({ cookie, origin: 'https://evil.example.com' });
    expect(refused).toEqual(new Error('origin'));
  });

  it('counts what its person does as use, but brings no session back that was over by then', async () => {
    let acts: () => void = () => undefined;
    const sent = request('/dashboard/socket.io/?EIO=4&transport=websocket', {
      cookie,
      origin: 'http://localhost:1880',
    });
    const socket: DashboardSocket = { request: sent, data: {}, onAny: (listener) => void (acts = listener) };
    await new Promise<unknown>((done) => dashboardAccess(signIn).ioMiddleware(socket, done));
    const lastUse = (): number | undefined => signIn.sessions.of('ann')[0]?.lastUsedAt;
    for (const minutes of [20, 20]) {
      clock += minutes * 60_000;
      acts();
      await until(() => lastUse() === clock, 'the use to be noted');
    }
    clock += 30 * 60_000;
    acts();
    await until(() => signIn.sessions.of('ann').length === 0, 'the session to be over');
  });
});
