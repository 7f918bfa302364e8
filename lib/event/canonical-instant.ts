import { DateTime } from 'luxon';

/**
 * Brings the forms of a time that Smartsheet uses (`...Z`, `...+00:00`, `...+0000`, with or without milliseconds) to
 * the contract's one: `YYYY-MM-DDTHH:MM:SS.sssZ`.
 * @returns null when the text is not a time with an offset; a time without one would be a guess
 */
export function canonicalInstant(text: string): string | null {
  if (!/T.*(?:Z|[+-]\d{2}:?\d{2})$/iu.test(text)) return null;
  const time = DateTime.fromISO(text, { zone: 'utc' });
  return time.isValid ? time.toISO() : null;
}
