import { mkdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { Store } from '../../lib/store';
import { newFolder, removeFolder } from '../support/store';
import { until } from '../support/until';
import {
  type Browser,
  buildShippedPalette,
  forge,
  launchBrowser,
  type Page,
  SIGN_IN,
  startDashboard,
  violationsOn,
  withDriver,
  withStore,
} from './pages';

const ARTEFACTS = resolve(__dirname, '../artefacts');
const LIST = '[data-dead=list]';
const AGAIN = '[data-dead=again]';
const TROUBLE = {
  kind: 'token',
  sheet_id: '41',
  severity: 'HIGH',
  title: 'Sheet 41 is not watched: Smartsheet refuses the token',
  text: 'Make a new token.',
  began_at: '2026-02-03T16:30:00.000Z',
  at: '2026-02-03T16:31:00.000Z',
};
const TROUBLES = [
  TROUBLE,
  ...[51, 52, 53, 54, 55].map((id) => ({ ...TROUBLE, sheet_id: `${id}`, title: `Sheet ${id} is not watched` })),
  { ...TROUBLE, kind: 'sheet', sheet_id: '0', title: 'The audit sheet cannot be written' },
];

const userDir = newFolder();
const home = join(userDir, 'home');
let red: Awaited<ReturnType<typeof startDashboard>>;
let browser: Browser;

beforeAll(async () => {
  buildShippedPalette();
  mkdirSync(ARTEFACTS, { recursive: true });
  mkdirSync(join(home, 'store'), { recursive: true });
  await withDriver(home, async (driver) => {
    for (const trouble of TROUBLES) await driver.rpc('billing_audit_begin_watch_trouble', trouble);
  });
  await withStore(home, async (store) => {
    await giveUp(store, '41', 3, 'Smartsheet refused to read sheet 41: not found (1006).');
    await giveUp(store, '42', 1, 'The callback cannot be understood: it is no JSON.');
  });
  red = await startDashboard(userDir, { settingsCode: SIGN_IN });
  browser = await launchBrowser();
}, 180_000);
afterAll(async () => {
  await browser?.close();
  await red?.stop();
  removeFolder(userDir);
});

/** Callbacks of a sheet, each of which failed eight times. */
async function giveUp(store: Store, sheetId: string, callbacks: number, why: string): Promise<void> {
  const hook = { webhook_id: sheetId, sheet_id: sheetId, callback_url: 'https://x.example.com/webhook' };
  await store.saveWebhook({ ...hook, shared_secret: 's', previous_secret: null, status: 'ENABLED' });
  for (let each = 0; each < callbacks; each += 1)
    await store.acceptCallback({ webhook_id: sheetId, nonce: `n${each}`, body: Buffer.from(`${sheetId} ${each}`) });
  for (let attempt = 1; attempt <= 8; attempt += 1) {
    const leased = await store.leaseCallbacks({ limit: 10, leaseSeconds: 60, sheetIds: [sheetId] });
    await store.failCallbacks({ ids: leased.map(({ id }) => id), why, retryInSeconds: 0 });
  }
}

interface Look {
  readonly width?: number;
  readonly colorScheme?: 'light' | 'dark';
}

async function open(role: string, { width = 1280, colorScheme = 'light' }: Look = {}): Promise<Page> {
  const context = await browser.newContext({ viewport: { width, height: 900 }, colorScheme });
  await context.addCookies([{ name: 'who', value: role, url: red.address }]);
  const page = await context.newPage();
  await page.goto(`${red.address}/dashboard/overview`);
  await page.locator('[data-card]').first().waitFor();
  return page;
}

it('says above all numbers that the watch itself is not well, since when, and where it stands what to do', async () => {
  const page = await open('viewer', { width: 390 });
  const banner = page.locator('[data-cards=troubles]');
  await banner.waitFor();
  const text = await banner.innerText();
  expect(text).toContain('Sheet 41 is not watched: Smartsheet refuses the token, since Tue 3 Feb 2026, 10:30.');
  expect(text).toContain('The watch itself and the audit sheet need somebody.');
  // One refused token is a trouble of each of its sheets: the numbers must not be pushed off the page.
  expect(text).toContain('Sheet 54 is not watched');
  expect(text).not.toContain('Sheet 55');
  expect(text).toContain('and 2 more.');
  expect(text).toContain('behind the bell');
  expect(await page.locator('[data-card=well] .ba-card__number').innerText()).toBe('Not now');
  expect(await violationsOn(page)).toEqual([]);
  await page.close();
}, 120_000);

it('shows a viewer which callbacks were put aside and why, and lets nobody but a manager or an admin try again', async () => {
  const page = await open('viewer');
  await page.locator(LIST).waitFor();
  const text = await page.locator(LIST).innerText();
  expect(text).toContain('4 callbacks failed in eight tries and were put aside.');
  expect(text).toContain('not found (1006)');
  expect(text).toContain('A manager or an administrator can have them tried again.');
  expect(await page.locator(AGAIN).count()).toBe(0);
  await forge(page, 'widget-action', 'audit-dead', { action: 'replay', payload: null });
  await until(
    () => red.logs().includes('refused an action of viewer@example.com (viewer): it puts callbacks back to work'),
    'the refusal in the log',
  );
  await page.reload();
  await page.locator(LIST).waitFor();
  expect(await page.locator(LIST).innerText()).toContain('4 callbacks');
  expect(await violationsOn(page)).toEqual([]);
  await page.close();
}, 120_000);

it.each([
  [1280, 'light'],
  [1280, 'dark'],
  [390, 'light'],
  [390, 'dark'],
] as const)(
  'can be read at %i in a browser that wants it %s',
  async (width, colorScheme) => {
    const page = await open('manager', { width, colorScheme });
    await page.locator(AGAIN).waitFor();
    const overflow = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth, null);
    expect(overflow).toBeLessThanOrEqual(0);
    await page.evaluate((list) => document.querySelector(list)?.scrollIntoView({ block: 'center' }), LIST);
    await page.screenshot({ path: join(ARTEFACTS, `dead-${width}-${colorScheme}.png`) });
    await page.close();
  },
  120_000,
);

