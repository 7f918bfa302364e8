import { messageOf } from '../errors';
import type { Http, HttpResponse, Random, Sleep } from '../ports';
import { codeOf } from './error-code';
import type { Caller, StoreDriver } from './store';
import { limitOf } from './call-limits';
import { missingFunction, StoreRefused, StoreUnavailable } from './store-errors';

const LONGEST_MILLISECONDS = 120_000;
const MOST_WAITS = 20;
const LONGEST_WAIT_SECONDS = 60;
const MOST_TRIES = 5;
const FIRST_WAIT_MILLISECONDS = 200;

export interface StoreOverHttp {
  readonly http: Http;
  readonly sleep: Sleep;
  /** Of a server of ours, or of a Supabase project. */
  readonly address: string;
  /** Where its functions are. A PostgREST of one's own has them below its root. Default: where Supabase has them. */
  readonly path?: '/rest/v1' | '';
  /** What carries the key, unless `http` adds it by itself. */
  readonly headers?: Readonly<Record<string, string>>;
  /** What carries a person's token; without it only the service may call. */
  readonly personHeaders?: (token: string) => Readonly<Record<string, string>>;
  /** Given where what was surely not done is to be tried again: no connection, a database that starts, a deadlock. */
  readonly random?: Random;
}

/** The store behind an address that speaks PostgREST's form (docs/rpc.md). */
export function driverOverHttp(options: StoreOverHttp): StoreDriver {
  const { http, sleep, address, path = '/rest/v1', random } = options;
  const base = address.trim().replace(/\/+$/, '');
  let isClosed = false;
  return {
    async rpc(name, p, caller = { kind: 'service' }) {
      if (isClosed) throw new StoreUnavailable('it is closed');
      const url = `${base}${path}/rpc/${name}`;
      const headers = headersFor(options, caller);
      const once = async (): Promise<Answered> => {
        const answer = await askedInTurn(
          () => asked(http, { url, headers, limit: limitOf(name, LONGEST_MILLISECONDS) }, p),
          sleep,
        );
        if (answer.status >= 200 && answer.status < 300) return { value: valueOf(answer, url) };
        return failureOf(answer, name, base);
      };
      return valueAfterTries(once, random === undefined ? null : { sleep, random });
    },
    close: () => {
      isClosed = true;
      return Promise.resolve();
    },
  };
}

/** What came of one try; `again`: nothing of it was done, and the next may go well. */
type Answered =
  | { readonly value: unknown; readonly error?: undefined }
  | { readonly error: StoreRefused | StoreUnavailable; readonly again: boolean };

async function valueAfterTries(
  once: () => Promise<Answered>,
  patience: { readonly sleep: Sleep; readonly random: Random } | null,
): Promise<unknown> {
  for (let tries = 1; ; tries += 1) {
    const answered = await once().catch((thrown: unknown): Answered => {
      if (!(thrown instanceof StoreUnavailable)) throw thrown;
      return { error: thrown, again: wasNotSent(thrown) };
    });
    if (answered.error === undefined) return answered.value;
    if (!answered.again || patience === null || tries >= MOST_TRIES) throw answered.error;
    await patience.sleep(FIRST_WAIT_MILLISECONDS * 2 ** (tries - 1) * (0.5 + patience.random() / 2));
  }
}

const NOT_SENT = new Set(['ECONNREFUSED', 'ENOTFOUND', 'EAI_AGAIN', 'EHOSTUNREACH', 'UND_ERR_CONNECT_TIMEOUT']);

/** The reason is some levels below, by platform; it may be an error of another realm, which is no `instanceof Error`. */
function wasNotSent(thrown: unknown): boolean {
  for (let each = thrown; typeof each === 'object' && each !== null; each = (each as { cause?: unknown }).cause) {
    if (NOT_SENT.has(codeOf(each) ?? '')) return true;
  }
  return false;
}

function headersFor({ headers = {}, personHeaders }: StoreOverHttp, caller: Caller): Readonly<Record<string, string>> {
  if (caller.kind === 'service') return headers;
  if (personHeaders) return personHeaders(caller.token);
  throw new StoreRefused('42501', 'This store takes no calls of people.', 'Sign-in is not set up here.');
}

/** A long export asks faster than one program may: it waits its turn, and nothing of it was done meanwhile. */
async function askedInTurn(ask: () => Promise<HttpResponse>, sleep: Sleep): Promise<HttpResponse> {
  for (let waits = 0; ; waits += 1) {
    const answer = await ask();
    if (answer.status !== 429 || waits >= MOST_WAITS) return answer;
    const seconds = Math.max(Number(answer.headers['retry-after'] ?? 1) || 1, 1);
    await sleep(Math.min(seconds, LONGEST_WAIT_SECONDS) * 1000);
  }
}

async function asked(
  http: Http,
  { url, headers, limit }: { url: string; headers: Readonly<Record<string, string>>; limit: number },
  p: unknown,
): Promise<HttpResponse> {
  try {
    return await http({
      method: 'POST',
      url,
      headers: { ...headers, 'content-type': 'application/json', accept: 'application/json' },
      body: JSON.stringify({ p }),
      timeoutMilliseconds: limit,
    });
  } catch (thrown) {
    throw new StoreUnavailable(`${url} cannot be reached: ${messageOf(thrown)}`, { cause: thrown });
  }
}

function valueOf({ body, status }: HttpResponse, url: string): unknown {
  const parsed = parsedObject(body);
  if (parsed !== undefined) return parsed;
  throw new StoreUnavailable(`${url} answered ${status} with something that is not JSON`);
}

/** A database that is away, or starts: PostgREST says so before it calls anything. */
const AWAY = new Set(['PGRST000', 'PGRST001', 'PGRST002', 'PGRST003', '57P03', '53300']);

function failureOf({ status, body }: HttpResponse, name: string, base: string): Answered {
  const { code, message, hint, details } = (parsedObject(body) ?? {}) as Partial<Record<string, string | null>>;
  const said = message ?? `it answered with status ${status}`;
  const unavailable = (again: boolean): Answered => ({
    error: new StoreUnavailable(`${base} answered ${status}: ${said}`),
    again,
  });
  const final = (error: StoreRefused): Answered => ({ error, again: false });
  // Classes 08, 53, 57 and 58 are no fault of the call, whatever status they come with.
  if (typeof code === 'string' && AWAY.has(code)) return unavailable(true);
  if (typeof code === 'string' && /^(08|53|57|58)...$/.test(code)) return unavailable(false);
  if (status === 401 || (status === 403 && code !== '42501')) {
    const text = `The store at ${base} refused the key: ${said}.`;
    return final(new StoreRefused(code ?? '42501', text, hint ?? WRONG_KEY));
  }
  if (status === 404 && (code === undefined || code === 'PGRST202')) return final(missingFunction(name, base));
  // PostgREST knows functions by heart: one that has gone meanwhile is missed by the database itself.
  if (code === '42883' && said.includes(name)) return final(missingFunction(name, base));
  if (typeof code === 'string' && /^[0-9A-Z]{5}$/.test(code)) {
    const error = new StoreRefused(code, said, hint ?? (status === 403 ? WRONG_KEY : ''), details ?? null);
    return { error, again: code === '40001' || code === '40P01' };
  }
  if (status >= 400 && status < 500 && status !== 408 && typeof code === 'string') {
    return final(new StoreRefused(code, said, hint ?? '', details ?? null));
  }
  return unavailable(false);
}

const WRONG_KEY = 'Give the service key: of a server in keys/service.key of its home, of Supabase the secret key.';

function parsedObject(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}
