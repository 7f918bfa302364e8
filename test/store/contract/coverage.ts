import { storeOver, secretBox, type Store } from '../../../lib/store';
import { decide } from '../../../lib/alerts/decide';
import { emptyStore } from '../empty-store';
import { at as on5January, cell, event, observation, row, sheetId, step } from '../examples';
import type { StoreUnderTest, TestedDriver } from '../stores';

export function coverageContract(under: () => StoreUnderTest): void {
  const time_zone = 'America/Chicago';
  let driver: TestedDriver;
  let store: Store;

  beforeAll(() => {
    driver = under().driver;
    store = storeOver(driver, { secrets: secretBox(new Uint8Array(32)) });
  });
  beforeEach(() => emptyStore(driver));

  /** Minutes after midnight in Chicago of 5 January 2026, as an instant. */
  const minute = (minutes: number): string =>
    new Date(Date.parse('2026-01-05T06:00:00Z') + minutes * 60_000).toISOString();
  const DAY = 24 * 60;

  interface Beat {
    readonly how?: 'webhook' | 'polling' | null;
    readonly compares?: number;
    readonly version?: number | null;
    readonly sheets?: readonly string[];
    readonly runningSince?: number;
  }

  const beat = (minutes: number, given: Beat = {}): Promise<unknown> => {
    const { how = 'webhook', compares = 0, version = null, sheets = [sheetId], runningSince = 0 } = given;
    return driver.rpc('billing_audit_watch_seen', {
      at: minute(minutes),
      time_zone,
      running_since: minute(runningSince),
      sheets: sheets.map((sheet_id) => ({ sheet_id, how, compares, version })),
    });
  };

  /** Signs of life from one minute to another, every two. */
  async function watched(from: number, to: number, given: Beat = {}): Promise<void> {
    for (let minutes = from; minutes <= to; minutes += 2) await beat(minutes, given);
  }

  const record = (minutes: number): Promise<unknown> =>
    driver.rpc('billing_audit_record_coverage', { at: minute(minutes), time_zone });

  const entries = async () => (await store.search({ kind: 'coverage' })).events;

  describe('the daily coverage of a sheet', () => {
    it('says from when to when it was watched, how, and what was compared and found', async () => {
      await store.resolve(
        observation('09:00:00', { baseline: true, rows: [row('21', 1, cell('12', step('10', '09:00:00')))] }),
      );
      await beat(600, { compares: 1, version: 5 });
      await watched(602, DAY - 2, { compares: 1, version: 9 });
      await beat(DAY);
      expect(await record(DAY)).toEqual({ recorded: 1, more: false });
      const [entry] = await entries();
      expect(entry).toMatchObject({
        event_key: `sheet:${sheetId}:coverage:2026-01-05`,
        kind: 'coverage',
        violation_type: 'NONE',
        severity: 'LOW',
        changed_at: minute(DAY),
        sheet_name: 'Week 1',
        suggested_fix: 'Nothing to do.',
        values: {
          watched_from: minute(600),
          watched_to: minute(DAY),
          how: 'webhook',
          gaps: null,
          gap_minutes: '0',
          compares: String(1 + (DAY - 602) / 2),
          version_from: '5',
          version_to: '9',
          rows: '1',
          day: '2026-01-05',
          time_zone,
        },
      });
      expect(entry?.issue_description).toMatch(
        /^Watched by webhook without a gap: compared 420 times, version 5 to 9, 1 rows/,
      );
    });

    it('shows each silence as a gap, wherever in the day it is', async () => {
      await watched(0, 60);
      await watched(90, 120, { how: 'polling' });
      await beat(122, { how: null });
      await record(DAY + 1);
      const [entry] = await entries();
      expect(entry?.values).toMatchObject({
        how: 'webhook and polling',
        gaps: `${minute(60)} to ${minute(90)}; ${minute(120)} to ${minute(DAY)}`,
        gap_minutes: String(30 + DAY - 120),
      });
      expect(entry?.issue_description).toContain('in 2 gaps missing');
    });

    it('records every day of a downtime when it starts again, and each once', async () => {
      await watched(DAY - 10, DAY);
      const days = 4 * DAY + 300;
      await beat(days, { runningSince: days });
      expect(await record(days)).toEqual({ recorded: 4, more: false });
      expect(await record(days)).toEqual({ recorded: 0, more: false });
      const found = (await entries()).toReversed();
      expect(found.map(({ event_key }) => event_key.slice(-10))).toEqual([
        '2026-01-05',
        '2026-01-06',
        '2026-01-07',
        '2026-01-08',
      ]);
      expect(found.map(({ values }) => values['how'])).toEqual(['webhook', 'webhook', null, null]);
      expect(found[3]?.issue_description).toContain('Not watched');
    });

    it('goes through midnight without a gap, on both sides of it', async () => {
      await watched(DAY - 31, DAY + 31);
      await beat(2 * DAY + 1, { runningSince: 2 * DAY });
      await record(2 * DAY + 1);
      const [second, first] = await entries();
      expect(first?.values).toMatchObject({ gaps: null, watched_to: minute(DAY) });
      expect(second?.values).toMatchObject({
        watched_from: minute(DAY),
        gaps: `${minute(DAY + 31)} to ${minute(2 * DAY)}`,
      });
    });

    it('ends with the day on which nobody asked for the sheet any more', async () => {
      await watched(0, 20, { sheets: [sheetId, '77'] });
      await watched(22, 60, { sheets: ['77'] });
      await record(3 * DAY);
      const ofSheet = (await entries()).filter(({ sheet_id }) => sheet_id === sheetId);
      expect(ofSheet).toHaveLength(1);
      expect(ofSheet[0]?.values).toMatchObject({ watched_to: minute(20), gaps: null });
      expect((await entries()).filter(({ sheet_id }) => sheet_id === '77')).toHaveLength(3);
    });

    it('takes long downtimes in portions', async () => {
      await beat(0);
      expect(await record(250 * DAY + 100)).toEqual({ recorded: 200, more: true });
      expect(await record(250 * DAY + 100)).toEqual({ recorded: 50, more: false });
      expect(await driver.rpc('billing_audit_verify', { stream: `sheet:${sheetId}` })).toMatchObject({
        ok: true,
        checked: 250,
      });
    });

    it('disturbs no search, no chart, no count of people and no alert', async () => {
      await store.append([event('one', { changed_at: on5January('12:00:00') })]);
      const query = { now: minute(DAY + 60), days: 7, time_zone, risk_from: 0.7 };
      const before = await store.overview(query);
      await watched(0, 20);
      await record(DAY + 1);
      const after = await store.overview(query);
      const shown = ({ cards, ...overview }: Record<string, unknown>): unknown => ({
        ...overview,
        version: '',
        cards,
      });
      expect(shown({ ...after })).toEqual(shown({ ...before }));
      expect((await store.search({})).events.map(({ event_key }) => event_key)).toEqual(['one']);
      expect((await store.recent({ limit: 10 })).map(({ event_key }) => event_key)).toEqual(['one']);
      const [entry] = await entries();
      expect(entry && decide(entry, { riskFrom: 0, severityFrom: 'LOW' })).toBeNull();
    });
  });
}
