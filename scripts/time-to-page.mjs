/**
 * How long a newcomer waits: `node scripts/time-to-page.mjs` clones the last commit into a temporary folder, runs
 * `npm start` there as practice on ports of its own, and prints the seconds from that command until the dashboard answers,
 * until the first event is counted, and until the count moves. Packages come from npm or its cache, as they would; run it
 * twice to see what the network cost. Not part of `npm test`.
 */
import { execFileSync, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

const LONGEST_SECONDS = 600;
const root = fileURLToPath(new URL('..', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'billing-audit-clone-'));
const tree = join(folder, 'billing-audit');

execFileSync('git', ['clone', '--quiet', '--no-hardlinks', root, tree]);
const commit = execFileSync('git', ['rev-parse', '--short', 'HEAD'], { cwd: tree, encoding: 'utf8' }).trim();
const [port, sandboxPort] = [await freePort(), await freePort()];
const address = `http://127.0.0.1:${port}`;

const begin = performance.now();
const seconds = () => Number(((performance.now() - begin) / 1000).toFixed(1));
// A group of its own, which Ctrl+C reaches as a whole in a terminal.
const started = spawn('npm', ['start'], {
  cwd: tree,
  detached: true,
  shell: process.platform === 'win32',
  stdio: ['ignore', 'pipe', 'pipe'],
  env: { ...withoutOurs(process.env), PORT: String(port), SANDBOX_PORT: String(sandboxPort) },
});
let said = '';
for (const stream of [started.stdout, started.stderr]) stream.on('data', (chunk) => (said += String(chunk)));
const ended = new Promise((done) => started.once('exit', done));

try {
  await until(async () => (await fetch(`${address}/dashboard/overview`)).ok, 'the dashboard to answer');
  const page = seconds();
  const first = await until(events, 'the first event');
  const counted = seconds();
  await until(async () => (await events()) > first, 'the count to move');
  const times = { page_seconds: page, first_event_seconds: counted, moves_seconds: seconds() };
  console.log(JSON.stringify({ ...times, commit, node: process.version, load: loadavg()[0] }));
} catch (failure) {
  console.error(`${failure.message}\nnpm start said:\n${said}`);
  process.exitCode = 1;
} finally {
  if (started.exitCode === null) {
    if (process.platform === 'win32') started.kill('SIGINT');
    else process.kill(-started.pid, 'SIGINT');
  }
  await ended;
  rmSync(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 });
}

async function events() {
  return (await (await fetch(`${address}/health`)).json()).counts.events;
}

/** Asks until the answer is neither nothing nor a failure. */
async function until(condition, what) {
  while (seconds() < LONGEST_SECONDS) {
    if (started.exitCode !== null) throw new Error(`npm start ended with ${started.exitCode}.`);
    const found = await condition().catch(() => null);
    if (found) return found;
    await pause(100);
  }
  throw new Error(`Waited ${LONGEST_SECONDS} s in vain for ${what}.`);
}

/** No setting of this machine gets in: a token would end the practice. */
function withoutOurs(environment) {
  const ours = /^(SMARTSHEET_|SMTP_|ALERT_|BILLING_AUDIT_|PUBLIC_URL|HOST$|WEBHOOK_PORT|DASHBOARD_PORT|npm_)/i;
  return Object.fromEntries(Object.entries(environment).filter(([name]) => !ours.test(name)));
}

function freePort() {
  return new Promise((done, reject) => {
    const probe = createServer().once('error', reject);
    probe.listen(0, '127.0.0.1', () => {
      const { port: free } = probe.address();
      probe.close(() => done(free));
    });
  });
}
