import { mkdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { modelsOver, openSecretBox, storeOver } from '../../lib/store';
import { newFolder, removeFolder } from '../support/store';
import { until } from '../support/until';
import { event } from './events';
import { model } from './models';
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
} from './pages';

const ARTEFACTS = resolve(__dirname, '../artefacts');
const LIST = '[data-models=list]';
const BACK = '[data-models=back]';
const REFUSAL = '.ba-problem:not([data-models=unusable])';

let browser: Browser;
beforeAll(async () => {
  buildShippedPalette();
  mkdirSync(ARTEFACTS, { recursive: true });
  browser = await launchBrowser();
}, 180_000);
afterAll(() => browser?.close());

describe.each([
  ['no model', 0],
  ['two models', 2],
])('the page of models of a store with %s', (_what, count) => {
  const userDir = newFolder();
  const home = join(userDir, 'home');
  let red: Awaited<ReturnType<typeof startDashboard>>;

  beforeAll(async () => {
    mkdirSync(join(home, 'store'), { recursive: true });
    await withDriver(home, async (driver) => {
      for (let name = 1; name <= count; name += 1) await modelsOver(driver).putModel(model(name, name / 10));
      // Where there is no model, there is something to learn from.
      const changes = count === 0 ? Array.from({ length: 80 }, (_, index) => event(index)) : [];
      if (changes.length > 0) await storeOver(driver, { secrets: openSecretBox(join(home, 'keys')) }).append(changes);
    });
    red = await startDashboard(userDir, { settingsCode: SIGN_IN });
  }, 180_000);
  afterAll(async () => {
    await red?.stop();
    removeFolder(userDir);
  });

  async function open(role: string | null, width = 1280): Promise<Page> {
    const context = await browser.newContext({ viewport: { width, height: 900 } });
    if (role !== null) await context.addCookies([{ name: 'who', value: role, url: red.address }]);
    const page = await context.newPage();
    await page.goto(`${red.address}/dashboard/models`);
    await page.locator(count === 0 ? '[data-models=none]' : LIST).waitFor();
    return page;
  }

  it.each([1280, 390])(
    'can be read at a width of %i by a viewer, who may take nothing back',
    async (width) => {
      const page = await open('viewer', width);
      const text = await page.locator('.ba-models').innerText();
      expect(text).toContain(count === 0 ? 'No model has been trained yet' : 'Model 2 is in force');
      // What the models of this store hold is no engine of any version.
      if (count > 0) expect(text).toContain('Model 2 cannot be used, so rule points stand alone');
      expect(await page.locator(BACK).count()).toBe(0);
      expect(await violationsOn(page)).toEqual([]);
      const overflow = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth, null);
      expect(overflow).toBeLessThanOrEqual(0);
      await page.screenshot({ path: join(ARTEFACTS, `models-${count}-${width}.png`) });
      await page.close();
    },
    120_000,
  );

  it('takes no training from a viewer', async () => {
    const page = await open('viewer');
    expect(await page.locator('[data-models=train]').count()).toBe(0);
    await forge(page, 'widget-action', 'audit-models', { action: 'train', payload: {} });
    const refusal = 'refused an action of viewer@example.com (viewer): it trains a model';
    await until(() => red.logs().includes(refusal), 'the refusal in the log');
    await page.close();
  }, 120_000);

  it('trains for nobody who is not signed in, where no sign-in stands before the page', async () => {
    const page = await open(null);
    await forge(page, 'widget-action', 'audit-models', { action: 'train', payload: {} });
    await page.locator(REFUSAL).waitFor();
    expect(await page.locator(REFUSAL).innerText()).toContain('Nobody is signed in, so nothing was trained.');
    await page.close();
  }, 120_000);

  it('trains when an administrator asks, and says what came of it', async () => {
    const page = await open('admin');
    await page.locator('[data-models=train]').click();
    if (count === 0) {
      await page.locator('[data-models=told]').waitFor();
      expect(await page.locator('.ba-models').innerText()).toContain('The training has ended: model 1 ');
      expect(await page.locator(LIST).innerText()).toContain('80');
    } else {
      await page.locator(REFUSAL).waitFor();
      expect(await page.locator(REFUSAL).innerText()).toContain('0 events are too few to learn from.');
    }
    expect(await page.locator('[data-models=train]').getAttribute('disabled')).toBeNull();
    await page.close();
  }, 120_000);

  if (count === 0) return;

  it('refuses whoever is no administrator, whatever the browser sends', async () => {
    const page = await open('manager');
    await forge(page, 'widget-action', 'audit-models', { action: 'roll_back', payload: { version: 2, reason: 'x' } });
    const refusal = 'refused an action of manager@example.com (manager): it takes the model in force back';
    await until(() => red.logs().includes(refusal), 'the refusal in the log');
    await page.reload();
    await page.locator(LIST).waitFor();
    expect(await page.locator('.ba-models').innerText()).toContain('Model 2 is in force');
    await page.close();
  }, 120_000);

  it('asks an administrator for the reason, takes the model back, and says so', async () => {
    const page = await open('admin');
    await page.locator(BACK).click();
    const form = page.locator('form.ba-dialog');
    await form.waitFor();
    expect(await form.innerText()).toContain('Take model 2 back?');
    await page.locator('[data-models=reason]').fill('It alerts on every price book.');
    await page.locator('form.ba-dialog button[type=submit]').click();
    await page.locator('[data-models=told]').waitFor();
    expect(await page.locator('.ba-models').innerText()).toContain('Model 1 is in force');
    await page.close();
  }, 120_000);
});
