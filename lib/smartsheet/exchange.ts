import { OUR_CHANGE_AGENT } from './change-agent';
import type { Http, HttpRequest, HttpResponse, Now, Random, Sleep } from '../ports';
import { messageOf } from '../errors';
import { SmartsheetAnswerUnknown, SmartsheetRefused, SmartsheetUnavailable } from './errors';
import { parseJson } from './json';
import type { Cost, Limiter } from './limiter';
import type { WriteQueue } from './write-queue';

/** What stands behind every call: the way out, the budget, and time. */
export interface Exchange {
  readonly http: Http;
  readonly token: string;
  /** The API's address, with a slash at its end. */
  readonly base: string;
  readonly limiter: Limiter;
  readonly now: Now;
  readonly sleep: Sleep;
  readonly random: Random;
  /** Ends waiting, for an answer and between tries. */
  readonly signal?: AbortSignal;
  /** How often one call is tried; default 6. */
  readonly mostTries?: number;
  /** Where writes wait for each other; without one a client makes its own. */
  readonly writes?: WriteQueue;
}

/** Who asks, and where. */
export interface Account {
  readonly http: Http;
  readonly token: string;
  /** The API's address, with a slash at its end; `apiBase` makes it out of what was entered. */
  readonly base: string;
}

/** No budget is kept: for a few requests on somebody's behalf. */
export const NO_LIMITER: Limiter = { take: () => Promise.resolve(), spent: () => 0, processes: () => 1 };

/** An exchange that tries once and keeps no budget: for somebody who sits in front of a dialog and waits. */
export function oneTry(account: Account): Exchange {
  const never = (): Promise<void> => Promise.reject(new Error('One try needs no waiting.'));
  return { ...account, limiter: NO_LIMITER, now: () => 0, sleep: never, random: () => 0, mostTries: 1 };
}

export interface Call {
  readonly method: HttpRequest['method'];
  /** Below the base, without a slash before it, with its query. */
  readonly path: string;
  readonly body?: unknown;
  /** As a phrase, for messages: "read sheet 123". */
  readonly what: string;
  readonly cost?: Cost;
  /** What is written to, as "sheet 123": one write after another. */
  readonly writesTo?: string;
  /** False for a request that must not be made twice when its answer was lost. Default true. */
  readonly repeatable?: boolean;
}

const ONE_REQUEST: Cost = { requests: 1, history: 0 };
const MOST_TRIES = 6;
const FIRST_WAIT_MILLISECONDS = 500;
const LONGEST_WAIT_MILLISECONDS = 30_000;
/** The enabling PUT of a webhook waits for a challenge, and a large sheet takes its time. */
const TIMEOUT_MILLISECONDS = 60_000;
/** Smartsheet's numbers for "later": maintenance, time-out, rate limit, busy (reference §4). */
const LATER_CODES = new Set([4001, 4002, 4003, 4004]);

/**
 * Makes one call, waiting for the budget, trying again with full jitter what may succeed later (4001-4004, a plain 429
 * or 5xx, no answer at all), for as long as `Retry-After` asks where it is given.
 * @returns the answer's JSON
 * @throws SmartsheetRefused, SmartsheetUnavailable, SmartsheetAnswerUnknown
 */
export async function ask(exchange: Exchange, call: Call): Promise<unknown> {
  const { writes } = exchange;
  if (writes === undefined || call.writesTo === undefined) return askUntilAnswered(exchange, call);
  return writes.inTurn(call.writesTo, () => askUntilAnswered(exchange, call));
}

async function askUntilAnswered(exchange: Exchange, call: Call): Promise<unknown> {
  for (let attempt = 1; ; attempt += 1) {
    exchange.signal?.throwIfAborted();
    await exchange.limiter.take(call.cost ?? ONE_REQUEST, exchange.signal);
    const outcome = await attemptOnce(exchange, call);
    if (outcome.kind === 'answer') return outcome.value;
    if (attempt >= (exchange.mostTries ?? MOST_TRIES) || (outcome.answerLost && call.repeatable === false)) {
      throw new SmartsheetUnavailable(call.what, outcome.why, attempt, outcome.cause);
    }
    await exchange.sleep(outcome.waitMilliseconds ?? jitter(attempt, exchange.random), exchange.signal);
  }
}

