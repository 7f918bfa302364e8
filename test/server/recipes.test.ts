import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import * as https from 'node:https';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { practiceSheet, type PracticeSheet } from '../sandbox/office';
import { freePort } from '../support/ports';
import { startSandboxWith, type SandboxProcess } from '../support/sandbox';
import { layStoreOf } from '../support/store';
import { until } from '../support/until';
import { freePorts, startCli, type RunningCli } from './cli';

/** The recipes of docs/install.md as they stand there: real proxies with TLS before the real server. */
const page = readFileSync(resolve(__dirname, '../../docs/install.md'), 'utf8');

/** The first block of this language. */
function recipe(language: string): string {
  const found = new RegExp(`\`\`\`${language}\\n([\\s\\S]*?)\`\`\``).exec(page)?.[1];
  if (!found) throw new Error(`docs/install.md has no block of ${language}.`);
  return found;
}

/** Puts in what differs from installation to installation; a text that is not there would leave a recipe untried. */
function filled(text: string, values: Readonly<Record<string, string>>): string {
  return Object.entries(values).reduce((filling, [from, to]) => {
    if (!filling.includes(from)) throw new Error(`The recipe does not say "${from}" any more.`);
    return filling.replaceAll(from, to);
  }, text);
}

interface Place {
  readonly folder: string;
  readonly port: number;
  readonly webhookPort: number;
  readonly key: string;
  readonly certificate: string;
}

interface Recipe {
  readonly program: string;
  /** Writes its file. @returns the flags that run it in the foreground */
  prepare(place: Place): readonly string[];
}

const nginx: Recipe = {
  program: '/usr/sbin/nginx',
  prepare: ({ folder, port, webhookPort, key, certificate }) => {
    const server = filled(recipe('nginx'), {
      'listen 443 ssl': `listen 127.0.0.1:${port} ssl`,
      '/etc/ssl/audit.example.com.pem': certificate,
      '/etc/ssl/audit.example.com.key': key,
      'http://127.0.0.1:1882': `http://127.0.0.1:${webhookPort}`,
    });
    const file = join(folder, 'nginx.conf');
    const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map(
      (kind) => `${kind}_temp_path ${folder};`,
    );
    const main = `${process.getuid?.() === 0 ? 'user root;' : ''} daemon off; pid ${folder}/nginx.pid; error_log stderr;`;
    writeFileSync(file, `${main}\nevents {}\nhttp { access_log off; ${temporary.join(' ')}\n${server}}\n`);
    return ['-p', folder, '-c', file, '-e', 'stderr'];
  },
};

const caddy: Recipe = {
  program: '/usr/bin/caddy',
  prepare: ({ folder, port, webhookPort, key, certificate }) => {
    const site = filled(recipe('caddy'), {
      'audit.example.com {': `https://localhost:${port} {\n    bind 127.0.0.1\n    tls ${certificate} ${key}`,
      '127.0.0.1:1882': `127.0.0.1:${webhookPort}`,
    });
    const file = join(folder, 'Caddyfile');
    writeFileSync(file, `{\n    admin off\n    auto_https off\n}\n${site}`);
    return ['run', '--config', file, '--adapter', 'caddyfile'];
  },
};

const proxies: readonly [string, Recipe][] = [
  ['nginx', nginx],
  ['Caddy', caddy],
];
const installed = proxies.filter(([, { program }]) => existsSync(program));
const absent = proxies.filter(([, { program }]) => !existsSync(program));

