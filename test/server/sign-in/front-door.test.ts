import { connect } from 'node:net';
import { startCast, type Cast } from './support/cast';
import { ask, cookieOf, formTokenIn, signedIn, upgrade, type Ask } from './support/client';
import { startProxy, type Proxy } from './support/proxy';
import type { GuardedServer } from './support/start-server';

const ROUTES = [
  '/',
  '/admin',
  '/admin/',
  '/admin/flows',
  '/admin/settings',
  '/admin/red/red.js',
  '/admin/auth/login',
  '/ADMIN/flows',
  '/dashboard',
  '/dashboard/overview',
  '/dashboard/_setup',
  '/dashboard/_debug/datastore/x',
  '/dashboard/manifest.webmanifest',
  '/dashboard/socket.io/?EIO=4&transport=polling',
  '/people',
  '/account',
  '/resources/any/file.js',
  '/metrics',
  '/rest/v1/rpc/x',
  '/sign-in',
  '/nothing/here',
  '/webhook/below',
  '/healthy',
];

let server: GuardedServer;
let cookies: Cast['cookies'];
let page: Cast['page'];
let proxy: Proxy;

beforeAll(async () => {
  ({ server, cookies, page } = await startCast({ PUBLIC_URL: 'https://audit.example.com' }));
  proxy = await startProxy(server.address);
});

afterAll(async () => {
  await proxy?.close();
  await server?.stop();
});

afterEach(() => expect(server.failures).toEqual([]));

async function statuses(asked: Ask, paths: readonly string[]): Promise<Record<string, number>> {
  const pairs = paths.map(async (path) => [path, (await ask(server.address + path, asked)).status] as const);
  return Object.fromEntries(await Promise.all(pairs));
}

describe('without a session', () => {
  const refusedByRpc = { code: '42501', message: 'permission denied for function x', details: null, hint: null };

  it.each(ROUTES)('answers 401 through a proxy on the same host: %s', async (route) => {
    const isRpc = route.startsWith('/rest/v1/rpc/');
    for (const method of ['GET', 'POST', 'PUT', 'DELETE', 'OPTIONS']) {
      const json = await ask(proxy.address + route, { method, headers: { accept: 'application/json' } });
      expect([method, json.status]).toEqual([method, 401]);
      if (route === '/sign-in' && ['GET', 'POST'].includes(method)) continue;
      expect(JSON.parse(json.body)).toMatchObject(
        isRpc ? refusedByRpc : { error: 'sign_in_needed', hint: expect.any(String) },
      );
    }
    // Programs alone call there, and read no page.
    if (isRpc) return;
    const html = await ask(proxy.address + route, { headers: { accept: 'text/html,*/*' } });
    expect([html.status, html.body]).toEqual([401, expect.stringContaining('action="/sign-in"')]);
  });

  it.each(['/admin/comms', '/dashboard/socket.io/?EIO=4&transport=websocket', '/ws/of-a-flow'])(
    'refuses the websocket handshake of %s',
    async (route) => {
      expect((await upgrade(proxy.address + route)).status).toBe(401);
      expect((await upgrade(server.address + route)).status).toBe(401);
    },
  );

  it('lets the webhook, the health and the style of the sign-in page through', async () => {
    expect(await ask(`${proxy.address}/webhook`, { body: '{}' })).toMatchObject({ body: 'answer of /webhook' });
    expect(await ask(`${proxy.address}/health`)).toMatchObject({ body: 'answer of /health' });
    expect((await ask(`${proxy.address}/sign-in/style.css`)).status).toBe(200);
  });

  it('comes back to the page that was asked for, and never to another site', async () => {
    const html = await ask(`${server.address}/dashboard/overview?a=1`, { headers: { accept: 'text/html' } });
    expect(html.body).toContain('name="next" value="/dashboard/overview?a=1"');
    const form = { name: 'viewer', password: server.password('viewer') };
    for (const next of ['https://evil.example.com', '//evil.example.com', '/\\evil.example.com', '/sign-out']) {
      const answer = await ask(`${server.address}/sign-in`, { form: { ...form, next } });
      expect([next, answer.headers.location]).toEqual([next, '/dashboard']);
    }
  });

  it.each([
    '//admin/flows',
    '/dashboard/../admin/flows',
    '/dashboard/%2e%2e/admin',
    '/webhook#/../admin',
    '/webhook\\',
  ])('does not read the path %s in its own way', async (path) => {
    const { hostname, port } = new URL(server.address);
    expect([400, 401]).toContain(await rawStatus(hostname, port, path));
  });
});

