import { messageOf } from '../errors';
import type { Http, HttpResponse, Sleep } from '../ports';
import type { StoreDriver } from './store';
import { StoreRefused, StoreUnavailable } from './store-errors';

const LONGEST_MILLISECONDS = 120_000;
const MOST_WAITS = 20;
const LONGEST_WAIT_SECONDS = 60;

export interface StoreOverHttp {
  readonly http: Http;
  readonly sleep: Sleep;
  /** Of a server of ours, or of a Supabase project. */
  readonly address: string;
  /** What carries the key, unless `http` adds it by itself. */
  readonly headers?: Readonly<Record<string, string>>;
}

/** The store behind an address that speaks PostgREST's form (docs/rpc.md). */
export function driverOverHttp({ http, sleep, address, headers = {} }: StoreOverHttp): StoreDriver {
  const base = address.trim().replace(/\/+$/, '');
  return {
    async rpc(name, p) {
      const url = `${base}/rest/v1/rpc/${name}`;
      const answer = await askedInTurn(() => asked(http, url, headers, p), sleep);
      if (answer.status >= 200 && answer.status < 300) return valueOf(answer, url);
      throw failureOf(answer, name, base);
    },
    close: () => Promise.resolve(),
  };
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
  url: string,
  headers: Readonly<Record<string, string>>,
  p: unknown,
): Promise<HttpResponse> {
  try {
    return await http({
      method: 'POST',
      url,
      headers: { ...headers, 'content-type': 'application/json', accept: 'application/json' },
      body: JSON.stringify({ p }),
      timeoutMilliseconds: LONGEST_MILLISECONDS,
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

function failureOf({ status, body }: HttpResponse, name: string, base: string): StoreRefused | StoreUnavailable {
  const { code, message, hint, details } = (parsedObject(body) ?? {}) as Partial<Record<string, string | null>>;
  const said = message ?? `it answered with status ${status}`;
  if (status === 401 || status === 403) {
    return new StoreRefused(code ?? '42501', `The store at ${base} refused the key: ${said}.`, hint ?? WRONG_KEY);
  }
  if (status === 404 && (code === undefined || code === 'PGRST202')) {
    return new StoreRefused('PGRST202', `The function ${name} is missing at ${base}.`, MISSING_FUNCTION);
  }
  if (status >= 400 && status < 500 && status !== 408 && typeof code === 'string') {
    return new StoreRefused(code, said, hint ?? '', details ?? null);
  }
  return new StoreUnavailable(`${base} answered ${status}: ${said}`);
}

const WRONG_KEY = 'Give the service key: of a server in keys/service.key of its home, of Supabase the secret key.';
const MISSING_FUNCTION = 'Check the address; if it is right, run "billing-audit migrate" there.';

function parsedObject(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}
