/**
 * Makes the pictures of the README from a running practice office: `node scripts/pictures.mjs` after `npm test` has
 * installed the browser driver. Takes about two minutes, since the office needs some history to show.
 */
import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const { chromium } = createRequire(join(root, 'test/hosts/package.json'))('playwright-core');
const HISTORY_EVENTS = 600;

const home = mkdtempSync(join(tmpdir(), 'billing-audit-pictures-'));
const [port, sandboxPort] = [await freePort(), await freePort()];
const server = spawn(
  process.execPath,
  [join(root, 'dist/billing-audit/cli.js'), 'start', '--port', String(port), '--home', home],
  {
    env: { ...process.env, SANDBOX_PORT: String(sandboxPort) },
    stdio: 'ignore',
  },
);
try {
  await until(async () => (await events()) >= HISTORY_EVENTS);
  mkdirSync(join(root, 'docs/pictures'), { recursive: true });
  const browser = await chromium.launch({
    executablePath: process.env.CHROMIUM_PATH ?? '/usr/bin/chromium',
    args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--disable-background-networking'],
  });
  await picture(browser, '/dashboard/overview', 'overview.png', 1280, (page) =>
    page.getByText('Look at').first().waitFor(),
  );
  // Wide enough for the whole flow between the editor's side bars.
  await picture(browser, '/admin/', 'flow.png', 1720, (page) =>
    page.locator('.red-ui-flow-node-label', { hasText: 'Smartsheet Trigger' }).first().waitFor(),
  );
  await browser.close();
} finally {
  server.kill('SIGTERM');
  await new Promise((done) => server.once('exit', done));
  rmSync(home, { recursive: true, force: true });
}

async function picture(browser, path, file, width, ready) {
  const page = await browser.newPage({ viewport: { width, height: 860 } });
  await page.goto(`http://127.0.0.1:${port}${path}`);
  await ready(page);
  // Charts are drawn in motion; what is shown is the end of it.
  await page.waitForLoadState('networkidle').catch(() => undefined);
  await page.waitForTimeout(3000);
  // A toast would hide the rows that the picture is about.
  const dismiss = page.getByRole('button', { name: 'Dismiss' });
  if (await dismiss.isVisible()) await dismiss.click();
  await page.screenshot({ path: join(root, 'docs/pictures', file) });
  await page.close();
  console.log(`docs/pictures/${file}`);
}

async function events() {
  const answer = await fetch(`http://127.0.0.1:${port}/health`);
  return (await answer.json()).counts?.events ?? 0;
}

async function until(condition) {
  for (let tries = 0; tries < 600; tries += 1) {
    if (await condition().catch(() => false)) return;
    await new Promise((done) => setTimeout(done, 500));
  }
  throw new Error('The practice office did not get going within five minutes.');
}

function freePort() {
  return new Promise((done) => {
    const probe = createServer().listen(0, '127.0.0.1', () => {
      const { port: free } = probe.address();
      probe.close(() => done(free));
    });
  });
}
