import { setTimeout as pause } from 'node:timers/promises';
import { messageOf } from '../../lib/errors';
import { StoreRefused, StoreUnavailable, type StoreDriver } from '../../lib/store';

const LONGEST_MILLISECONDS = 120_000;
const MOST_WAITS = 20;
const LONGEST_WAIT_SECONDS = 60;

/** The store of a running server, called as PostgREST is. */
export function driverOverHttp(address: string, key: string): StoreDriver {
  return {
    rpc: async (name, p) => {
      const { status, body } = await postInTurn(`${address}/rest/v1/rpc/${name}`, key, { p });
      if (status >= 200 && status < 300) return body;
      const { code, message, hint, details } = (body ?? {}) as Partial<Record<string, string | null>>;
      if (status >= 400 && status < 500 && typeof code === 'string') {
        throw new StoreRefused(code, message ?? `${name} was refused.`, hint ?? '', details ?? null);
      }
      throw new StoreUnavailable(`the server at ${address} answered ${status}: ${message ?? ''}`);
    },
    close: () => Promise.resolve(),
  };
}

interface Answer {
  readonly status: number;
  readonly body: unknown;
  /** Seconds, where the server says when to come again. */
  readonly retryAfter: number;
}

/** A long export asks faster than one program may: it waits its turn, and nothing of it was done meanwhile. */
async function postInTurn(url: string, key: string, body: unknown): Promise<Answer> {
  for (let waits = 0; ; waits += 1) {
    const answer = await post(url, key, body);
    if (answer.status !== 429 || waits >= MOST_WAITS) return answer;
    await pause(Math.min(Math.max(answer.retryAfter, 1), LONGEST_WAIT_SECONDS) * 1000);
  }
}

async function post(url: string, key: string, body: unknown): Promise<Answer> {
  try {
    const answer = await fetch(url, {
      method: 'POST',
      headers: { Authorization: `Bearer ${key}`, 'Content-Type': 'application/json' },
      body: JSON.stringify(body),
      redirect: 'error',
      signal: AbortSignal.timeout(LONGEST_MILLISECONDS),
    });
    const retryAfter = Number(answer.headers.get('retry-after') ?? 0);
    return { status: answer.status, body: await answer.json(), retryAfter };
  } catch (thrown) {
    throw new StoreUnavailable(`${url} cannot be reached: ${messageOf(thrown)}`, { cause: thrown });
  }
}
