import { mkdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { Overview } from '../../lib/store';
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
let expected: Overview;
/** What browsers said that they should not have. */
const complaints: string[] = [];

beforeAll(async () => {
  buildShippedPalette();
  mkdirSync(ARTEFACTS, { recursive: true });
  mkdirSync(join(home, 'store'), { recursive: true });
  expected = await withStore(home, async (store) => {
    const ago = (minutes: number): string => new Date(Date.now() - minutes * 60_000).toISOString();
    const quiet = Array.from({ length: 40 }, (_, index) => event(100 + index, { changed_at: ago(60 * index + 30) }));
    const loud = [1, 2, 3].map((number) => alarming(number, { changed_at: ago(number * 400) }));
    await store.append([...quiet, ...loud]);
    const now = new Date().toISOString();
    const answer = await store.overview({ now, days: 7, time_zone: 'America/Chicago', risk_from: 0.7 });
    if (answer.unchanged) throw new Error('There is no overview.');
    return answer;
  });
  red = await startDashboard(userDir, { settingsCode: SIGN_IN, env: { BILLING_AUDIT_PRACTICE: '1' } });
  browser = await launchBrowser();
}, 120_000);

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
  page.on('request', (request) => {
    if (/^(https?|wss?):/u.test(request.url()) && !request.url().startsWith(red.address))
      complaints.push(request.url());
  });
  await page.goto(`${red.address}/dashboard/${path}`);
  await page
    .locator(path === 'overview' ? '[data-card]' : '[data-event]')
    .first()
    .waitFor();
  return page;
}

const numberOn = async (page: Page, card: string): Promise<string> =>
  (await page.locator(`[data-card=${card}] .ba-card__number`).innerText()).trim();
const tileOn = async (page: Page, tile: string): Promise<string> =>
  (await page.locator(`[data-tile=${tile}] dd`).first().innerText()).trim();
const rowOf = (number: number): string => `[data-event="${event(number).event_key}"]`;

describe('the export of what one sees', () => {
  it('is offered to who may take it, with what was searched for', async () => {
    const page = await open('changes', 'auditor');
    const link = page.locator('.ba-export');
    expect(await link.getAttribute('href')).toBe('/export?choose=');
    await page.locator('.ba-search input[placeholder=Quantity]').fill('Units Total Price');
    await page.locator('.ba-search select').first().selectOption('HIGH');
    expect(await link.getAttribute('href')).toBe('/export?choose=');
    await page.locator('.ba-search button[type=submit]').click();
    await until(
      async () => (await link.getAttribute('href')) === '/export?choose=&column=Units+Total+Price&severity=HIGH',
      'the filters in the link',
    );
    expect(await violationsOn(page)).toEqual([]);
    await page.close();
  });

  it('is not offered to viewers, whom the server would refuse', async () => {
    const page = await open('changes', 'viewer');
    expect(await page.locator('.ba-export').count()).toBe(0);
    await page.close();
  });
});

describe('the overview page', () => {
  it('shows the numbers of the store, in words as well as in charts', async () => {
    const page = await open('overview', 'viewer');
    expect(await numberOn(page, 'look-at')).toBe(String(expected.cards.look_at));
    expect(expected.cards.look_at).toBe(3);
    expect(await tileOn(page, 'today')).toBe(String(expected.cards.events_today));
    expect(await tileOn(page, 'high-risk')).toBe(String(expected.cards.high_risk_today));
    // 3 x 1,500 x 0.7
    expect(await tileOn(page, 'money')).toBe('$3,150.00');
    expect(await tileOn(page, 'evidence')).toBe('Not anchored');
    expect(await page.locator('[data-event]').count()).toBe(3);
    const people = await page.locator('[aria-label="Activity by person"] tbody tr').allInnerTexts();
    expect(people.map((text) => text.split(/\s+/u))).toEqual([['clerk@example.com', '43', '3']]);
    const summaries = await page.locator('.ba-numbers').allInnerTexts();
    const sheets = await page.locator('section[aria-label="Watched sheets"] .ba-empty').innerText();
    expect(sheets).toContain('No sheet has been seen yet.');
    expect(summaries[0]).toContain('40 low, 0 medium, 3 high severity');
    await page.close();
  });

  it('shows every chart as a table too, with the same numbers', async () => {
    const page = await open('overview', 'viewer');
    const toggle = page.locator('.ba-numbers button[aria-expanded]');
    await toggle.first().focus();
    await page.keyboard.press('Enter');
    const rows = await until(async () => {
      const texts = await page.locator('.ba-numbers tbody tr').allInnerTexts();
      return texts.length > 1 && texts.map((text) => text.trim().split(/\s+/u));
    }, 'the table to open');
    const high = rows.reduce((sum, cells) => sum + Number(cells.at(-1)), 0);
    expect(high).toBe(expected.timeline.reduce((sum, place) => sum + place.high, 0));
    await page.close();
  });

  it('moves by itself when an event is recorded', async () => {
    const page = await open('overview', 'viewer');
    await red.append(alarming(4, { changed_at: new Date().toISOString() }));
    await until(async () => (await numberOn(page, 'look-at')) === '4', 'the card to count the new event', 5_000);
    await until(async () => (await page.locator(rowOf(4)).count()) === 1, 'the table to show it', 5_000);
    await page.close();
  });

  it('says on every page that it is practice', async () => {
    for (const path of ['overview', 'changes']) {
      const page = await open(path, 'viewer');
      await page.locator('.ba-practice').waitFor();
      expect(await page.locator('.ba-practice').innerText()).toContain('Practice data');
      await page.close();
    }
  });
});

