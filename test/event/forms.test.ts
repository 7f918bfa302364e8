import { canonicalInstant, workRequestOf } from '../../lib/event';

describe('the forms that Smartsheet uses', () => {
  it.each([
    ['2026-01-31T09:00:00Z', '2026-01-31T09:00:00.000Z'],
    ['2026-01-31T09:00:00+00:00', '2026-01-31T09:00:00.000Z'],
    ['2026-01-31T09:00:00.123+0000', '2026-01-31T09:00:00.123Z'],
    ['2026-01-31T03:00:00-06:00', '2026-01-31T09:00:00.000Z'],
  ])('brings %s to the one form', (given, expected) => {
    expect(canonicalInstant(given)).toBe(expected);
  });

  it.each(['2026-01-31', '2026-01-31T09:00:00', '2026-02-30T09:00:00Z', 'yesterday', ''])(
    'does not guess at %j',
    (given) => {
      expect(canonicalInstant(given)).toBeNull();
    },
  );

  it.each([
    ['90123.1', '90123'],
    ['90123', '90123'],
    [' 90123.1.2 ', '90123'],
    ['WR-7.0', 'WR-7'],
    ['.5', null],
    ['', null],
    [null, null],
    [undefined, null],
  ])('takes %j to the work request %j', (cell, expected) => {
    expect(workRequestOf(cell)).toBe(expected);
  });
});