it('asks before it tries again, does it once, says how it went, and is told on every page', async () => {
  const other = await open('viewer');
  await other.locator(LIST).waitFor();
  const page = await open('manager');
  await page.locator(AGAIN).click();
  const form = page.locator('form.ba-dialog');
  await form.waitFor();
  expect(await form.innerText()).toContain('Try 4 callbacks again?');
  await until(
    async () => (await page.evaluate(() => document.activeElement?.textContent, null)) === 'Cancel',
    'the harmless button to have the focus',
  );
  await page.screenshot({ path: join(ARTEFACTS, 'dead-asking-1280.png') });
  await page.locator('form.ba-dialog button[type=button]').click();
  await form.waitFor({ state: 'hidden' });
  expect(await page.locator(LIST).innerText()).toContain('4 callbacks');

  await page.locator(AGAIN).click();
  await form.waitFor();
  await page.locator('form.ba-dialog button[type=submit]').click();
  await page.locator('[data-dead=told]').waitFor();
  expect(await page.locator('[data-dead=told]').innerText()).toContain(
    '4 callbacks are worked on again, at the wish of manager@example.com.',
  );
  expect(await page.locator(LIST).count()).toBe(0);
  await page.screenshot({ path: join(ARTEFACTS, 'dead-told-1280.png') });
  await other.locator(LIST).waitFor({ state: 'hidden' });
  await page.close();
  await other.close();
  await red.stop();
  await withStore(home, async (store) => {
    expect(await store.counts()).toMatchObject({ callbacks_dead: 0, callbacks_waiting: 4 });
    const { events } = await store.search({ kind: 'callbacks_replayed' });
    expect(events.map(({ sheet_id, changed_by }) => [sheet_id, changed_by]).toSorted()).toEqual([
      ['41', 'manager@example.com'],
      ['42', 'manager@example.com'],
    ]);
  });
}, 180_000);
