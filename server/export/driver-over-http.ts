import { messageOf } from '../../lib/errors';
import { StoreRefused, StoreUnavailable, type StoreDriver } from '../../lib/store';

const LONGEST_MILLISECONDS = 120_000;

/** The store of a running server, called as PostgREST is. */
export function driverOverHttp(address: string, key: string): StoreDriver {
  return {
    rpc: async (name, p) => {
      const { status, body } = await post(`${address}/rest/v1/rpc/${name}`, key, { p });
      if (status >= 200 && status < 300) return body;
      const { code, message, hint } = (body ?? {}) as { code?: string; message?: string; hint?: string };
      if (status >= 400 && status < 500 && typeof code === 'string') {
        throw new StoreRefused(code, message ?? `${name} was refused.`, hint ?? '');
      }
      throw new StoreUnavailable(`the server at ${address} answered ${status}: ${message ?? ''}`);
    },
    close: () => Promise.resolve(),
  };
}

async function post(url: string, key: string, body: unknown): Promise<{ status: number; body: unknown }> {
  try {
    const answer = await fetch(url, {
      method: 'POST',
      headers: { Authorization: `Bearer ${key}`, 'Content-Type': 'application/json' },
      body: JSON.stringify(body),
      redirect: 'error',
      signal: AbortSignal.timeout(LONGEST_MILLISECONDS),
    });
    return { status: answer.status, body: await answer.json() };
  } catch (thrown) {
    throw new StoreUnavailable(`${url} cannot be reached: ${messageOf(thrown)}`, { cause: thrown });
  }
}
