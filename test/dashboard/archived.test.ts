import { mkdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { openHome } from '../../lib/runtime/home';
import { openSealKeys, SealBook, sealNext } from '../../lib/seal';
import { openEmbeddedStore, openSecretBox, storeOver } from '../../lib/store';
import { archiveOf, recordedAt } from '../seal/archiving';
import { newFolder, removeFolder } from '../support/store';
import { until } from '../support/until';
import { event } from './events';
import {
  type Browser,
  buildShippedPalette,
  launchBrowser,
  type Page,
  PALETTE,
  SIGN_IN,
  startDashboard,
  violationsOn,
} from './pages';

const ARTEFACTS = resolve(__dirname, '../artefacts');
const TOLD = 'January 2026 is archived in 2026-01.zip: changes recorded in that month are not shown here.';

const userDir = newFolder();
let red: Awaited<ReturnType<typeof startDashboard>>;
let browser: Browser;

/** A store whose January has left, and in which more than a page of changes is. */
beforeAll(async () => {
  buildShippedPalette();
  mkdirSync(ARTEFACTS, { recursive: true });
  const home = join(userDir, 'home');
  const { keys: keysFolder } = openHome(home);
  const driver = await openEmbeddedStore({
    directory: join(home, 'store', 'embedded'),
    workerPath: join(PALETTE, 'store-worker.js'),
    migrations: resolve(__dirname, '../../supabase'),
  });
  const store = storeOver(driver, { secrets: openSecretBox(keysFolder) });
  const [book, keys] = [new SealBook(driver), openSealKeys(keysFolder, {})];
  await recordedAt({ driver }, '2026-01-20T12:00:00Z', async () => {
    await store.append([1, 2].map((number) => event(number, { changed_at: '2026-01-20T11:00:00.000Z' })));
  });
  await store.append(Array.from({ length: 40 }, (_, index) => event(100 + index)));
  await sealNext({ book, keys, now: Date.now });
  await archiveOf({ driver, store, book, keys, folder: userDir }, '2026-01', '2026-01.zip');
  await driver.close();
  red = await startDashboard(userDir, { settingsCode: SIGN_IN });
  browser = await launchBrowser();
}, 180_000);

afterAll(async () => {
  await browser?.close();
  await red?.stop();
  removeFolder(userDir);
});

async function open(query = '', width = 1280): Promise<Page> {
  const context = await browser.newContext({ viewport: { width, height: 900 } });
  await context.addCookies([{ name: 'who', value: 'auditor', url: red.address }]);
  const page = await context.newPage();
  await page.goto(`${red.address}/dashboard/changes${query}`);
  await page.locator('[data-event]').first().waitFor();
  return page;
}

const note = (page: Page) => page.locator('.ba-archived');

describe('the page of changes, of which a month is archived', () => {
  it('says nothing while its pages go on to what is older, and says it on the last of them', async () => {
    const page = await open();
    expect(await note(page).count()).toBe(0);
    await page.locator('.ba-pager button:last-child').click();
    await note(page).waitFor();
    expect(await note(page).innerText()).toBe(TOLD);
    await page.close();
  });

  it.each([1280, 390])('says it at once when the days that were asked for touch the month, in %i px', async (width) => {
    const page = await open('', width);
    const [from, to] = [
      page.locator('.ba-search input[type=date]').first(),
      page.locator('label:has-text("To day") input'),
    ];
    await from.fill('2026-01-01');
    await page.locator('.ba-search button[type=submit]').click();
    await note(page).waitFor();
    expect(await note(page).innerText()).toBe(TOLD);
    expect(await page.locator('[data-event]').count()).toBe(25);
    expect(await violationsOn(page)).toEqual([]);
    const overflow = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth, null);
    expect(overflow).toBeLessThanOrEqual(0);
    await page.evaluate(() => document.querySelector('.ba-archived')?.scrollIntoView({ block: 'center' }), null);
    await page.screenshot({ path: join(ARTEFACTS, `archived-${width}.png`) });
    await to.fill('2026-01-31');
    await page.locator('.ba-search button[type=submit]').click();
    await page.locator('.ba-empty').waitFor();
    expect(await note(page).innerText()).toBe(TOLD);
    await from.fill('2026-02-01');
    await to.fill('2026-02-28');
    await page.locator('.ba-search button[type=submit]').click();
    await until(async () => (await note(page).count()) === 0, 'the note to go');
    await page.close();
  });

  it('tells whoever follows a link to an archived change where it is', async () => {
    const page = await open(`?event=${event(1).event_key}`);
    const picked = page.locator('.ba-picked');
    await until(async () => (await picked.innerText()).includes('This change is archived'), 'the answer');
    expect(await picked.innerText()).toContain(TOLD);
    await page.close();
  });
});
