/**
 * One form for all the ways in which Smartsheet writes a time: `...Z`, `+00:00`, `+0000`, epoch milliseconds.
 * @returns `YYYY-MM-DDTHH:MM:SS.sssZ`, or null when it is no time
 */
export function toInstant(time: unknown): string | null {
  if (typeof time !== 'string' && typeof time !== 'number') return null;
  const readable = typeof time === 'string' ? time.trim().replace(/([+-]\d{2})(\d{2})$/, '$1:$2') : time;
  const date = new Date(readable);
  return Number.isNaN(date.getTime()) ? null : date.toISOString();
}

/** The instant cut to its second: some of Smartsheet's answers are no finer than that (reference §2.6). */
export function secondOf(instant: string): string {
  return instant.slice(0, 19);
}

/** Whether a time lies in a later second than another. */
export function isLaterSecond(instant: string, than: string): boolean {
  return secondOf(instant) > secondOf(than);
}
