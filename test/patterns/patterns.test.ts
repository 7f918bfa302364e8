import fastCheck from 'fast-check';
import { changesOutside, median, stormWeeks, usualHours } from '../../lib/patterns';

describe('usual hours', () => {
  it('are the shortest time that holds nine tenths of what somebody did', () => {
    expect(usualHours({ 7: 30, 8: 40, 9: 25, 15: 3, 22: 2 })).toEqual({ from: 7, to: 10 });
  });

  it('pass midnight for a night crew', () => {
    const nights = { 21: 10, 22: 20, 23: 20, 0: 20, 1: 20, 2: 10, 12: 1 };
    const hours = usualHours(nights);
    expect(hours).toEqual({ from: 21, to: 3 });
    expect(changesOutside({ 22: 3, 1: 2, 12: 4, 3: 1 }, hours ?? { from: 0, to: 0 })).toBe(5);
  });

  it('are not known of who did little, nor of who works all day long', () => {
    expect(usualHours({ 9: 19 })).toBeNull();
    expect(usualHours({})).toBeNull();
    expect(usualHours(Object.fromEntries(Array.from({ length: 24 }, (_, hour) => [hour, 10])))).toBeNull();
  });

  it('always hold nine tenths, whoever it is', () => {
    const anybody = fastCheck.dictionary(
      fastCheck.integer({ min: 0, max: 23 }).map(String),
      fastCheck.integer({ min: 0, max: 500 }),
    );
    fastCheck.assert(
      fastCheck.property(anybody, (changes) => {
        const hours = usualHours(changes);
        const all = Object.values(changes).reduce((sum, count) => sum + count, 0);
        if (hours !== null) expect(changesOutside(changes, hours)).toBeLessThanOrEqual(0.1 * all + 1e-9);
      }),
    );
  });
});

describe('storm weeks', () => {
  const calm = [100, 110, 95, 105, 90, 100, 108];

  it('are those far above the median; one does not hide another', () => {
    expect(stormWeeks([...calm, 400, 0, 380])).toEqual([...calm.map(() => false), true, false, true]);
  });

  it('are none where all weeks are alike, where they are few, or where hardly anything happens', () => {
    expect(stormWeeks([...calm, 120]).some(Boolean)).toBe(false);
    expect(stormWeeks([100, 100, 100, 100, 900]).some(Boolean)).toBe(false);
    expect(stormWeeks([1, 2, 1, 2, 1, 2, 15]).some(Boolean)).toBe(false);
    expect(stormWeeks([])).toEqual([]);
  });

  it('are measured from the middle of odd and of even numbers of weeks', () => {
    expect([median([3, 1, 2]), median([4, 1, 2, 3]), median([7])]).toEqual([2, 2.5, 7]);
  });
});
