import { z } from 'zod';
import { messageOf } from '../../errors';
import type { Http, HttpResponse } from '../../ports';
import { AnchorFailed } from '../errors';
import { ANCHOR_SECONDS, type Anchor } from './anchor';

const LONGEST_MILLISECONDS = 30_000;

const held = z.object({
  checkpoints: z.array(
    z.object({
      note: z.string(),
      leaves: z
        .object({ from: z.number(), hashes: z.array(z.string()) })
        .nullable()
        .default(null),
    }),
  ),
});

/**
 * A receiver of somebody else: `POST` of `{note, leaves}` lays a checkpoint down (any 2xx), `GET` gives
 * `{checkpoints: [...]}` back. One that gives nothing back (404, 405, 501) is written to alone.
 */
export function httpAnchor(url: string, token: string | null, http: Http): Anchor {
  const name = `receiver ${new URL(url).origin}`;
  const headers = { 'content-type': 'application/json', ...(token !== null && { authorization: `Bearer ${token}` }) };
  const ask = async (method: 'GET' | 'POST', body?: string): Promise<HttpResponse> => {
    try {
      const request = { method, url, headers, timeoutMilliseconds: LONGEST_MILLISECONDS };
      return await http({ ...request, ...(body !== undefined && { body }) });
    } catch (thrown) {
      throw failed(name, messageOf(thrown));
    }
  };
  return {
    name,
    everySeconds: ANCHOR_SECONDS,
    put: async (checkpoint) => {
      const { status } = await ask('POST', JSON.stringify(checkpoint));
      if (status < 200 || status > 299) throw failed(name, `it answered with status ${status}`);
    },
    read: async () => {
      const { status, body } = await ask('GET');
      if ([404, 405, 501].includes(status)) return null;
      if (status !== 200) throw failed(name, `it answered with status ${status}`);
      const answer = held.safeParse(parsed(body));
      if (!answer.success)
        throw failed(
          name,
          'it did not answer with {"checkpoints": [{"note": "...", "leaves": null}, ...]}, as they were posted',
        );
      return answer.data.checkpoints;
    },
  };
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

function failed(name: string, why: string): AnchorFailed {
  return new AnchorFailed(name, why, 'Check ANCHOR_URL and ANCHOR_TOKEN, and that the receiver runs.');
}