describe('a verdict', () => {
  it('is asked for and recorded by keyboard alone, with the name that the server knows', async () => {
    const page = await open('overview', 'manager');
    const button = page.locator(`${rowOf(1)} button`).first();
    await button.waitFor();
    await button.focus();
    await page.keyboard.press('Enter');
    await page.locator('.ba-dialog textarea').waitFor();
    await until(
      () => page.evaluate(() => document.activeElement?.tagName === 'TEXTAREA', null),
      'the cursor to stand in the reason',
    );
    await page.keyboard.type('Ticket 17, agreed with the customer');
    await page.keyboard.press('Tab');
    await page.keyboard.press('Tab');
    await page.keyboard.press('Enter');
    await until(async () => (await page.locator(rowOf(1)).count()) === 0, 'the event to leave the table');
    await page.close();
    const changes = await open('changes', 'viewer');
    const mark = changes.locator(`${rowOf(1)} .ba-mark`);
    await mark.waitFor();
    expect(await mark.innerText()).toMatch(
      /^Approved by manager@example\.com, .*: Ticket 17, agreed with the customer$/u,
    );
    await changes.close();
  });

  it('is not offered to a viewer, and a forged one is refused and leaves nothing', async () => {
    const page = await open('overview', 'viewer');
    await page.locator(`${rowOf(2)} .ba-verdict .ba-note`).waitFor();
    expect(await page.locator('.ba-verdict button').count()).toBe(0);
    const payload = {
      event_key: event(2).event_key,
      mark: 'approved',
      reason: 'forged',
      by: 'boss@example.com',
      role: 'admin',
    };
    const message = { action: 'mark', payload, _client: { user: { name: 'boss@example.com', role: 'admin' } } };
    for (const widget of ['audit-attention', 'audit-changes-table']) {
      await forge(page, 'widget-action', widget, message);
      await forge(page, 'widget-action', widget, [message]);
      await forge(page, 'widget-action', widget, [[message]]);
      await forge(page, 'widget-send', widget, message);
      await forge(page, 'widget-change', widget, message);
    }
    await forge(page, 'widget-send', 'audit-cards', { payload: { version: 'forged', look_at: 0 } });
    // What comes after them on the same connection has been answered, so they have been too.
    await page.locator('[aria-label="What needs a look"] select').selectOption('money_at_risk');
    await until(async () => (await page.locator(rowOf(2)).count()) === 1, 'the event to stand there still');
    await until(() => red.logs().split('The dashboard refused').length - 1 >= 11, 'each forged action to be told');
    await page.close();
    const later = await open('overview', 'viewer');
    expect(Number(await numberOn(later, 'look-at'))).toBeGreaterThan(0);
    await later.close();
  });

  it('of a manager who claims to be somebody else is recorded under their own name', async () => {
    const page = await open('overview', 'manager');
    const payload = { event_key: event(3).event_key, mark: 'looking', by: 'boss@example.com', role: 'admin' };
    await forge(page, 'widget-action', 'audit-attention', {
      action: 'mark',
      payload,
      _client: { user: { name: 'boss@example.com', role: 'admin' } },
    });
    const mark = page.locator(`${rowOf(3)} .ba-mark`);
    await mark.waitFor();
    expect(await mark.innerText()).toContain('Being looked at by manager@example.com');
    await until(async () => (await numberOn(page, 'waiting')) === '1', 'the card to count it as waiting');
    await page.close();
  });

  it('without a reason is refused in words, and the dialog stays', async () => {
    const page = await open('overview', 'manager');
    await page
      .locator(`${rowOf(2)} button`)
      .first()
      .click();
    await page.locator('.ba-dialog textarea').fill('   ');
    await page.locator('.ba-dialog button[type=submit]').click();
    await page.locator('.ba-dialog .ba-problem').waitFor();
    expect(await page.locator('.ba-dialog .ba-problem').innerText()).toMatch(
      /^A verdict needs a reason\. Say in a sentence/u,
    );
    expect(await violationsOn(page)).toEqual([]);
    await page.screenshot({ path: join(ARTEFACTS, 'verdict-1280.png') });
    await page.close();
  });
});

