import { renameSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { whyNotListening } from '../../../server/port-in-use';
import { freePort } from '../../support/ports';
import { until } from '../../support/until';
import { ask, formTokenIn, signedIn, upgrade } from './support/client';
import { startProxy, type Proxy } from './support/proxy';
import { startServer, type GuardedServer } from './support/start-server';

describe('ports of their own', () => {
  let server: GuardedServer;

  beforeAll(async () => {
    const [webhook, dashboard] = [await freePort(), await freePort()];
    server = await startServer({ environment: { WEBHOOK_PORT: String(webhook), DASHBOARD_PORT: String(dashboard) } });
  });
  afterAll(() => server?.stop());

  it('serve the webhook and the health and nothing else, not even to an admin', async () => {
    const at = server.webhookAddress!;
    const cookie = await signedIn(server.address, 'admin', server.password('admin'));
    expect((await ask(`${at}/webhook`, { body: '{}' })).body).toBe('answer of /webhook');
    expect((await ask(`${at}/health`)).body).toBe('answer of /health');
    const others = [
      '/',
      '/sign-in',
      '/admin/flows',
      '/dashboard',
      '/people',
      '/webhook/x',
      '/dashboard/socket.io/?EIO=4',
    ];
    for (const path of others) expect([path, (await ask(at + path, { cookie })).status]).toEqual([path, 404]);
    expect((await ask(`${at}/webhook`, { cookie })).status).toBe(404);
    expect((await ask(`${at}/health`, { method: 'POST', body: '' })).status).toBe(404);
    for (const path of ['/admin/comms', '/dashboard/socket.io/?EIO=4&transport=websocket', '/webhook']) {
      expect((await upgrade(at + path, { cookie })).status).toBe(404);
    }
  });

  it('lead back from an address that nobody answers: people by a page, programs by JSON', async () => {
    const cookie = await signedIn(server.address, 'admin', server.password('admin'));
    const at = (accept: string) => ask(`${server.address}/nothing/<here>`, { cookie, headers: { accept } });
    const page = await at('text/html');
    expect([page.status, page.headers['content-type']]).toEqual([404, 'text/html; charset=utf-8']);
    expect(page.body).toContain('Nothing is at this address');
    expect(page.body).toContain('href="/dashboard"');
    expect(page.body).not.toContain('<here>');
    const line = await at('application/json');
    expect([line.status, JSON.parse(line.body)]).toEqual([404, expect.objectContaining({ error: 'not_found' })]);
  });

  it('serve the dashboard with its sign-in, and neither editor nor people', async () => {
    const at = server.dashboardAddress!;
    expect((await ask(`${at}/dashboard/overview`)).status).toBe(401);
    const cookie = await signedIn(at, 'admin', server.password('admin'));
    for (const path of ['/dashboard/overview', '/account']) {
      expect([path, (await ask(at + path, { cookie })).status]).toEqual([path, 200]);
    }
    const page = async (address: string): Promise<string> =>
      (await ask(`${address}/account`, { cookie, headers: { accept: 'text/html' } })).body;
    const bar = (html: string): string[] => [...html.matchAll(/<a href="([^"]+)"/g)].map(([, path]) => path ?? '');
    expect(bar(await page(at))).toEqual(['/dashboard', '/export', '/access', '/account']);
    expect(bar(await page(server.address))).toEqual(expect.arrayContaining(['/admin/', '/people', '/flows/versions']));
    for (const path of ['/admin/', '/admin/flows', '/people', '/webhook', '/rest/v1/rpc/x', '/metrics', '/exports']) {
      expect([path, (await ask(at + path, { cookie })).status]).toEqual([path, 404]);
    }
    expect((await upgrade(`${at}/admin/comms`, { cookie })).status).toBe(404);
  });
});

describe('a port in use', () => {
  let other: Server;

  beforeAll(() => new Promise<void>((done) => void (other = createServer().listen(0, '127.0.0.1', done))));
  afterAll(() => other.close());

  it.each(['PORT', 'WEBHOOK_PORT', 'DASHBOARD_PORT'])('is named when %s is taken', async (variable) => {
    const { port } = other.address() as AddressInfo;
    await expect(startServer({ environment: { [variable]: String(port) } })).rejects.toMatchObject({
      code: 'port_in_use',
      message: expect.stringContaining(String(port)),
    });
  });
});

describe('a place where nobody can listen', () => {
  it('is told by what to change, not by a stack', async () => {
    // A documentation address: no machine has it.
    await expect(startServer({ environment: { HOST: '192.0.2.1' } })).rejects.toMatchObject({
      code: 'host_not_here',
      message: expect.stringContaining('192.0.2.1'),
    });
    const refused = Object.assign(new Error('listen EACCES'), { code: 'EACCES' });
    expect(whyNotListening('127.0.0.1', 443, refused)).toMatchObject({
      code: 'port_not_allowed',
      hint: expect.stringContaining('1024'),
    });
  });
});

describe('practice on this machine', () => {
  let server: GuardedServer;

  beforeAll(async () => void (server = await startServer({ practice: true })));
  afterAll(() => server?.stop());

  it('asks nobody, and makes no accounts', async () => {
    expect(server.made).toEqual([]);
    const paths = ['/dashboard/overview', '/admin/', '/admin/flows'];
    for (const path of paths) expect([path, (await ask(server.address + path)).status]).toEqual([path, 200]);
    expect((await ask(`${server.address}/people`)).body).toContain('asks nobody who they are');
    const comms = await upgrade(`${server.address}/admin/comms`);
    expect(comms.status).toBe(101);
    comms.close();
  });

  it('answers under names of this machine only, whatever a name server says', async () => {
    const { port } = new URL(server.address);
    const under = async (host: string) => (await ask(`${server.address}/admin/flows`, { headers: { host } })).status;
    for (const host of [`localhost:${port}`, `127.0.0.1:${port}`, `[::1]:${port}`, '127.8.8.8']) {
      expect([host, await under(host)]).toEqual([host, 200]);
    }
    for (const host of ['evil.example.com', `evil.example.com:${port}`, '127.0.0.1.example.com', '10.0.0.1']) {
      expect([host, await under(host)]).toEqual([host, 403]);
    }
    expect((await upgrade(`${server.address}/admin/comms`, { headers: { host: 'evil.example.com' } })).status).toBe(
      403,
    );
  });

  it('takes no orders from the page of another site', async () => {
    const headers = { origin: 'https://evil.example.com', 'content-type': 'text/plain' };
    expect((await ask(`${server.address}/admin/flows`, { headers, body: '[]' })).status).toBe(403);
    expect((await upgrade(`${server.address}/admin/comms`, { headers })).status).toBe(403);
  });
});

describe('practice with a public address', () => {
  let server: GuardedServer;
  let proxy: Proxy;

  beforeAll(async () => {
    server = await startServer({ practice: true, environment: { PUBLIC_URL: 'https://audit.example.com' } });
    proxy = await startProxy(server.address);
  });
  afterAll(async () => {
    await proxy?.close();
    await server?.stop();
  });

  it('asks everybody, since a proxy that says nothing of itself looks like somebody at the machine', async () => {
    const cookie = await signedIn(server.address, 'admin', server.password('admin'));
    for (const path of ['/dashboard/overview', '/admin/', '/admin/flows', '/people']) {
      expect([path, (await ask(server.address + path)).status]).toEqual([path, 401]);
      expect([path, (await ask(server.address + path, { cookie })).status]).toEqual([path, 200]);
      for (const host of ['audit.example.com', '127.0.0.1']) {
        expect([path, (await ask(proxy.address + path, { headers: { host } })).status]).toEqual([path, 401]);
      }
    }
    for (const header of ['forwarded', 'via', 'x-forwarded-for', 'x-forwarded-host', 'x-real-ip']) {
      const answer = await ask(`${server.address}/admin/flows`, { headers: { [header]: 'something' } });
      expect([header, answer.status]).toEqual([header, 401]);
    }
    expect((await upgrade(`${proxy.address}/admin/comms`)).status).toBe(401);
  });
});

describe('a home whose keys cannot be written', () => {
  let server: GuardedServer;

  beforeAll(async () => void (server = await startServer()));
  afterAll(() => server?.stop());

  it('says that it could not be done, keeps what there was, and shows nobody the inside', async () => {
    const cookie = await signedIn(server.address, 'admin', server.password('admin'));
    const form = formTokenIn((await ask(`${server.address}/people`, { cookie })).body);
    renameSync(join(server.home, 'keys'), join(server.home, 'elsewhere'));
    const answer = await ask(`${server.address}/people/add`, { cookie, form: { name: 'ann', role: 'viewer', form } });
    expect([answer.status, JSON.parse(answer.body).error]).toEqual([500, 'internal']);
    expect(answer.body).not.toMatch(/ENOENT|\bat /);
    await until(() => server.failures.some((failure) => failure.includes('ENOENT')), 'the failure in the log');
    expect((await ask(`${server.address}/people`, { cookie })).body).not.toContain('ann');
    renameSync(join(server.home, 'elsewhere'), join(server.home, 'keys'));
  });
});
