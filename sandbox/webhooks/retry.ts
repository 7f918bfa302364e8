/** What to do after an answer to a callback: the documented table (reference §2.7). */
export type Verdict = 'delivered' | 'retry' | 'give up';

export const MOST_RETRIES = 14;
const EXPONENTIAL_RETRIES = 7;
/** Not published by Smartsheet; doubled for each of the first seven retries. */
const FIRST_BACKOFF = 15_000;
const LATE_BACKOFF = 3 * 60 * 60 * 1_000;

/** Only 200 is an acceptance; 4xx (but 410), 5xx and silence are tried again; everything else disables the hook. */
export function verdictOn(answer: number | 'timeout' | 'no answer'): Verdict {
  if (answer === 200) return 'delivered';
  if (answer === 'timeout' || answer === 'no answer') return 'retry';
  if (answer === 410) return 'give up';
  return answer >= 400 && answer <= 599 ? 'retry' : 'give up';
}

/** Milliseconds to wait before retry number `retry` (1 to 14): 15 s doubled each time, then every 3 hours. */
export function backoffBefore(retry: number): number {
  return retry <= EXPONENTIAL_RETRIES ? FIRST_BACKOFF * 2 ** (retry - 1) : LATE_BACKOFF;
}
