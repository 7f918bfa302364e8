import { timeOfDay } from '../../../server/sign-in/pages';

it('says times as the dashboard does, with the zone', () => {
  expect(timeOfDay(Date.parse('2026-02-03T15:30:00.000Z'), 'America/Chicago')).toBe('Tue 3 Feb 2026, 09:30 CST');
  expect(timeOfDay(Date.parse('2026-07-03T22:05:00.000Z'), 'America/Chicago')).toBe('Fri 3 Jul 2026, 17:05 CDT');
});
