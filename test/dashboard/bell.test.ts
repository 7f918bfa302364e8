import { mkdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { FlowNode } from '../support/node-red';
import { newFolder, removeFolder } from '../support/store';
import { until } from '../support/until';
import { alarming, event, NORTH } from './events';
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
const complaints: string[] = [];

/** An Alert node that tells nobody by mail, and a careless flow: whoever asks it may approve. */
function withAlertsAndApprovals(flow: readonly FlowNode[]): readonly FlowNode[] {
  const place = { z: 'careless', x: 100, y: 100 };
  const rules = { operation: 'approve', approver: '_client.user.name', approverType: 'jsonata', approverRole: '' };
  return [
    ...flow.map((node) => {
      const [asks = []] = (node['wires'] ?? []) as string[][];
      return node.id === 'audit-changes-table' ? { ...node, wires: [[...asks, 'approve-asked']] } : node;
    }),
    { id: 'careless', type: 'tab', label: 'Careless' },
    { ...place, id: 'tell', type: 'billing-audit-alert', smtp: '', recipients: '', wires: [[]] },
    {
      ...{ ...place, id: 'approve-asked', type: 'switch', property: 'action', propertyType: 'msg' },
      ...{ rules: [{ t: 'eq', v: 'approve', vt: 'str' }], checkall: 'true', outputs: 1, wires: [['approve']] },
    },
    { ...place, id: 'approve', type: 'billing-audit-billing-rules', ...rules, wires: [[]] },
  ];
}

beforeAll(async () => {
  buildShippedPalette();
  mkdirSync(ARTEFACTS, { recursive: true });
  mkdirSync(join(home, 'store'), { recursive: true });
  await withStore(home, async (store) => void (await store.append([event(90), alarming(91)])));
  red = await startDashboard(userDir, { settingsCode: SIGN_IN, also: withAlertsAndApprovals });
  browser = await launchBrowser();
}, 240_000);

afterAll(async () => {
  await browser?.close();
  await red?.stop();
  removeFolder(userDir);
});

async function open(path: string, role: string | null, width = 1280): Promise<Page> {
  const context = await browser.newContext({ viewport: { width, height: 900 } });
  if (role !== null) await context.addCookies([{ name: 'who', value: role, url: red.address }]);
  const page = await context.newPage();
  page.on('console', (about) => {
    if (about.type() === 'error' || about.type() === 'warning') complaints.push(`${about.type()}: ${about.text()}`);
  });
  page.on('pageerror', (thrown) => complaints.push(String(thrown)));
  await page.goto(`${red.address}/dashboard/${path}`);
  await page
    .locator(path.startsWith('overview') ? '[data-card]' : '[data-event]')
    .first()
    .waitFor();
  return page;
}

const bellOf = async (page: Page): Promise<string> => (await page.locator('.ba-bell').getAttribute('aria-label')) ?? '';
const bellSays = (page: Page, text: string): Promise<unknown> =>
  until(async () => (await bellOf(page)) === text || Promise.reject(new Error(await bellOf(page))), `"${text}"`);
const toastOf = (page: Page): Promise<string> => page.locator('[role=status][aria-live=polite] .ba-toast').innerText();
const press = (page: Page, name: string): Promise<void> =>
  page.evaluate((text) => {
    const buttons = Array.from(
      document.querySelectorAll<HTMLElement>('.ba-toast button, .ba-alerts button, .ba-picked button'),
    );
    buttons.find((button) => button.innerText === text)?.click();
  }, name);
const fresh = (number: number) => alarming(number, { changed_at: new Date().toISOString() });

describe('the bell', () => {
  it('counts on every page what was raised since this person looked, and a toast tells it once, politely', async () => {
    const pages = [
      await open('overview', 'viewer'),
      await open('changes', 'viewer'),
      await open('overview', 'manager'),
    ];
    for (const page of pages) await bellSays(page, 'Alerts: none unread');
    expect(await pages[1]!.locator('.ba-account').getAttribute('href')).toBe('/account');
    expect(await pages[1]!.locator('.ba-account').getAttribute('aria-label')).toMatch(/^Account of \S/u);
    await red.append(fresh(1));
    for (const page of pages) {
      await bellSays(page, 'Alerts: 1 unread');
      const toast = await until(() => toastOf(page), 'the toast');
      expect(toast).toContain('New alert\nUnits Total Price: $1,250.00 → $2,750.00 (+$1,500.00), by clerk');
    }
    expect(await violationsOn(pages[0]!)).toEqual([]);
    await press(pages[0]!, 'Dismiss');
    await until(async () => (await pages[0]!.locator('.ba-toast').count()) === 0, 'the toast to go');
    await bellSays(pages[0]!, 'Alerts: 1 unread');
    for (const page of pages) await page.close();
  });

  it('makes one toast with a count of a burst', async () => {
    const page = await open('overview', 'viewer');
    await bellSays(page, 'Alerts: 1 unread');
    expect(await page.locator('.ba-toast').count()).toBe(0);
    await Promise.all([2, 3, 4, 5, 6, 7].map((number) => red.append(fresh(number))));
    await until(async () => /^6 new alerts\nThe latest: /u.test(await toastOf(page)), 'all six in one toast', 40_000);
    expect(await page.locator('.ba-toast').count()).toBe(1);
    await page.screenshot({ path: join(ARTEFACTS, 'toast-1280.png') });
    await page.close();
  });

  it('opens and closes by keyboard, and what one person saw is read on all their pages, and for nobody else', async () => {
    const [page, other] = [await open('overview', 'viewer'), await open('changes', 'viewer')];
    const manager = await open('overview', 'manager');
    await bellSays(page, 'Alerts: 7 unread');
    await page.locator('.ba-bell').focus();
    await page.keyboard.press('Enter');
    await page.locator('.ba-alerts [data-alert]').first().waitFor();
    expect(await page.locator('.ba-alerts__new').count()).toBe(7);
    for (const each of [page, other]) await bellSays(each, 'Alerts: none unread');
    await bellSays(manager, 'Alerts: 7 unread');
    expect(await violationsOn(page)).toEqual([]);
    await page.screenshot({ path: join(ARTEFACTS, 'alerts-1280.png') });
    await page.keyboard.press('Escape');
    await page.locator('.ba-alerts').waitFor({ state: 'hidden' });
    expect(await page.evaluate(() => document.activeElement?.className, null)).toBe('ba-bell');
    await page.reload();
    await bellSays(page, 'Alerts: none unread');
    for (const each of [page, other, manager]) await each.close();
  });

  it('counts what nobody has answered where nobody is signed in', async () => {
    const page = await open('overview', null);
    await bellSays(page, 'Alerts: 7 not answered');
    expect(await page.locator('.ba-account').count()).toBe(0);
    await page.close();
  });

  it('leads to the change, on a phone too', async () => {
    const page = await open('overview', 'auditor', 390);
    await page.locator('.ba-bell').click();
    await page.locator('.ba-alerts a').first().click();
    await page.locator('[data-picked]').waitFor();
    const key = await page.locator('[data-picked]').getAttribute('data-picked');
    expect(new URL(page.url()).searchParams.get('event')).toBe(key);
    expect(await page.locator('.ba-alerts').count()).toBe(0);
    await page.screenshot({ path: join(ARTEFACTS, 'picked-390.png') });
    await page.close();
  });
});

describe("a mail's link", () => {
  it.each([390, 1280, 1920])('opens its change, highlighted and in full, at %i px', async (width) => {
    const page = await open(`changes?event=${encodeURIComponent(event(91).event_key)}`, 'manager', width);
    const picked = page.locator(`[data-picked="${event(91).event_key}"]`);
    await picked.waitFor();
    expect(await page.locator('.ba-picked h3').innerText()).toBe('The change you were sent to');
    expect(await page.locator('.ba-picked').innerText()).toContain(alarming(91).suggested_fix);
    expect(await picked.innerText()).toContain('Approve');
    await until(() => page.evaluate(() => document.activeElement?.tagName === 'H3', null), 'the focus to stand there');
    expect(
      await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth, null),
    ).toBeLessThanOrEqual(0);
    expect(await violationsOn(page)).toEqual([]);
    await page.close();
  });

  it('says plainly that there is no such change, shows the others, and can be put away', async () => {
    const page = await open('changes?event=1:2:3:4', 'viewer');
    await until(
      async () => (await page.locator('.ba-picked--none h3').innerText()) === 'This change is not in the trail',
      'the empty state',
    );
    expect(await page.locator('.ba-picked--none').innerText()).toContain('1:2:3:4');
    expect(await page.locator('[data-event]').count()).toBeGreaterThan(1);
    await press(page, 'Close');
    await page.locator('.ba-picked').waitFor({ state: 'hidden' });
    expect(page.url()).toBe(`${red.address}/dashboard/changes`);
    await page.close();
  });
});