describe('the page of changes', () => {
  it('finds by field and text, and turns pages both ways', async () => {
    const page = await open('changes', 'auditor');
    expect(await page.locator('[data-event]').count()).toBe(25);
    await page.locator('.ba-pager button').first().waitFor();
    const first = await page.locator('[data-event]').first().getAttribute('data-event');
    await page.evaluate(() => (document.querySelectorAll('.ba-pager button')[1] as HTMLElement).click(), null);
    await until(
      async () => (await page.locator('.ba-pager [role=status]').innerText()) === 'Page 2',
      'the second page',
    );
    await until(
      async () => (await page.locator('[data-event]').first().getAttribute('data-event')) !== first,
      'other rows',
    );
    await page.evaluate(() => (document.querySelectorAll('.ba-pager button')[0] as HTMLElement).click(), null);
    await until(
      async () => (await page.locator('[data-event]').first().getAttribute('data-event')) === first,
      'the first page',
    );
    await page.locator('.ba-search select').first().selectOption('HIGH');
    await page.locator('.ba-search button[type=submit]').click();
    await until(async () => (await page.locator('[data-event]').count()) === 4, 'the changes of high severity');
    await page.locator('.ba-search input[type=search]').fill('no such thing');
    await page.locator('.ba-search button[type=submit]').click();
    await until(async () => (await page.locator('.ba-empty').count()) === 1, 'the page to say that nothing fits');
    await page.close();
  });

  it('opens the row in Smartsheet', async () => {
    const page = await open('changes', 'auditor');
    const link = page.locator(`${rowOf(1)} a`);
    await link.waitFor();
    expect(await link.getAttribute('href')).toBe(event(1).sheet_reference);
    expect(await link.getAttribute('rel')).toContain('noopener');
    await page.close();
  });
});

describe('both pages', () => {
  it.each([390, 1280, 1920])('stand in %i px without scrolling sideways, and pass axe', async (width) => {
    for (const path of ['overview', 'changes']) {
      const page = await open(path, 'manager', width);
      const overflow = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth, null);
      expect(overflow).toBeLessThanOrEqual(0);
      // The name of the page must be whole beside the bell and the word that it is practice.
      const cut = await page.evaluate(() => {
        const title = document.querySelector('.v-toolbar-title') as HTMLElement;
        const words = document.createRange();
        words.selectNodeContents(title);
        const right = (rects: { getBoundingClientRect(): DOMRect }): number => rects.getBoundingClientRect().right;
        return right(words) > right(title) + 1 || title.innerText.trim() === '';
      }, null);
      expect([path, cut]).toEqual([path, false]);
      expect(await violationsOn(page)).toEqual([]);
      await page.screenshot({ path: join(ARTEFACTS, `${path}-${width}.png`) });
      await page.close();
    }
  });

  it('made no complaint in the console, and asked nobody outside', () => {
    expect(complaints).toEqual([]);
  });
});

describe('what is left in the store', () => {
  it('is what managers said, with name, reason and time, and nothing else', async () => {
    await red.stop('SIGTERM');
    const marks = await withStore(home, (store) => store.marks([1, 2, 3, 4].map((number) => event(number).event_key)));
    const said = marks.map(({ marked_at, ...mark }) => ({ ...mark, isTimed: Date.parse(marked_at) > 0 }));
    const by = { by: 'manager@example.com', isTimed: true };
    expect(said.sort((one, other) => one.event_key.localeCompare(other.event_key))).toEqual([
      { event_key: `${NORTH}:5001:3:1`, mark: 'approved', reason: 'Ticket 17, agreed with the customer', ...by },
      { event_key: `${NORTH}:5003:3:1`, mark: 'looking', reason: '', ...by },
    ]);
  });
});
