import { secretBox, storeOver, type Overview, type Store } from '../../../lib/store';
import { auditEventSchema, type AuditEvent } from '../../../lib/event/audit-event';
import { changeKind } from '../../../lib/event/change';
import { accessEvent } from './access';
import { emptyStore } from '../empty-store';
import { event } from '../examples';
import type { StoreUnderTest, TestedDriver } from '../stores';

const NOW = '2026-03-10T17:25:10.000Z';
const MINUTE = 60_000;

/** Always the same numbers for the same seed. */
function dice(seed: number): (sides: number) => number {
  let state = seed;
  return (sides) => {
    state = (state * 1_103_515_245 + 12_345) % 2_147_483_648;
    return Math.floor((state / 2_147_483_648) * sides);
  };
}

export function rollupsContract(under: () => StoreUnderTest): void {
  let driver: TestedDriver;
  let store: Store;

  beforeAll(() => {
    driver = under().driver;
    store = storeOver(driver, { secrets: secretBox(new Uint8Array(32)) });
  });
  beforeEach(() => emptyStore(driver));

  /** Events of the twelve days before now, at any minute, of any risk, of people and of nobody. */
  const anyEvents = (count: number, seed: number): readonly AuditEvent[] => {
    const roll = dice(seed);
    return Array.from({ length: count }, (_, index) =>
      event(`any:${seed}:${index}`, {
        changed_at: new Date(Date.parse(NOW) - roll(12 * 24 * 60) * MINUTE - roll(60_000)).toISOString(),
        changed_by: [null, 'a@example.com', 'B@example.com', 'c@example.com'][roll(4)] ?? null,
        sheet_id: String(7 + roll(3)),
        severity: (['LOW', 'MEDIUM', 'HIGH'] as const)[roll(3)] ?? 'LOW',
        violation_type: (['NONE', 'HISTORICAL_CHANGE', 'APPROVED_CORRECTION'] as const)[roll(3)] ?? 'NONE',
        risk_score: [null, 0, 0.39, 0.4, 0.699, 0.7, 0.705, 1][roll(8)] ?? null,
        delta: [null, '-12.34', '100'][roll(3)] ?? null,
        currency: ['USD', 'EUR'][roll(2)] ?? 'USD',
        predicted_category: [null, 'typo'][roll(2)] ?? null,
        kind: roll(20) === 0 ? 'coverage' : roll(15) === 0 ? 'event_marked' : 'cell_changed',
      }),
    );
  };
  const mark = (event_key: string, kind: 'approved' | 'looking', by = 'Mia'): Promise<unknown> =>
    store.mark({ event_key, mark: kind, reason: 'It was agreed.', by, role: 'manager' });
  const rows = async (sql: string): Promise<readonly Record<string, unknown>[]> =>
    driver.transaction([{ sql, parameters: [] }]);
  const kept = async (): Promise<unknown> =>
    Promise.all([
      rows('select dimension, span, start, key, changes from billing_audit.rollups order by 1, 2, 3, 4'),
      rows('select person, span, start, hundredth, changes from billing_audit.look_rollups order by 1, 2, 3, 4'),
      rows(
        'select hundredth, is_violation, currency, looker, events, priced, trim_scale(money)::text as money from billing_audit.open_counts where events <> 0 order by 1, 2, 3, 4',
      ),
      rows('select stream, apart, last_changed_at from billing_audit.streams order by 1'),
    ]);

  describe('rollups', () => {
    it('are kept by the append and by verdicts exactly as they would be counted from the trail', async () => {
      for (const seed of [1, 2, 3]) await store.append(anyEvents(60, seed));
      // One that was there already counts once.
      await store.append(anyEvents(60, 2));
      await mark('any:1:1', 'looking');
      await mark('any:1:1', 'looking', 'Noah');
      await mark('any:1:2', 'looking');
      await mark('any:1:2', 'approved');
      await mark('any:1:3', 'approved');
      await mark('any:1:3', 'looking');
      await Promise.all([1, 2, 3, 4].map((each) => mark('any:2:4', each % 2 ? 'looking' : 'approved', `P${each}`)));
      const before = await kept();
      await driver.transaction([{ sql: 'call billing_audit.rebuild_rollups()' }]);
      expect(before).toEqual(await kept());
    });

    it('count changes alone: what people do here, and how a day was watched, is none', async () => {
      const kinds = auditEventSchema.shape.kind.options.flatMap(({ options }): readonly string[] => options);
      const asked = [...new Set([...kinds, 'access'])];
      const told = await rows(
        `select kind from unnest('{${asked.join(',')}}'::text[]) as kind where billing_audit.is_change(kind)`,
      );
      expect(told.map(({ kind }) => kind).toSorted()).toEqual([...changeKind.options, 'sheet_checked'].toSorted());
    });

    it('and the trail as it is first shown are not filled by an import of people', async () => {
      const rule = {
        rule_id: 'all',
        recipients: ['boss@example.com'],
        risk_from: 0,
        severity_from: 'LOW',
        mails_per_hour: 10,
        group_minutes: 10,
        frame: {},
      };
      await driver.rpc('billing_audit_save_alert_rule', rule);
      const by = 'importer@example.com';
      const person = { name: 'P', role: null, supervisor: null, department: null, access_level: 1 };
      const people = Array.from({ length: 30 }, (_, index) => `p${index}@example.com`);
      await driver.rpc('billing_audit_save_people', {
        people: people.map((email) => ({ ...person, email, last_review_at: null, active: true })),
        by,
      });
      await store.recordAccess({ events: [accessEvent('1')] });
      const weaker = event('weaker', {
        kind: 'configuration',
        sheet_id: '0',
        violation_type: 'CONFIGURATION_WEAKENED',
        severity: 'HIGH',
        changed_by: by,
        changed_at: new Date().toISOString(),
      });
      await store.append([weaker, event('change', { changed_by: by, changed_at: weaker.changed_at })]);
      // What was imported is told to nobody, and keeps nothing waiting that is.
      await store.append([event('past', { kind: 'imported', violation_type: 'NONE', changed_by: by })]);
      const now = new Date(Date.parse(weaker.changed_at) + MINUTE).toISOString();
      const told = await store.overview({ now, days: 7, time_zone: 'UTC', risk_from: 0.7 });
      if (told.unchanged) throw new Error('Nothing was told.');
      expect(told.cards).toMatchObject({ events: 1, events_today: 1, look_at: 1 });
      expect(told.people).toMatchObject([{ person: by, changes: 1 }]);
      expect(sum(told.timeline.map(({ low, medium, high }) => low + medium + high))).toBe(1);
      expect(await store.counts()).toMatchObject({ events: 1 });
      const shown = (await store.search({})).events.map(({ event_key }) => event_key);
      expect(shown.toSorted()).toEqual(['change', 'weaker']);
      expect((await store.search({ kind: 'person_saved' })).events).toHaveLength(30);
      const queued = await rows(`
        select k.event_key from billing_audit.alert_queue as q join billing_audit.event_keys as k using (stream, seq)
        order by 1`);
      expect(queued).toEqual([{ event_key: 'change' }, { event_key: 'weaker' }]);
      const facts = await rows(`
        select billing_audit.facts_of('${by}', now() + interval '1 minute', interval '1 hour') ->> 'changes_in_window' as n`);
      expect(facts).toEqual([{ n: '1' }]);
      await driver.rpc('billing_audit_retire_alert_rule', { rule_id: 'all' });
    });

    it.each([
      [1, 'America/Chicago'],
      [7, 'America/Chicago'],
      [8, 'Asia/Kolkata'],
      [30, 'UTC'],
    ])('give the overview of %i days in %s what the trail itself says', async (days, zone) => {
      await store.append([...anyEvents(150, 4), event('later', { changed_at: '2026-03-10T17:25:10.001Z' })]);
      const told = await store.overview({ now: NOW, days, time_zone: zone, risk_from: 0.7 });
      if (told.unchanged) throw new Error('Nothing was told.');
      expect(await counted(told, zone)).toEqual({
        low: sum(told.timeline.map(({ low }) => low)),
        medium: sum(told.timeline.map(({ medium }) => medium)),
        high: sum(told.timeline.map(({ high }) => high)),
        risky: told.histogram[7]?.changes,
        unscored: told.unscored,
        people: told.people.map(({ person, changes, needs_look }) => [person, changes, needs_look]),
      });
      expect(sum(told.histogram.map(({ changes }) => changes)) + told.unscored).toBe(
        sum(told.timeline.map(({ low, medium, high }) => low + medium + high)),
      );
    });
  });

  it.each(['Asia/Kolkata', 'America/St_Johns', 'America/Chicago', 'UTC'])(
    'lie in the right hour and day of the chart in %s',
    async (zone) => {
      await store.append(anyEvents(120, 5));
      for (const [days, unit, form] of [
        [2, 'hour', 'FMDD Mon HH24:MI'],
        [9, 'day', 'FMDD Mon'],
      ] as const) {
        const told = await store.overview({ now: NOW, days, time_zone: zone, risk_from: 0.7 });
        if (told.unchanged) throw new Error('Nothing was told.');
        const counted = await rows(`
          select to_char(date_trunc('${unit}', changed_at at time zone '${zone}'), '${form}') as at, count(*)::integer as changes
          from billing_audit.audit_events where billing_audit.is_change(kind) and changed_at <= '${NOW}' group by 1`);
        const expected = new Map(counted.map(({ at, changes }) => [at, changes]));
        for (const { at, low, medium, high } of told.timeline) {
          expect([zone, at, low + medium + high]).toEqual([zone, at, expected.get(at) ?? 0]);
        }
      }
    },
  );

  /** The same, from the events. */
  async function counted({ days, unit }: Overview, zone: string): Promise<unknown> {
    const steps = unit === 'hour' ? days * 24 - 1 : days - 1;
    const from = `(date_trunc('${unit}', timestamptz '${NOW}' at time zone '${zone}') - interval '${steps} ${unit}') at time zone '${zone}'`;
    const [found] = await rows(`
      select count(*) filter (where severity = 'LOW')::integer as low, count(*) filter (where severity = 'MEDIUM')::integer as medium,
        count(*) filter (where severity = 'HIGH')::integer as high,
        count(*) filter (where risk_score >= 0.7 and risk_score < 0.8)::integer as risky,
        count(*) filter (where risk_score is null)::integer as unscored
      from billing_audit.audit_events where billing_audit.is_change(kind) and changed_at >= ${from} and changed_at <= '${NOW}'`);
    const people = await rows(`
      select d.person, count(*)::integer as changes, count(*) filter (where
        e.severity = 'HIGH' and e.violation_type <> 'APPROVED_CORRECTION' or e.risk_score >= 0.7)::integer as needs_look
      from billing_audit.audit_events as e join billing_audit.event_payloads as d using (stream, seq)
      where billing_audit.is_change(e.kind) and e.changed_at >= timestamptz '${NOW}' - interval '${days} days' and e.changed_at <= '${NOW}'
      group by d.person order by 2 desc, 1`);
    return { ...found, people: people.map(({ person, changes, needs_look }) => [person, changes, needs_look]) };
  }
}

const sum = (numbers: readonly number[]): number => numbers.reduce((total, each) => total + each, 0);