describe('roles', () => {
  const paths = [
    '/dashboard/overview',
    '/dashboard/_setup',
    '/dashboard/_debug/datastore/x',
    '/admin/',
    '/admin/flows',
    '/people',
    '/account',
  ];
  const may = { read: 200, not: 403 };

  it.each([
    ['viewer', [may.read, may.read, may.not, may.not, may.not, may.not, may.read]],
    ['auditor', [may.read, may.read, may.not, may.read, may.read, may.not, may.read]],
    ['manager', [may.read, may.read, may.not, may.not, may.not, may.not, may.read]],
    ['admin', [may.read, may.read, may.read, may.read, may.read, may.read, may.read]],
  ])('shows a %s what the table of rights says', async (role, expected) => {
    const found = await statuses({ cookie: cookies[role] }, paths);
    expect(found).toEqual(Object.fromEntries(paths.map((path, index) => [path, expected[index]])));
  });

  it('lets an admin deploy, and an auditor read only', async () => {
    const flows = (await ask(`${server.address}/admin/flows`, { cookie: cookies['admin'] })).body;
    const deploy = (role: string) =>
      ask(`${server.address}/admin/flows`, {
        cookie: cookies[role],
        headers: { 'content-type': 'application/json', 'node-red-deployment-type': 'reload' },
        body: flows,
      });
    expect((await deploy('auditor')).status).toBe(403);
    expect((await deploy('admin')).status).toBe(204);
  });

  it.each([
    ['admin', 'admin', '*'],
    ['auditor', 'auditor', 'read'],
  ])('tells the editor that it is %s, from our session alone', async (role, username, permissions) => {
    const settings = await ask(`${server.address}/admin/settings`, {
      cookie: cookies[role],
      headers: { 'x-billing-audit-visitor': 'forged', authorization: 'Bearer forged' },
    });
    expect(JSON.parse(settings.body)).toMatchObject({ user: { username, permissions } });
  });

  it('opens the websocket of the editor and of the dashboard to those who may see them', async () => {
    const open = async (route: string, role: string): Promise<number> => {
      const socket = await upgrade(server.address + route, { cookie: cookies[role] });
      socket.close();
      return socket.status;
    };
    expect(await open('/admin/comms', 'admin')).toBe(101);
    expect(await open('/admin/comms', 'auditor')).toBe(101);
    expect(await open('/admin/comms', 'viewer')).toBe(403);
    expect(await open('/dashboard/socket.io/?EIO=4&transport=websocket', 'viewer')).toBe(101);
  });

  it('gives browsers no worker that would show the dashboard out of a cache after the session', async () => {
    const worker = await ask(`${server.address}/dashboard/sw.js`, { cookie: cookies['viewer'] });
    expect([worker.status, worker.headers['content-type']]).toEqual([200, expect.stringContaining('javascript')]);
    expect(worker.body).toContain('caches.delete');
    expect(worker.body).not.toContain('fetch');
    expect((await ask(`${server.address}/dashboard/sw.js`)).status).toBe(401);
  });

  it('keeps routes of flows to admins', async () => {
    const asked = (role: string) =>
      ask(`${server.address}/rest/v1/rpc/x`, { method: 'POST', cookie: cookies[role], body: '' });
    expect((await asked('admin')).body).toBe('answer of /rest/v1/rpc/x');
    expect((await asked('manager')).status).toBe(403);
  });
});

