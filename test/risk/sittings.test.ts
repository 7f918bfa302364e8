import { BadNumbers, PromiseKeeper, seededRandom, SittingBook } from '../../lib/risk';

const MINUTE = 60_000;
const DAY = 86_400_000;

describe('sittings', () => {
  it('last until half an hour passed without an event of that person', () => {
    const book = new SittingBook();
    const take = (minutes: number, person: string, score: number) => book.take({ person, at: minutes * MINUTE, score });
    take(0, 'ann', 0.2);
    take(5, 'ben', 0.9);
    expect(take(30, 'ann', 0.7).current).toMatchObject({ events: 2, score: 0.7, from: 0, to: 30 * MINUTE });
    const { ended, current } = take(61, 'ann', 0.1);
    expect(ended).toEqual({ person: 'ann', from: 0, to: 30 * MINUTE, events: 2, score: 0.7 });
    expect(current.events).toBe(1);
    expect(book.endIdle(40 * MINUTE).map(({ person }) => person)).toEqual(['ben']);
  });

  it('survive a clock that runs back', () => {
    const book = new SittingBook();
    book.take({ person: 'ann', at: 10 * MINUTE, score: 0.2 });
    const { current } = book.take({ person: 'ann', at: 4 * MINUTE, score: 0.3 });
    expect(current).toMatchObject({ events: 2, from: 4 * MINUTE, to: 10 * MINUTE });
  });
});

describe('the promise', () => {
  it('is kept: of sittings like those before, at most alpha alert', () => {
    for (const alpha of [0.01, 0.02, 0.05]) {
      let alerts = 0;
      const trials = 200;
      const fresh = 50;
      for (let seed = 0; seed < trials; seed += 1) {
        const random = seededRandom(seed);
        // Ties and a heavy tail, as scores have them.
        const score = (): number => Math.round(20 * -Math.log(1 - random())) / 20;
        const keeper = new PromiseKeeper();
        for (let one = 0; one < 400; one += 1) keeper.learn(sitting(one * 60 * MINUTE, score()));
        const threshold = keeper.threshold(alpha, 17 * DAY);
        for (let one = 0; one < fresh; one += 1) alerts += score() >= threshold ? 1 : 0;
      }
      // The mean over calibrations is at most alpha; four standard errors are left to chance.
      const standardError = Math.sqrt(alpha / trials / 50 + (alpha * alpha) / trials);
      expect(alerts / trials / fresh).toBeLessThanOrEqual(alpha + 4 * standardError);
      expect(alerts).toBeGreaterThan(0);
    }
  });

  it('agrees with the rarity of a score: at the threshold and above it is at most alpha', () => {
    const keeper = new PromiseKeeper();
    const scores = [1, 2, 2, 3, 3, 3, 4, 5, 8, 9];
    for (const [index, score] of scores.entries()) keeper.learn(sitting(index * MINUTE, score));
    for (const alpha of [0.1, 0.2, 0.3, 0.5]) {
      const threshold = keeper.threshold(alpha, DAY);
      for (const score of [0, 1, 2.5, 3, 4, 5, 8, 8.5, 9, 10]) {
        expect(score >= threshold).toBe(keeper.rarity(score, DAY) <= alpha);
        expect(score >= threshold).toBe(keeper.isTold(score, alpha, DAY));
      }
    }
  });

  it('is not made from too few sittings, from old ones, or from confirmed findings', () => {
    const keeper = new PromiseKeeper();
    expect(keeper.threshold(0.01, 0)).toBe(Infinity);
    for (let one = 0; one < 200; one += 1) keeper.learn(sitting(one * MINUTE, one));
    expect(keeper.threshold(0.01, DAY)).toBeGreaterThan(197);
    keeper.forget(({ to }) => to > 150 * MINUTE);
    expect(keeper.threshold(0.01, DAY)).toBeLessThan(151);
    expect(keeper.threshold(0.01, 40 * DAY)).toBe(Infinity);
    expect(keeper.isTold(1e9, 0.01, 40 * DAY)).toBe(false);
    expect(() => keeper.threshold(0, DAY)).toThrow(BadNumbers);
    expect(() => keeper.isTold(1, 1, DAY)).toThrow(BadNumbers);
    expect(() => keeper.learn(sitting(0, NaN))).toThrow(/has the score NaN/u);
  });

  it('turns findings a day into a share of sittings', () => {
    const keeper = new PromiseKeeper();
    // A hundred sittings on each of ten days.
    for (let one = 0; one < 1000; one += 1) keeper.learn(sitting((one * DAY) / 100, one % 97));
    expect(keeper.alphaFor(5, 10 * DAY)).toBeCloseTo(0.05, 9);
  });
});

function sitting(to: number, score: number) {
  return { person: 'ann', from: to, to, events: 1, score };
}
