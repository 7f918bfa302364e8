import { execFileSync, spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer as createPlainServer, type Server } from 'node:http';
import { createServer } from 'node:https';
import { connect, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { bundle } from '../support/store';

const folder = mkdtempSync(join(tmpdir(), 'network-'));
const program = bundle('test/server/programs/fetch-once.ts', 'fetch-once');
const servers: Server[] = [];

/** An authority of our own, and a certificate of it for localhost. */
function makeCertificates(): { authority: string; key: Buffer; certificate: Buffer } {
  const at = (name: string): string => join(folder, name);
  const openssl = (...flags: string[]): void => void execFileSync('openssl', flags, { stdio: 'pipe' });
  openssl(
    'req',
    '-x509',
    '-newkey',
    'rsa:2048',
    '-nodes',
    '-days',
    '2',
    '-subj',
    '/CN=Our authority',
    '-keyout',
    at('ca.key'),
    '-out',
    at('ca.pem'),
  );
  openssl(
    'req',
    '-newkey',
    'rsa:2048',
    '-nodes',
    '-subj',
    '/CN=localhost',
    '-keyout',
    at('key.pem'),
    '-out',
    at('request.pem'),
  );
  writeFileSync(at('names'), 'subjectAltName=DNS:localhost,DNS:office.example.com');
  openssl(
    'x509',
    '-req',
    '-in',
    at('request.pem'),
    '-CA',
    at('ca.pem'),
    '-CAkey',
    at('ca.key'),
    '-CAcreateserial',
    '-days',
    '2',
    '-extfile',
    at('names'),
    '-out',
    at('certificate.pem'),
  );
  return {
    authority: at('ca.pem'),
    key: readFileSync(at('key.pem')),
    certificate: readFileSync(at('certificate.pem')),
  };
}

async function listening(server: Server): Promise<number> {
  servers.push(server);
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  return (server.address() as AddressInfo).port;
}

let authority: string;
let secure: number;
let proxy: number;
const throughProxy: string[] = [];

beforeAll(async () => {
  const made = makeCertificates();
  authority = made.authority;
  secure = await listening(
    createServer({ key: made.key, cert: made.certificate }, (_, answer) => answer.end('secure')) as unknown as Server,
  );
  const onward = createPlainServer();
  onward.on('connect', (request, socket) => {
    throughProxy.push(request.url ?? '');
    const target = connect(secure, '127.0.0.1', () => {
      socket.write('HTTP/1.1 200 Connection established\r\n\r\n');
      target.pipe(socket).pipe(target);
    });
    target.on('error', () => socket.destroy());
    socket.on('error', () => target.destroy());
  });
  proxy = await listening(onward);
});
beforeEach(() => throughProxy.splice(0));
afterAll(() => {
  servers.forEach((server) => server.close());
  rmSync(folder, { recursive: true, force: true });
});

/** What a process of ours gets from an address, with settings as a `.env` gives them: after its start. */
function fetched(
  url: string,
  settings: Record<string, string>,
): Promise<{ text?: string; error?: string; code?: string; field?: string }> {
  return new Promise((done, reject) => {
    const child = spawn(process.execPath, [program, url, JSON.stringify(settings)], {
      env: { PATH: process.env['PATH'] },
    });
    let output = '';
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => void (output += String(chunk)));
    child.once('error', reject);
    child.once('exit', () => {
      try {
        done(JSON.parse(output) as { text?: string });
      } catch {
        reject(new Error(output));
      }
    });
  });
}

describe('an own certificate authority', () => {
  it('is trusted when it is named, and not before', async () => {
    const url = `https://localhost:${secure}/`;
    expect((await fetched(url, {})).error).toMatch(/certificate/i);
    expect(await fetched(url, { NODE_EXTRA_CA_CERTS: authority })).toEqual({ text: 'secure' });
  });

  it.each([
    ['is not there', '/nowhere/ca.pem'],
    ['is no certificate', __filename],
  ])('is refused at the start when the file %s', async (_why, file) => {
    expect(await fetched('https://localhost/', { NODE_EXTRA_CA_CERTS: file })).toMatchObject({
      code: 'bad_setting',
      field: 'NODE_EXTRA_CA_CERTS',
    });
  });
});

describe('a proxy', () => {
  it('is gone through, though the settings came after the start', async () => {
    const settings = { HTTPS_PROXY: `http://127.0.0.1:${proxy}`, NODE_EXTRA_CA_CERTS: authority };
    expect(await fetched('https://office.example.com/', settings)).toEqual({ text: 'secure' });
    expect(throughProxy).toEqual(['office.example.com:443']);
  });

  it('is left aside for what NO_PROXY names', async () => {
    const settings = { HTTPS_PROXY: `http://127.0.0.1:${proxy}`, NO_PROXY: 'office.example.com' };
    expect((await fetched('https://office.example.com/', settings)).error).toContain('office.example.com');
    expect(throughProxy).toEqual([]);
  });

  it('is left aside for this machine, whatever is set', async () => {
    const settings = { HTTPS_PROXY: `http://127.0.0.1:${proxy}`, NODE_EXTRA_CA_CERTS: authority };
    expect(await fetched(`https://localhost:${secure}/`, settings)).toEqual({ text: 'secure' });
    expect(throughProxy).toEqual([]);
  });

  it('that is no address is refused without repeating it, since it may hold a password', async () => {
    const answer = await fetched('https://localhost/', { HTTPS_PROXY: 'user:hunter2@proxy' });
    expect(answer).toMatchObject({ code: 'bad_setting', field: 'HTTPS_PROXY' });
    expect(JSON.stringify(answer)).not.toContain('hunter2');
  });
});