type Outcome =
  | { readonly kind: 'answer'; readonly value: unknown }
  | {
      readonly kind: 'later';
      readonly why: string;
      readonly answerLost: boolean;
      readonly waitMilliseconds: number | null;
      readonly cause?: unknown;
    };

async function attemptOnce(exchange: Exchange, call: Call): Promise<Outcome> {
  const { http, token, base, now, signal } = exchange;
  let response: HttpResponse;
  try {
    const answer = http({
      method: call.method,
      url: `${base}${call.path}`,
      headers: {
        authorization: `Bearer ${token}`,
        accept: 'application/json',
        ...(call.body === undefined ? {} : { 'content-type': 'application/json' }),
        ...(call.method === 'GET' ? {} : { 'smartsheet-change-agent': OUR_CHANGE_AGENT }),
      },
      ...(call.body === undefined ? {} : { body: JSON.stringify(call.body) }),
      timeoutMilliseconds: TIMEOUT_MILLISECONDS,
    });
    response = await untilAborted(answer, signal);
  } catch (cause) {
    signal?.throwIfAborted();
    return { kind: 'later', why: `no answer (${messageOf(cause)})`, answerLost: true, waitMilliseconds: null, cause };
  }
  if (response.status >= 200 && response.status < 300) return { kind: 'answer', value: parsedAnswer(response, call) };
  return judgeRefusal(response, call, now(), base);
}

/** Who ends does not wait for an answer that nobody will read. */
function untilAborted<Value>(answer: Promise<Value>, signal: AbortSignal | undefined): Promise<Value> {
  if (signal === undefined) return answer;
  return new Promise((resolve, reject) => {
    const abort = (): void => reject(signal.reason);
    signal.addEventListener('abort', abort, { once: true });
    answer.then(resolve, reject).finally(() => signal.removeEventListener('abort', abort));
  });
}

function parsedAnswer(response: HttpResponse, call: Call): unknown {
  try {
    return parseJson(response.body);
  } catch {
    throw new SmartsheetAnswerUnknown(call.what, `it is not JSON but ${JSON.stringify(response.body.slice(0, 60))}`);
  }
}

function judgeRefusal(response: HttpResponse, call: Call, now: number, base: string): Outcome {
  const { errorCode, message, refId } = refusalOf(response);
  const isLater = errorCode === null ? response.status === 429 || response.status >= 500 : LATER_CODES.has(errorCode);
  if (!isLater) throw new SmartsheetRefused(call.what, response.status, errorCode, message, refId, base);
  // After 4002 or a bare 5xx nobody knows whether the request was carried out.
  const answerLost = response.status >= 500 && errorCode !== 4001;
  const why = `${message} (${errorCode ?? `HTTP ${response.status}`})`;
  return { kind: 'later', why, answerLost, waitMilliseconds: retryAfter(response.headers['retry-after'], now) };
}

function refusalOf({ status, body }: HttpResponse): {
  errorCode: number | null;
  message: string;
  refId: string | null;
} {
  let fields: Readonly<Record<string, unknown>> = {};
  try {
    const parsed = parseJson(body);
    if (typeof parsed === 'object' && parsed !== null) fields = parsed as Readonly<Record<string, unknown>>;
  } catch {
    // A proxy's page, or nothing: the status alone has to do.
  }
  const { errorCode, message, refId } = fields;
  return {
    errorCode: typeof errorCode === 'number' ? errorCode : null,
    message: typeof message === 'string' ? message : `it answered with status ${status}`,
    refId: typeof refId === 'string' ? refId : null,
  };
}

/** Seconds, or a date (RFC 9110); null when absent or unreadable. Capped, so that a bad header cannot stop the watch. */
function retryAfter(header: string | undefined, now: number): number | null {
  if (header === undefined || header.trim() === '') return null;
  const seconds = Number(header);
  const milliseconds = Number.isFinite(seconds) ? seconds * 1000 : new Date(header).getTime() - now;
  return Number.isFinite(milliseconds) ? Math.min(Math.max(0, milliseconds), 10 * LONGEST_WAIT_MILLISECONDS) : null;
}

function jitter(attempt: number, random: Random): number {
  return random() * Math.min(LONGEST_WAIT_MILLISECONDS, FIRST_WAIT_MILLISECONDS * 2 ** attempt);
}
