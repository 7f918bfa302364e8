import { mkdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { newFolder, removeFolder } from '../support/store';
import { until } from '../support/until';
import { alarming, event } from './events';
import {
  type Browser,
  buildShippedPalette,
  forge,
  launchBrowser,
  type Page,
  SIGN_IN,
  startDashboard,
  violationsOn,
  withStore,
} from './pages';

const ARTEFACTS = resolve(__dirname, '../artefacts');

const userDir = newFolder();
const home = join(userDir, 'home');
let red: Awaited<ReturnType<typeof startDashboard>>;
let browser: Browser;

beforeAll(async () => {
  buildShippedPalette();
  mkdirSync(ARTEFACTS, { recursive: true });
  mkdirSync(join(home, 'store'), { recursive: true });
  await withStore(home, async (store) => void (await store.append([event(1), alarming(2)])));
  const place = { z: 'telling', x: 100, y: 100 };
  red = await startDashboard(userDir, {
    settingsCode: SIGN_IN,
    also: (flow) => [
      ...flow,
      { id: 'telling', type: 'tab', label: 'Telling' },
      { ...place, id: 'tell', type: 'billing-audit-alert', smtp: '', recipients: '', wires: [[]] },
    ],
  });
  browser = await launchBrowser();
}, 240_000);

afterAll(async () => {
  await browser?.close();
  await red?.stop();
  removeFolder(userDir);
});

async function open(path: string, role: string, width = 1280): Promise<Page> {
  const context = await browser.newContext({ viewport: { width, height: 900 } });
  await context.addCookies([{ name: 'who', value: role, url: red.address }]);
  const page = await context.newPage();
  await page.goto(`${red.address}/dashboard/${path}`);
  await page.locator('[data-event]').first().waitFor();
  return page;
}

const rowOf = (number: number): string => `[data-event="${event(number).event_key}"]`;

describe('whether it was a real problem', () => {
  const said = (number: number): string => `${rowOf(number)} .ba-judge__said`;
  const pill = (number: number, word: string): string => `${rowOf(number)} .ba-pill:has-text("${word}")`;

  it('is said by an auditor with one press, and taken back with another', async () => {
    const page = await open('overview', 'auditor');
    await page.locator(pill(2, 'Real problem')).click();
    await page.locator(said(2)).waitFor();
    expect(await page.locator(said(2)).innerText()).toMatch(/^A real problem, says auditor@example\.com, /u);
    expect(await page.locator(pill(2, 'Real problem')).getAttribute('aria-pressed')).toBe('true');
    await page.locator(pill(2, 'Not sure')).click();
    await until(
      async () => (await page.locator(said(2)).innerText()).startsWith('Not sure: auditor@example.com'),
      'the change of mind',
    );
    expect(await violationsOn(page)).toEqual([]);
    await page.screenshot({ path: join(ARTEFACTS, 'judged-1280.png') });
    await page.close();
  });

  it('is not offered to a viewer, whose forged word is refused and leaves nothing', async () => {
    const page = await open('overview', 'viewer');
    await page.locator(said(2)).waitFor();
    expect(await page.locator('.ba-pill').count()).toBe(0);
    const payload = { event_key: event(2).event_key, verdict: 'false', by: 'boss@example.com', role: 'admin' };
    await forge(page, 'widget-action', 'audit-attention', { action: 'judge', payload });
    await until(() => red.logs().includes('says whether a change was a real problem'), 'the forged word to be told');
    expect(await page.locator(said(2)).innerText()).toContain('Not sure: auditor@example.com');
    await page.close();
  });

  it('is said of an alert behind the bell too, on a phone, and stands in the table at once', async () => {
    await red.append(alarming(3, { changed_at: new Date().toISOString() }));
    const page = await open('overview', 'manager', 390);
    await until(
      async () => (await page.locator('.ba-bell').getAttribute('aria-label')) !== 'Alerts: none unread',
      'it',
    );
    await page.locator('.ba-bell').click();
    const alert = `[data-alert="${event(3).event_key}"]`;
    await page.locator(`${alert} .ba-pill:has-text("Fine")`).click();
    const heard = page.locator(`${alert} [role=status]`);
    await heard.waitFor();
    expect(await heard.innerText()).toMatch(/^Fine, says manager@example\.com, /u);
    expect(await violationsOn(page)).toEqual([]);
    await page.screenshot({ path: join(ARTEFACTS, 'judged-alert-390.png') });
    await page.close();
    const changes = await open('changes', 'viewer');
    await changes.locator(said(3)).waitFor();
    expect(await changes.locator(said(3)).innerText()).toContain('Fine, says manager@example.com');
    await changes.close();
  });

  it('shows how many of the past problems the number of findings a day would have shown', async () => {
    const page = await open('overview', 'auditor');
    const promise = page.locator('.ba-promise');
    await promise.waitFor();
    expect(await promise.innerText()).toContain('0 of at most 20 findings told today.');
    expect(await promise.innerText()).toContain('Nobody has marked a real problem yet');
    await page.locator(pill(3, 'Real problem')).click();
    await until(
      async () => (await promise.innerText()).includes('At this setting 1 of 1 past problem would have been shown'),
      'the problem to be counted',
    );
    expect(await violationsOn(page)).toEqual([]);
    await page.screenshot({ path: join(ARTEFACTS, 'promise-1280.png') });
    await page.close();
  });
});
