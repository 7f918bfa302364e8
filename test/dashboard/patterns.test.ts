import { mkdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { defaultSettings } from '../../lib/settings';
import type { Ports } from '../../lib/ports';
import type { PatternSide } from '../../lib/store/patterns';
import { auditMetrics } from '../../nodes/audit-metrics';
import { newFolder, removeFolder } from '../support/store';
import { defaultsOf } from '../support/params';
import { AskedStore } from './asked-store';
import { event, NORTH, SOUTH } from './events';
import { type Browser, buildShippedPalette, launchBrowser, type Page, startDashboard, violationsOn } from './pages';

const ARTEFACTS = resolve(__dirname, '../artefacts');

describe('what is usual, in words', () => {
  const side = (over: Partial<PatternSide> = {}): PatternSide => ({
    ...{ changes: 60, days: 12, hours: { 8: 30, 9: 30 }, typical: { amount: '85.00', currency: 'USD' } },
    ...over,
  });
  const shown = async (store: AskedStore) => {
    const lent = { ...store.ports(), settings: { ...defaultSettings, columnAliases: { fee: 'Units Total Price' } } };
    const { patterns } = await auditMetrics.run(
      {},
      { ...defaultsOf(auditMetrics.fields), operation: 'patterns' },
      lent as Ports,
    );
    return [patterns ?? []].flat()[0];
  };

  it('is remarked where this week is unlike before: busier, at other hours, of larger amounts, or new', async () => {
    const store = new AskedStore();
    const busy = side({
      changes: 40,
      days: 1,
      hours: { 2: 20, 8: 20 },
      typical: { amount: '900.00', currency: 'USD' },
    });
    store.found = {
      ...{ until: '2026-02-03T18:00:00.000Z', week: '2026-02-02', first_change_at: '2025-11-10T00:00:00.000Z' },
      ...{ by_hour: [{ weekday: 2, hour: 8, changes: 30 }], weeks: [], months: [] },
      people: [
        { key: 'ana@example.com', name: 'ana@example.com', before: side(), now: busy },
        { key: 'ben@example.com', name: 'ben@example.com', before: side(), now: side({ changes: 5, days: 1 }) },
        { key: 'cid@example.com', name: 'cid@example.com', before: null, now: side() },
        { key: 'dee@example.com', name: 'dee@example.com', before: side(), now: null },
      ],
      sheets: [{ key: '22', name: '', before: null, now: side() }],
    };
    const page = await shown(store);
    expect(page).toMatchObject({ has_changes: true, has_usual: true, until: null, sheets: [{ name: 'Sheet 22' }] });
    expect(page?.by_hour[1]?.[8]).toBe(2.5);
    expect(page?.people).toMatchObject([
      {
        ...{ usual_a_day: 5, now_a_day: 40, hours: '08:00–10:00', usual_amount: '$85.00', now_amount: '$900.00' },
        remarks: ['Busier than usual', 'At unusual hours', 'Larger amounts than usual'],
      },
      { now_a_day: 5, remarks: [] },
      { usual_a_day: null, remarks: ['New in this week'] },
      { now_a_day: null, changes_now: 0, remarks: [] },
    ]);
    expect(store.askedPatterns).toMatchObject([{ time_zone: defaultSettings.timeZone, money_columns: ['fee'] }]);
  });

  it('tells storms and the ends of months apart from other weeks', async () => {
    const store = new AskedStore();
    const mondays = ['05', '12', '19', '26'].map((day) => `2026-01-${day}`);
    const next = ['02', '09', '16', '23'].map((day) => `2026-02-${day}`);
    const weeks = [...mondays, ...next, '2026-03-02'].map((week) => ({ week, changes: 100, high: 0 }));
    for (const end of [3, 7]) weeks[end]!.changes = 150;
    weeks[5]!.changes = 900;
    store.found = { ...store.found, week: '2026-03-02', first_change_at: '2026-01-05T00:00:00.000Z', weeks };
    const page = await shown(store);
    expect(page?.notes).toEqual([
      'Weeks in which a month ends have 1.5 times the changes of other weeks.',
      'Unusually busy: the week of 9 Feb.',
    ]);
    expect(page?.weeks.filter(({ ends_month }) => ends_month).map(({ title }) => title)).toEqual([
      '26 Jan to 1 Feb 2026',
      '23 Feb to 1 Mar 2026',
    ]);
    expect(page?.weeks.at(-1)).toMatchObject({ is_now: true, is_storm: false });
  });

  it('is nothing where nothing has happened', async () => {
    expect(await shown(new AskedStore())).toMatchObject({
      has_changes: false,
      has_usual: false,
      people: [],
      notes: [],
    });
  });
});

describe('the page of patterns', () => {
  const userDir = newFolder();
  let red: Awaited<ReturnType<typeof startDashboard>>;
  let browser: Browser;
  const complaints: string[] = [];

  beforeAll(async () => {
    buildShippedPalette();
    mkdirSync(ARTEFACTS, { recursive: true });
    red = await startDashboard(userDir, { env: { BILLING_AUDIT_PRACTICE: '1' } });
    browser = await launchBrowser();
  }, 240_000);
  afterAll(async () => {
    await browser?.close();
    await red?.stop();
    removeFolder(userDir);
  });

  async function open(width = 1280): Promise<Page> {
    const context = await browser.newContext({ viewport: { width, height: 900 } });
    const page = await context.newPage();
    page.on('console', (about) => {
      if (about.type() === 'error' || about.type() === 'warning') complaints.push(`${about.type()}: ${about.text()}`);
    });
    page.on('pageerror', (thrown) => complaints.push(String(thrown)));
    await page.goto(`${red.address}/dashboard/patterns`);
    await page.locator('.ba-practice').waitFor();
    return page;
  }

  /** Twenty weeks of an office that works from seven to four; the week before the last one was a storm. */
  async function seed(): Promise<void> {
    const monday = Date.now() - ((new Date().getUTCDay() + 6) % 7) * 86_400_000;
    const events = Array.from({ length: 20 * 12 }, (_, index) => {
      const week = Math.floor(index / 12);
      const at = monday - week * 7 * 86_400_000 + (index % 5) * 86_400_000;
      const hour = 13 + ((index * 7) % 9);
      const changed_at = new Date(
        Math.min(Date.now() - index, Math.floor(at / 86_400_000) * 86_400_000 + hour * 3_600_000),
      );
      const person = ['ana', 'ben', 'cid', 'dee'][index % 4] ?? '';
      const worth = { column_name: 'Units Total Price', delta: String(40 + (index % 9) * 12) };
      const over = { changed_at: changed_at.toISOString(), changed_by: `${person}@example.com`, ...worth };
      const sheet = index % 3 === 0 ? { sheet_id: SOUTH, sheet_name: 'Billing, South' } : { sheet_id: NORTH };
      return event(index, { ...over, ...sheet, severity: index % 17 === 0 ? 'HIGH' : 'LOW' });
    });
    const storm = Array.from({ length: 50 }, (_, index) =>
      event(1000 + index, {
        changed_at: new Date(monday - 7 * 86_400_000 + (index % 50) * 1_800_000).toISOString(),
        changed_by: 'storm-crew@example.com',
      }),
    );
    const all = [...events, ...storm];
    while (all.length > 0) await Promise.all(all.splice(0, 30).map((each) => red.append(each)));
  }

  it('says what will stand there while nothing has happened', async () => {
    const page = await open(390);
    await page.locator('.ba-empty .v-icon').waitFor();
    expect(await page.locator('.ba-empty').innerText()).toContain('Nothing has been recorded yet.');
    expect(await violationsOn(page)).toEqual([]);
    await page.screenshot({ path: join(ARTEFACTS, 'patterns-empty-390.png') });
    await page.close();
  });

  it('says what its two figures are, also while too little is known to be called usual', async () => {
    await red.append(event(9000, { changed_at: new Date().toISOString(), changed_by: 'ana@example.com' }));
    const page = await open(1280);
    await page.locator('[data-figure=people] [data-subject]').first().waitFor();
    const words = await page.locator('[data-figure=people]').innerText();
    expect(words).toContain('nothing is called usual yet. Before → this week; of days with a change.');
    await page.close();
  });

  it('shows hours, weeks, months, people and sheets, on a phone as on a wall, without scrolling sideways', async () => {
    await seed();
    for (const width of [390, 1280, 1920]) {
      const page = await open(width);
      await page.locator('[data-figure=weeks]').waitFor();
      expect(await page.locator('[data-figure]').count()).toBe(5);
      expect(await page.locator('.ba-heat tbody td').count()).toBe(7 * 24);
      expect(await page.locator('[data-figure=weeks] .ba-columns__one').count()).toBe(26);
      expect(await page.locator('[data-figure=months] .ba-columns__one').count()).toBe(12);
      expect(await page.locator('[data-figure=weeks] .ba-columns__bar--storm').count()).toBe(1);
      expect(await page.locator('[data-figure=people] [data-subject]').count()).toBe(5);
      expect(await page.locator('[data-figure=sheets] [data-subject]').count()).toBe(2);
      const overflow = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth, null);
      expect(overflow).toBeLessThanOrEqual(0);
      expect(await violationsOn(page)).toEqual([]);
      const height = await page.evaluate(() => document.querySelector('.ba')?.scrollHeight ?? 0, null);
      await page.setViewportSize({ width, height: height + 220 });
      await page.screenshot({ path: join(ARTEFACTS, `patterns-${width}.png`) });
      await page.close();
    }
    expect(complaints).toEqual([]);
  }, 240_000);
});
