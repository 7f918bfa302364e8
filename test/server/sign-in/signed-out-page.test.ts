import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { type Browser, launchBrowser, type Page, violationsOn } from '../../dashboard/pages';
import { freePort } from '../../support/ports';
import { until } from '../../support/until';
import { ask, signedIn } from './support/client';
import { startServer, type GuardedServer } from './support/start-server';

const ROOT = resolve(__dirname, '../../..');
const ARTEFACTS = join(ROOT, 'test/artefacts');
const MINUTE = 60_000;
const home = mkdtempSync(join(tmpdir(), 'signed-out-'));
let server: GuardedServer;
let browser: Browser;
let port: number;
let passwords: Readonly<Record<string, string>>;

/** Our pages and what stands on each of them, without the nodes that fill them: the palette is not needed for this. */
function shell(): readonly object[] {
  const all = JSON.parse(readFileSync(join(ROOT, 'dashboards/overview.json'), 'utf8')) as Record<string, unknown>[];
  const kept = ['audit-base', 'audit-overview', 'audit-changes', 'audit-style', 'audit-connection'];
  const themes = all.filter(({ type }) => type === 'ui-theme');
  const words = { id: 'words', type: 'ui-group', page: 'audit-changes', name: 'What is shown', width: '6', order: 1 };
  return [
    { id: 'audit-dashboard', type: 'tab', label: 'Pages' },
    ...themes,
    words,
    ...all.filter(({ id }) => kept.includes(String(id))),
  ];
}

const start = (): Promise<GuardedServer> =>
  startServer({ home, environment: { PORT: String(port) }, dashboard: shell() });

async function fill(page: Page): Promise<void> {
  await page.locator('input[name=name]').fill('viewer');
  await page.locator('input[name=password]').fill(passwords['viewer'] ?? '');
  await page.locator('button.main').click();
}

async function openAt(path: string, width = 1280): Promise<Page> {
  const page = await (await browser.newContext({ viewport: { width, height: 800 } })).newPage();
  await page.goto(server.address + path);
  await fill(page);
  await connected(page);
  return page;
}

/** The page has its connection, so that losing it can be noticed. */
const connected = (page: Page): Promise<unknown> =>
  until(
    () =>
      page.evaluate(() => {
        const app = document.querySelector('#app') as unknown as {
          __vue_app__?: { _context: { provides: { $socket: { connected: boolean } } } };
        } | null;
        const isThere = document.querySelector('.ba-away') !== null;
        return isThere && app?.__vue_app__?._context.provides.$socket.connected === true;
      }, null),
    'the page to be connected',
  );
const placeOf = (page: Page): string => page.url().slice(server.address.length);

beforeAll(async () => {
  mkdirSync(ARTEFACTS, { recursive: true });
  port = await freePort();
  server = await start();
  passwords = Object.fromEntries(server.made.map(({ name, password }) => [name, password]));
  browser = await launchBrowser();
}, 90_000);

afterAll(async () => {
  await browser?.close();
  await server?.stop();
  rmSync(home, { recursive: true, force: true });
});

it('says that the server is away while it restarts, and goes on where it was', async () => {
  const place = '/dashboard/changes?event=1';
  const page = await openAt(place);
  expect(await page.locator('.ba-away p').count()).toBe(0);
  await server.stop();
  await page.locator('.ba-away p').waitFor();
  expect(await page.locator('.ba-away').innerText()).toMatch(
    /^The server is away, trying again\. What you see is as it was at \d/u,
  );
  expect(await page.locator('.ba-out').count()).toBe(0);
  expect(await violationsOn(page)).toEqual([]);
  await page.screenshot({ path: join(ARTEFACTS, 'away-1280.png') });
  server = await start();
  await page.locator('.ba-away p').waitFor({ state: 'hidden' });
  await connected(page);
  expect(placeOf(page)).toBe(place);
  await page.close();
}, 90_000);

it('finds its page again when the shell has given up and loaded the first one', async () => {
  const page = await openAt('/dashboard/changes?event=2');
  await server.stop();
  await page.locator('.ba-away p').waitFor();
  // The page must not get its connection back before it is left: then there would be nothing to find again.
  await page.goto(`${server.address}/dashboard?reloadTime=1`).catch(() => undefined);
  server = await start();
  // It may be left again before it has loaded, which the browser reports as a failure.
  await page.goto(`${server.address}/dashboard?reloadTime=1`).catch(() => undefined);
  await until(() => placeOf(page) === '/dashboard/changes?event=2', 'the page that was open');
  await page.close();
}, 90_000);

it.each([390, 1280])(
  'covers itself when nobody has used it for half an hour, says so, and comes back to the same page at %i px',
  async (width) => {
    const place = '/dashboard/changes?event=a%3Ab';
    const page = await openAt(place, width);
    await server.putClockForward(31 * MINUTE);
    await page.locator('.ba-out').waitFor();
    expect(await page.locator('.ba-out').innerText()).toContain('You were signed out');
    expect(await page.locator('.ba-away p').count()).toBe(0);
    const seen = await page.evaluate(() => {
      const app = document.querySelector('#app') as HTMLElement;
      const on = document.elementFromPoint(20, 20);
      return {
        inert: app.inert,
        covered: on?.closest('.ba-out') !== null,
        focus: (document.activeElement as HTMLElement).innerText,
        wide: document.documentElement.scrollWidth - window.innerWidth,
      };
    }, null);
    expect(seen).toEqual({ inert: true, covered: true, focus: 'Sign in again', wide: expect.any(Number) });
    expect(seen.wide).toBeLessThanOrEqual(0);
    expect(await violationsOn(page)).toEqual([]);
    await page.screenshot({ path: join(ARTEFACTS, `signed-out-${width}.png`) });
    await page.keyboard.press('Enter');
    await page.locator('input[name=password]').waitFor();
    await fill(page);
    await connected(page);
    expect(placeOf(page)).toBe(place);
    expect(await page.locator('.ba-out').count()).toBe(0);
    await page.close();
  },
  60_000,
);

it('does not keep a session alive by asking why its connection ended', async () => {
  const cookie = await signedIn(server.address, 'viewer', passwords['viewer'] ?? '');
  const statusOf = async (path: string): Promise<number> => (await ask(server.address + path, { cookie })).status;
  await server.putClockForward(20 * MINUTE);
  expect(await statusOf('/dashboard/_setup')).toBe(200);
  await server.putClockForward(11 * MINUTE);
  expect(await statusOf('/dashboard/_setup')).toBe(401);
});

it('starts afresh when its person signs in again in another tab', async () => {
  const page = await openAt('/dashboard/changes');
  await server.putClockForward(31 * MINUTE);
  await page.locator('.ba-out').waitFor();
  const status = await page.evaluate(
    async (form) => (await fetch('/sign-in', { method: 'POST', body: new URLSearchParams(form) })).status,
    { name: 'viewer', password: passwords['viewer'] ?? '', next: '/account' },
  );
  expect(status).toBe(200);
  await page.locator('.ba-out').waitFor({ state: 'hidden' });
  await connected(page);
  await page.close();
}, 60_000);

it('met no failure in the server', () => {
  expect(server.failures).toEqual([]);
});
