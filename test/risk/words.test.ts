import { reasonOf } from '../../lib/risk/engine/words';

const said = (value: number): string =>
  reasonOf({ feature: 'small_one_way', value, typical: 0, logOdds: 0, strength: 0 }).because;

it.each([
  [Math.log(12), '1 in 12; usual is 1 in 1.'],
  [Math.log(250_000), '1 in 250,000; usual is 1 in 1.'],
  [49 * Math.LN2, 'rarer than 1 in a million; usual is 1 in 1.'],
])('a chance of e^-%f is told in words that somebody can weigh', (value, words) => {
  expect(said(value)).toBe(`Chance of so many rises among small changes of prices in ten days: ${words}`);
});
