import type { AuditEvent } from '../../../lib/event';
import { secretBox, storeOver, type Store } from '../../../lib/store';
import { emptyStore } from '../empty-store';
import { event, sheetId } from '../examples';
import type { StoreUnderTest } from '../stores';

/** A Wednesday; the week began on Monday 9 March, and summer time in Chicago on Sunday 8 March. */
const NOW = '2026-03-11T17:00:00.000Z';
const asked = { now: NOW, time_zone: 'America/Chicago', money_columns: ['fee'] };

/** What the page of patterns is made from. */
export function patternsContract(under: () => StoreUnderTest): void {
  let store: Store;

  beforeAll(() => {
    store = storeOver(under().driver, { secrets: secretBox(new Uint8Array(32)) });
  });
  beforeEach(() => emptyStore(under().driver));

  let count = 0;
  const change = (changed_at: string, over: Partial<AuditEvent> = {}): AuditEvent =>
    event(`pattern:${(count += 1)}`, {
      ...{ changed_at, changed_by: 'Ana@example.com', column_name: 'Units Total Price', delta: '-80', currency: 'USD' },
      ...over,
    });

  it('is empty where nothing has happened', async () => {
    expect(await store.patterns(asked)).toMatchObject({
      ...{ first_change_at: null, week: '2026-03-09', by_hour: [], people: [], sheets: [] },
    });
  });

  it('counts hours, weeks and months where the business is, through the change to summer time', async () => {
    await store.append([
      // Monday 2 March, 09:30 in winter; Monday 9 March, 09:30 in summer; Sunday 8 March, 23:30.
      change('2026-03-02T15:30:00.000Z', { severity: 'HIGH' }),
      change('2026-03-09T14:30:00.000Z'),
      change('2026-03-09T04:30:00.000Z'),
      change('2025-12-31T23:30:00.000Z'),
    ]);
    const { by_hour, weeks, months, until, first_change_at } = await store.patterns(asked);
    expect(until).toBe(NOW);
    expect(first_change_at).toBe('2025-12-31T00:00:00.000Z');
    expect(by_hour).toEqual([
      { weekday: 1, hour: 9, changes: 1 },
      { weekday: 3, hour: 17, changes: 1 },
      { weekday: 7, hour: 23, changes: 1 },
    ]);
    expect(weeks).toHaveLength(26);
    expect(weeks.filter(({ changes }) => changes > 0)).toEqual([
      { week: '2025-12-29', changes: 1, high: 0 },
      { week: '2026-03-02', changes: 2, high: 1 },
      { week: '2026-03-09', changes: 1, high: 0 },
    ]);
    expect(months).toHaveLength(12);
    expect(months.slice(-4)).toEqual([
      { month: '2025-12', changes: 1, high: 0 },
      { month: '2026-01', changes: 0, high: 0 },
      { month: '2026-02', changes: 0, high: 0 },
      { month: '2026-03', changes: 3, high: 1 },
    ]);
  });

  it('lays what people and sheets did before beside this week, with the money that is typical', async () => {
    await store.append([
      change('2026-02-24T15:10:00.000Z'),
      change('2026-02-24T15:20:00.000Z', { delta: '20' }),
      change('2026-02-25T16:20:00.000Z', { delta: '900', column_name: 'Quantity' }),
      change('2026-02-25T16:30:00.000Z', { delta: '60', column_name: ' Fee ' }),
      change('2026-03-10T15:00:00.000Z', { delta: '500' }),
      change('2026-03-10T15:00:00.000Z', { changed_by: 'ben@example.com', delta: null }),
      change('2026-03-10T15:00:00.000Z', { changed_by: null, changed_by_kind: 'automation', delta: '1' }),
    ]);
    const { people, sheets } = await store.patterns(asked);
    expect(people).toEqual([
      {
        ...{ key: 'ana@example.com', name: 'ana@example.com' },
        before: { changes: 4, days: 2, hours: { 9: 2, 10: 2 }, typical: { amount: '60.00', currency: 'USD' } },
        now: { changes: 1, days: 1, hours: { 10: 1 }, typical: { amount: '500.00', currency: 'USD' } },
      },
      {
        ...{ key: 'ben@example.com', name: 'ben@example.com', before: null },
        now: { changes: 1, days: 1, hours: { 10: 1 }, typical: null },
      },
    ]);
    expect(sheets).toMatchObject([{ key: sheetId, before: { changes: 4 }, now: { changes: 3 } }]);
  });

  it('ends with the last change where nothing has happened for long, as in a practice office', async () => {
    await store.append([change('2011-02-10T15:30:00.000Z'), change('2011-02-01T15:30:00.000Z')]);
    expect(await store.patterns(asked)).toMatchObject({
      ...{ until: '2011-02-10T15:30:00.000Z', week: '2011-02-07' },
      people: [{ before: { changes: 1 }, now: { changes: 1 } }],
    });
  });
}
