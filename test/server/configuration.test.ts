import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { isLoopback, readConfiguration } from '../../server/configuration';
import { dashboardAddress } from '../../server/dashboard-address';
import { placeFirstFlows } from '../../server/first-flow';
import { openHome } from '../../server/home';
import { keyFile } from '../../server/key-file';
import { VARIABLES } from '../../server/variables';

const folder = (): string => mkdtempSync(join(tmpdir(), 'billing-audit-'));

describe('configuration', () => {
  it('takes a flag over the environment, and the environment over the default', () => {
    expect(readConfiguration({ port: '1990' }, { PORT: '1991' }).port).toBe(1990);
    expect(readConfiguration({}, { PORT: '1991', HOST: '' })).toMatchObject({ port: 1991, host: '127.0.0.1' });
    expect(readConfiguration({}, {})).toMatchObject({ port: 1880, publicUrl: null, smartsheetToken: null });
  });

  it.each(['http', '70000', '-1', '18.5'])('refuses the port %s and says what to write', (port) => {
    expect(() => readConfiguration({}, { PORT: port })).toThrow(
      expect.objectContaining({ code: 'bad_setting', hint: expect.stringContaining('1880') }),
    );
  });

  it('reads the extra ports, and refuses one that is taken by another port of its own', () => {
    expect(readConfiguration({}, { WEBHOOK_PORT: '8443', DASHBOARD_PORT: '1890' })).toMatchObject({
      webhookPort: 8443,
      dashboardPort: 1890,
    });
    expect(readConfiguration({}, { WEBHOOK_PORT: '' })).toMatchObject({ webhookPort: null, dashboardPort: null });
    for (const clash of [{ WEBHOOK_PORT: '1880' }, { WEBHOOK_PORT: '1890', DASHBOARD_PORT: '1890' }]) {
      expect(() => readConfiguration({}, clash)).toThrow(expect.objectContaining({ code: 'bad_setting' }));
    }
  });

  it.each(['PUBLIC_URL', 'BILLING_AUDIT_DASHBOARD_URL'])('refuses an address in %s that is none', (name) => {
    expect(() => readConfiguration({}, { [name]: 'audit.example.com' })).toThrow(
      expect.objectContaining({
        code: 'bad_setting',
        message: expect.stringContaining(name),
        hint: expect.stringContaining('https://'),
      }),
    );
  });

  it('knows each variable that .env.template names, so that none is left out of config export', () => {
    const template = readFileSync(resolve(__dirname, '../../.env.template'), 'utf8');
    const named = [...template.matchAll(/^([A-Z_]+)=/gm)].map(([, name]) => name);
    expect(named).toEqual(expect.arrayContaining(['PORT', 'BILLING_AUDIT_DASHBOARD_URL']));
    const known = VARIABLES.map(({ name }) => name);
    expect(named.filter((name) => !known.includes(name ?? ''))).toEqual([]);
  });

  it('tells loopback addresses from others', () => {
    expect(['127.0.0.1', 'localhost', '::1', '127.1.2.3'].every(isLoopback)).toBe(true);
    expect(['0.0.0.0', '10.0.0.1', '127.example.com'].some(isLoopback)).toBe(false);
  });
});

describe('home', () => {
  it('gives practice a home of its own', () => {
    const home = folder();
    expect(openHome(home, null)).toEqual({ folder: join(home, 'sandbox'), practice: true });
    expect(openHome(home, 'token')).toEqual({ folder: home, practice: false });
  });

  it('refuses to practise in a home that has watched real sheets', () => {
    const home = folder();
    openHome(home, 'token');
    expect(() => openHome(home, null)).toThrow(expect.objectContaining({ code: 'token_missing' }));
  });

  it('says which folder cannot be written', () => {
    const home = join(folder(), 'file');
    writeFileSync(home, '');
    expect(() => openHome(home, null)).toThrow(
      expect.objectContaining({ code: 'home_not_writable', message: expect.stringContaining(home) }),
    );
  });

  it('keeps a secret once made, readable by its owner only', () => {
    const path = join(folder(), 'key');
    expect(keyFile(path)).toMatch(/^[0-9a-f]{64}$/);
    expect(keyFile(path)).toBe(keyFile(path));
  });
});

describe('first flows', () => {
  const shipped = (id: string, modules: Record<string, string>): string => {
    const file = join(folder(), 'flow.json');
    writeFileSync(
      file,
      JSON.stringify([
        { id, type: 'tab' },
        { id: `${id}-modules`, type: 'global-config', modules },
      ]),
    );
    return file;
  };

  it('are placed together in an empty home, with one list of the modules they need', () => {
    const home = folder();
    expect(placeFirstFlows(home, [shipped('a', { one: '1' }), shipped('b', { two: '2' })])).toBe(true);
    expect(JSON.parse(readFileSync(join(home, 'flows.json'), 'utf8'))).toEqual([
      { id: 'a', type: 'tab' },
      { id: 'a-modules', type: 'global-config', modules: { one: '1', two: '2' } },
      { id: 'b', type: 'tab' },
    ]);
  });

  it("are never put over the user's", () => {
    const home = folder();
    writeFileSync(join(home, 'flows.json'), '[]');
    expect(placeFirstFlows(home, [shipped('a', {})])).toBe(false);
    expect(readFileSync(join(home, 'flows.json'), 'utf8')).toBe('[]');
  });
});

describe('the address in mails', () => {
  const address = (environment: Record<string, string>): string => {
    const configuration = readConfiguration({}, environment);
    const { host, dashboardPort } = configuration;
    const at = (port: number): string => `http://${host.includes(':') ? `[${host}]` : host}:${port}`;
    // What was asked for is not always what was taken: 0 is any free port.
    const taken = { address: at(40001), dashboardAddress: dashboardPort === null ? null : at(40002) };
    return dashboardAddress(configuration, taken, 'billing-server');
  };
  const PUBLIC_URL = 'https://audit.example.com/';

  it.each([
    ['the port that was taken, where any would do', { PORT: '0' }, 'http://127.0.0.1:40001/dashboard/changes'],
    [
      'this machine by its name, when all its addresses listen',
      { HOST: '0.0.0.0' },
      'http://billing-server:40001/dashboard/changes',
    ],
    ['the same for IPv6', { HOST: '::' }, 'http://billing-server:40001/dashboard/changes'],
    ['this machine, when nothing is published', {}, 'http://127.0.0.1:40001/dashboard/changes'],
    ['the public one, when it leads to everything', { PUBLIC_URL }, 'https://audit.example.com/dashboard/changes'],
    [
      'not the public one, when it leads to the port of the webhook, which serves no page',
      { PUBLIC_URL, WEBHOOK_PORT: '1882', HOST: '::1' },
      'http://[::1]:40001/dashboard/changes',
    ],
    [
      'the port of the dashboard, when it has its own',
      { PUBLIC_URL, WEBHOOK_PORT: '1882', DASHBOARD_PORT: '1883' },
      'http://127.0.0.1:40002/dashboard/changes',
    ],
    [
      'what its owner says, whatever else is set',
      { PUBLIC_URL, WEBHOOK_PORT: '1882', BILLING_AUDIT_DASHBOARD_URL: 'https://inside.example.com/dashboard/changes' },
      'https://inside.example.com/dashboard/changes',
    ],
  ])('is %s', (_what, environment, expected) => {
    expect(address(environment as Record<string, string>)).toBe(expected);
  });
});
