import { AREAS } from '../../sandbox/practice/staff';
import { Book } from '../../sandbox/practice/book';
import { OfficeCalendar } from '../../sandbox/practice/calendar';
import { planDays, planLive, planPast } from '../../sandbox/practice/plan';
import type { Planned } from '../../sandbox/practice/interleave';

const NOW = Date.parse('2026-11-23T22:40:00Z');
const DAY = 86_400_000;
const HOUR = 3_600_000;

interface Planning {
  readonly past: readonly Planned[];
  readonly days: readonly Planned[];
  readonly live: readonly Planned[];
  readonly book: Book;
}

/** Six weeks, ten days and an hour of the office. */
function planned(seed: number): Planning {
  const book = new Book(AREAS);
  const options = { seed, zone: 'America/Chicago', book };
  const from = NOW - 10 * DAY;
  const past = planPast(options, from - 42 * DAY, from);
  const days = planDays(options, from, NOW, 0);
  const live: Planned[] = [];
  for (const save of planLive(options, NOW, 100)) {
    if (save.at > NOW + HOUR) break;
    live.push(save);
  }
  return { past, days, live, book };
}

const all = ({ past, days, live }: Planning): Planned[] => [...past, ...days, ...live];
const patterns = (saves: readonly Planned[]): Set<string | undefined> =>
  new Set(saves.map(({ incident }) => incident?.pattern));

describe('the plan of the practice office', () => {
  const plan = planned(1);

  it('is the same for the same seed and time, and another for another seed', () => {
    expect(all(planned(1))).toEqual(all(plan));
    expect(all(planned(2))).not.toEqual(all(plan));
  });

  it('goes forward by a second at least, and every old value is the one that was there', () => {
    const cells = new Map<string, unknown>();
    let last = 0;
    for (const { at, done } of all(plan)) {
      expect(at).toBeGreaterThanOrEqual(at === NOW ? last : last + 1_000);
      last = at;
      for (const { key, cells: row } of done.added)
        for (const [title, value] of Object.entries(row)) cells.set(`${key} ${title}`, value);
      for (const { key, title, old, new: value } of done.changes) {
        expect(cells.get(`${key} ${title}`)).toBe(old);
        cells.set(`${key} ${title}`, value);
      }
    }
  });

  it('keeps every total at quantity times price, to the cent', () => {
    for (const sheet of AREAS) {
      for (const { cells } of plan.book.rows(sheet)) {
        const cents = Math.round(Number(cells.Quantity) * Number(cells['Unit Price']) * 100);
        expect(Math.round(Number(cells['Units Total Price']) * 100)).toBe(cents);
      }
    }
  });

  it('has closed weeks without anything planted, then days with honest work, look-alikes and some fraud', () => {
    expect([...patterns(plan.past)]).toEqual([undefined]);
    expect(plan.past.length).toBeGreaterThan(300);
    const incidents = plan.days.flatMap(({ incident }) => incident ?? []);
    expect(incidents.some(({ isFraud }) => isFraud)).toBe(true);
    for (const pattern of ['ten-fold typo', 'late correction', 'paste']) expect(patterns(plan.days)).toContain(pattern);
    expect(plan.days.length).toBeGreaterThan(5 * new Set(incidents.map(({ id }) => id)).size);
  });

  it('shows each of the thirteen patterns in the course of a few hours', () => {
    const seen = new Set([1, 2, 3, 4, 5].flatMap((seed) => [...patterns(planned(seed).live)]));
    seen.delete(undefined);
    expect(seen.size).toBe(13);
  });

  it('never rests for more than 20 seconds while it is watched, and begins at once', () => {
    const times = [NOW, ...plan.live.map(({ at }) => at)];
    const rests = times.slice(1).map((at, index) => at - (times[index] ?? 0));
    expect(Math.max(...rests)).toBeLessThanOrEqual(20_000);
    expect(rests[0]).toBeLessThanOrEqual(10_000);
  });

  it('repairs a ten-fold typo within a minute', () => {
    const typos = [...plan.days, ...plan.live].filter(({ incident }) => incident?.pattern === 'ten-fold typo');
    const ids = new Set(typos.map(({ incident }) => incident?.id));
    const whole = [...ids]
      .map((id) => typos.filter(({ incident }) => incident?.id === id))
      .filter((saves) => saves.length === 2);
    expect(whole.length).toBeGreaterThan(3);
    for (const [typo, repair] of whole) {
      expect(repair!.at - typo!.at).toBeLessThanOrEqual(60_000);
      const quantity = (save: Planned) => save.done.changes.find(({ title }) => title === 'Quantity');
      expect(quantity(typo!)?.new).toBe(Number(quantity(typo!)?.old) * 10);
      expect(quantity(repair!)?.new).toBe(quantity(typo!)?.old);
    }
  });
});

describe('the calendar of the office', () => {
  const calendar = new OfficeCalendar('America/Chicago');

  it('ends a week on its Sunday and closes it when the Monday begins there', () => {
    expect(['2026-11-16', '2026-11-21', '2026-11-22'].map((day) => calendar.weekEnding(day))).toEqual(
      Array(3).fill('2026-11-22'),
    );
    expect(calendar.isClosed('2026-11-20', Date.parse('2026-11-23T05:59:59Z'))).toBe(false);
    expect(calendar.isClosed('2026-11-20', Date.parse('2026-11-23T06:00:00Z'))).toBe(true);
    expect(calendar.weeksBack('2026-11-06', NOW)).toBe(3);
  });

  it('works on no weekend and no holiday', () => {
    expect(['2026-11-23', '2026-11-26', '2026-11-28'].map((day) => calendar.isWorkday(day))).toEqual([
      true,
      false,
      false,
    ]);
  });
});