describe('a forged action', () => {
  const approval = (ticket: string) => ({
    action: 'approve',
    payload: {
      sheet_id: NORTH,
      from: '2026-01-01',
      to: '2026-12-31',
      people: ['clerk@example.com'],
      reason: 'x',
      ticket,
    },
  });

  it('approves nothing for a viewer, even where the flow is careless, and is told', async () => {
    const page = await open('changes', 'viewer');
    await forge(page, 'widget-action', 'audit-changes-table', approval('forged'));
    await forge(page, 'widget-action', 'audit-changes-table', [[approval('forged')]]);
    await forge(page, 'widget-action', 'audit-changes-table', { action: 'erase', payload: {} });
    await forge(page, 'widget-action', 'audit-bell', { payload: { seen: 1 } });
    for (const why of ['records an approval', 'is an action that nobody knows', 'acts without saying what it does'])
      await until(() => red.logs().includes(`viewer@example.com (viewer): it ${why}`), why);
    await page.close();
  });

  it('that nobody knows is stopped of a manager too, whose approval passes', async () => {
    const page = await open('changes', 'manager');
    await forge(page, 'widget-action', 'audit-changes-table', { action: 'erase', payload: {} });
    await until(() => red.logs().includes('(manager): it is an action that nobody knows'), 'the refusal to be told');
    await forge(page, 'widget-action', 'audit-changes-table', approval('meant'));
    // What comes after it on the same connection has been answered, so it has been taken too.
    await page.locator('.ba-search button[type=submit]').click();
    await until(async () => (await page.locator('[data-event]').count()) > 1, 'the page to answer');
    await page.close();
  });

  it('of having seen a million alerts hides none that comes, and is never counted for somebody else', async () => {
    const [page, manager] = [await open('overview', 'viewer'), await open('overview', 'manager')];
    const boss = { by: 'manager@example.com', role: 'manager' };
    await forge(page, 'widget-action', 'audit-bell', {
      action: 'seen',
      payload: { seen: 1_000_000, ...boss },
      _client: { user: { name: boss.by, role: boss.role } },
    });
    await bellSays(page, 'Alerts: none unread');
    await red.append(fresh(8));
    await bellSays(page, 'Alerts: 1 unread');
    await bellSays(manager, 'Alerts: 8 unread');
    await page.close();
    await manager.close();
  });
});

it('made no complaint in the console', () => {
  expect(complaints).toEqual([]);
});

it("leaves one approval in the store: the manager's own", async () => {
  await red.stop('SIGTERM');
  const approvals = await withStore(home, (store) =>
    store.approvals({ sheetId: NORTH, at: '2026-06-01T12:00:00.000Z' }),
  );
  expect(approvals).toMatchObject([{ ticket: 'meant', approver: 'manager@example.com' }]);
});