describe('cookies', () => {
  it('are kept from scripts and other sites, and to https where the browser used it', async () => {
    const form = { name: 'viewer', password: server.password('viewer') };
    const direct = await ask(`${server.address}/sign-in`, { form });
    expect(direct.headers['set-cookie']?.[0]).toMatch(
      /^billing_audit_session=[\w-]{43}; Path=\/; HttpOnly; SameSite=Lax$/,
    );
    const proxied = await ask(`${proxy.address}/sign-in`, { form });
    expect(proxied.headers['set-cookie']?.[0]).toMatch(/^__Host-billing_audit_session=.*; SameSite=Lax; Secure$/);
    const named = await ask(`${server.address}/sign-in`, { form, headers: { host: 'audit.example.com' } });
    expect(named.headers['set-cookie']?.[0]).toMatch(/; Secure$/);
    expect((await ask(`${proxy.address}/account`, { cookie: cookieOf(proxied) })).status).toBe(200);
  });

  it.each([
    ['made up', 'billing_audit_session=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA'],
    ['cut off', 'billing_audit_session=abc'],
    ['of the wrong kind', 'billing_audit_session=%00%00'],
    ['with the hash that is on disk', `billing_audit_session=${'ab'.repeat(32)}`],
  ])('that are %s open nothing', async (_how, cookie) => {
    expect((await ask(`${server.address}/account`, { cookie })).status).toBe(401);
  });

  it('of a session that was signed out open nothing any more, and its websocket closes', async () => {
    const cookie = await signedIn(server.address, 'viewer', server.password('viewer'));
    const socket = await upgrade(`${server.address}/dashboard/socket.io/?EIO=4&transport=websocket`, { cookie });
    expect(socket.status).toBe(101);
    const out = await ask(`${server.address}/sign-out`, { method: 'POST', cookie, body: '' });
    expect([out.status, out.headers.location]).toEqual([303, '/sign-in']);
    await socket.closed;
    expect((await ask(`${server.address}/account`, { cookie })).status).toBe(401);
  });

  it('end with the editor too, and the editor is told where to go', async () => {
    const cookie = await signedIn(server.address, 'admin', server.password('admin'));
    const out = await ask(`${server.address}/admin/auth/revoke`, { cookie, form: { token: '' } });
    expect(JSON.parse(out.body)).toEqual({ redirect: '/sign-in' });
    expect((await ask(`${server.address}/admin/flows`, { cookie })).status).toBe(401);
  });

  it('are new at each sign-in, and the old one of the same browser ends', async () => {
    const before = await signedIn(server.address, 'viewer', server.password('viewer'));
    const form = { name: 'viewer', password: server.password('viewer') };
    const after = cookieOf(await ask(`${server.address}/sign-in`, { form, cookie: before }));
    expect(after).not.toBe(before);
    expect((await ask(`${server.address}/account`, { cookie: before })).status).toBe(401);
    expect((await ask(`${server.address}/account`, { cookie: after })).status).toBe(200);
  });
});

describe('forgery', () => {
  it('refuses a form without the token of the session, or with that of another', async () => {
    const foreign = formTokenIn(await page('/account', cookies['viewer']));
    for (const form of ['', 'AAAA', foreign]) {
      const answer = await ask(`${server.address}/people/add`, {
        cookie: cookies['admin'],
        form: { name: 'mallory', role: 'admin', form },
      });
      expect([answer.status, JSON.parse(answer.body).error]).toEqual([403, 'form_refused']);
    }
    expect(await page('/people')).not.toContain('mallory');
  });

  it.each([
    { origin: 'https://evil.example.com' },
    { origin: 'null' },
    { 'sec-fetch-site': 'cross-site' },
    { origin: 'http://127.0.0.1:1', 'sec-fetch-site': 'same-site' },
  ])('refuses what another site sends with our cookie: %j', async (headers) => {
    const cookie = cookies['admin'];
    for (const path of ['/admin/flows', '/sign-out', '/sign-in', '/people/add']) {
      const answer = await ask(server.address + path, { cookie, headers, form: {} });
      expect([path, answer.status, answer.body]).toEqual([path, 403, expect.stringContaining('origin_refused')]);
    }
    expect((await upgrade(`${server.address}/admin/comms`, { cookie, headers })).status).toBe(403);
    const socket = '/dashboard/socket.io/?EIO=4&transport=websocket';
    expect((await upgrade(server.address + socket, { cookie, headers })).status).toBe(403);
    expect((await ask(`${server.address}/account`, { cookie })).status).toBe(200);
  });

  it('takes what comes from its own pages, under the local and the public name', async () => {
    const cookie = cookies['admin'];
    for (const headers of [{ origin: server.address }, { origin: 'https://audit.example.com' }]) {
      const answer = await upgrade(`${server.address}/admin/comms`, { cookie, headers });
      expect(answer.status).toBe(101);
      answer.close();
    }
  });
});

/** The status of a request line that no client library would send. */
function rawStatus(host: string, port: string, path: string): Promise<number> {
  return new Promise((resolve, reject) => {
    const socket = connect(Number(port), host, () => {
      socket.write(`GET ${path} HTTP/1.1\r\nHost: ${host}:${port}\r\nConnection: close\r\n\r\n`);
    });
    let text = '';
    socket.setEncoding('utf8').on('data', (chunk: string) => void (text += chunk));
    socket.once('error', reject).once('close', () => resolve(Number(text.split(' ')[1])));
  });
}