if (installed.length > 0)
  describe.each(installed)('%s as docs/install.md sets it up', (_name, { program, prepare }) => {
    let folder: string;
    let proxy: ChildProcess;
    let proxySaid = '';
    let sandbox: SandboxProcess;
    let sheet: PracticeSheet;
    let server: RunningCli;
    let publicUrl: string;
    let certificate: string;

    const ask = (path: string, method = 'GET', body = ''): Promise<{ status: number; body: string }> =>
      new Promise((done, fail) => {
        const request = https.request(
          publicUrl + path,
          { method, ca: readFileSync(certificate), agent: false },
          (answer) => {
            let text = '';
            answer.on('data', (chunk) => (text += String(chunk)));
            answer.on('end', () => done({ status: answer.statusCode ?? 0, body: text }));
          },
        );
        request.once('error', fail);
        request.end(body);
      });
    const health = async (): Promise<{ counts: { events: number }; checks: { name: string; text: string }[] }> =>
      JSON.parse((await ask('/health')).body);
    const check = async (name: string): Promise<string> =>
      (await health()).checks.find((one) => one.name === name)?.text ?? '';

    beforeAll(async () => {
      folder = mkdtempSync(join(tmpdir(), 'recipe-'));
      certificate = join(folder, 'cert.pem');
      const key = join(folder, 'key.pem');
      const subject = ['-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost', '-days', '1'];
      execFileSync(
        'openssl',
        ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-keyout', key, '-out', certificate, ...subject],
        { stdio: 'ignore' },
      );
      const [port, webhookPort] = [await freePort(), await freePort()];
      publicUrl = `https://localhost:${port}`;
      proxy = spawn(program, prepare({ folder, port, webhookPort, key, certificate }), {
        cwd: folder,
        env: { PATH: process.env['PATH'], HOME: folder, XDG_DATA_HOME: folder, XDG_CONFIG_HOME: folder },
        stdio: ['ignore', 'pipe', 'pipe'],
      });
      for (const stream of [proxy.stdout, proxy.stderr]) stream?.on('data', (chunk) => (proxySaid += String(chunk)));
      sandbox = await startSandboxWith({ NODE_EXTRA_CA_CERTS: certificate }, '--no-rate-limits');
      sheet = await practiceSheet(sandbox);
      await layStoreOf(folder);
      server = startCli(folder, await freePorts(), {
        SMARTSHEET_ACCESS_TOKEN: 'practice-token',
        SMARTSHEET_API_BASE: `${sandbox.url}/2.0/`,
        SMARTSHEET_SHEETS: String(sheet.id),
        PUBLIC_URL: publicUrl,
        WEBHOOK_PORT: String(webhookPort),
      });
      await until(
        async () => (await check(`sheet ${sheet.id}`)).startsWith('watching;'),
        `a webhook through the proxy; it said: ${proxySaid}; the server: ${server.output()}`,
        60_000,
      );
    }, 120_000);
    afterAll(async () => {
      server?.child.kill('SIGTERM');
      await server?.ended;
      await sandbox?.stop();
      const ended = proxy && new Promise((done) => proxy.once('exit', done));
      if (proxy?.exitCode === null) {
        proxy.kill('SIGTERM');
        await ended;
      }
      rmSync(folder, { recursive: true, force: true });
    }, 60_000);

    it('lets the verification and signed callbacks through with their bytes as they were', async () => {
      const before = (await health()).counts.events;
      await sheet.edit(0, { Note: 'Zähler – geprüft ✓  ' }, 'clerk@example.com');
      // Its signature is over the exact bytes, and the next compare without a callback is minutes away.
      await until(async () => (await health()).counts.events > before, 'the change');
      expect(await check('callbacks')).toMatch(/^last \d{4}-.*; none refused; 0 dead letters$/);
    });

    it('lets a callback of some megabytes through to the check of its signature', async () => {
      expect((await ask('/webhook', 'POST', JSON.stringify({ padding: 'x'.repeat(3_000_000) }))).status).toBe(401);
    });

    it('shows the health, and nothing else of the server', async () => {
      expect((await ask('/health')).status).toBe(200);
      const others = [
        '/',
        '/sign-in',
        '/admin/',
        '/admin/flows',
        '/dashboard',
        '/metrics',
        '/people',
        '/webhook/x',
        '/health/x',
      ];
      for (const path of others) expect([path, (await ask(path)).status]).toEqual([path, 404]);
      expect((await ask('/webhook')).status).toBe(404);
      expect((await ask('/rest/v1/rpc/billing_audit_recent', 'POST', '{}')).status).toBe(404);
      for (const path of ['/webhook/../admin/flows', '//admin/flows', '/webhook%2f..%2fadmin/flows']) {
        expect([path, (await ask(path)).status]).not.toEqual([path, 200]);
      }
    });
  });

for (const [name, { program }] of absent) {
  it.skip(`${name} is not at ${program}: its recipe is untried`, () => undefined);
}

const analyze = ['/usr/bin/systemd-analyze', '/bin/systemd-analyze'].find((path) => existsSync(path));
const whereSystemd = analyze === undefined ? it.skip : it;
whereSystemd('the systemd unit of docs/install.md has no complaint of systemd-analyze', () => {
  const folder = mkdtempSync(join(tmpdir(), 'unit-'));
  const unit = join(folder, 'billing-audit.service');
  // The program is not installed there on this machine.
  writeFileSync(unit, filled(recipe('ini'), { '/opt/billing-audit/bin/billing-audit': '/bin/true' }));
  try {
    // 2>&1: complaints go to standard error, some with the exit code 0.
    const said = execFileSync('/bin/sh', ['-c', `"${analyze}" verify --man=no "${unit}" 2>&1`], { encoding: 'utf8' });
    expect(said.split('\n').filter((line) => line.includes('billing-audit.service'))).toEqual([]);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});
