import { BadSetting } from '../../lib/errors';

/** What the engine reads beside this, it guesses: "foo 5" would be a day in May 2001. */
const ISO = /^\d{4}-\d\d-\d\d([T ]\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:?\d\d)?)?$/;

/** Whether there is such a day: `2026-02-30` is none, and would be taken for the second of March. */
export function isDay(text: string): boolean {
  const at = /^\d{4}-\d\d-\d\d$/.test(text) ? new Date(`${text}T00:00:00Z`) : null;
  return at !== null && !Number.isNaN(at.getTime()) && at.toISOString().startsWith(text);
}

/**
 * A time that a flag gives.
 * @returns an ISO instant
 * @throws BadSetting  it is none
 */
export function instantOf(flag: string, text: string): string {
  const at = Date.parse(text);
  if (ISO.test(text) && isDay(text.slice(0, 10)) && !Number.isNaN(at)) return new Date(at).toISOString();
  throw new BadSetting(flag, `is "${text.slice(0, 80)}", which is no time`, 'Write it like 2026-01-31T09:00:00Z.');
}

/**
 * Refuses two flags, each with its instant, that end before they begin.
 * @throws BadSetting  nothing lies between them
 */
export function refuseBackwards(
  [from, begins]: readonly [flag: string, instant: string | undefined],
  [to, ends]: readonly [flag: string, instant: string | undefined],
): void {
  if (begins === undefined || ends === undefined || begins < ends) return;
  const hint = `Nothing lies between them: give the later time as ${to}.`;
  throw new BadSetting(to, `is ${ends}, which is not after "${from}", ${begins}`, hint);
}
