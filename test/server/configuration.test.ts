import { mkdtempSync, existsSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isLoopback, readConfiguration } from '../../server/configuration';
import { placeFirstFlow } from '../../server/first-flow';
import { openHome } from '../../server/home';
import { keyFile } from '../../server/key-file';

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

  it('refuses a public address that is none', () => {
    expect(() => readConfiguration({}, { PUBLIC_URL: 'audit.example.com' })).toThrow(
      expect.objectContaining({ code: 'bad_setting', hint: expect.stringContaining('https://') }),
    );
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

describe('first flow', () => {
  it('is placed in an empty home and never over what is there', () => {
    const home = folder();
    const shipped = join(folder(), 'flow.json');
    writeFileSync(shipped, '[]');
    expect(placeFirstFlow(home, shipped)).toBe(true);
    expect(existsSync(join(home, 'flows.json'))).toBe(true);
    expect(placeFirstFlow(home, shipped)).toBe(false);
  });
});
