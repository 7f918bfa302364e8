/** Headers of Smartsheet's verification handshake, as Node spells header names. */
export const CHALLENGE_HEADER = 'smartsheet-hook-challenge';
export const CHALLENGE_ANSWER_HEADER = 'smartsheet-hook-response';

const LARGEST_CHALLENGE_BYTES = 1024;
const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;

export interface Challenge {
  readonly challenge: string;
  /** As the body names it; null when it does not. Only for the log: a challenge is not signed and grants nothing. */
  readonly webhookId: string | null;
}

/**
 * Recognises a verification request (reference §2.5): a UUID in the header, the same in a JSON body of at most 1 kB.
 * @returns null when it is none, or not a well-formed one
 */
export function readChallenge(
  headers: Readonly<Record<string, string | string[] | undefined>>,
  body: Uint8Array,
): Challenge | null {
  const header = headers[CHALLENGE_HEADER];
  if (typeof header !== 'string' || !UUID.test(header) || body.byteLength > LARGEST_CHALLENGE_BYTES) return null;
  const parsed = parseObject(Buffer.from(body).toString('utf8'));
  if (parsed?.['challenge'] !== header) return null;
  const webhookId = parsed['webhookId'];
  const isId = typeof webhookId === 'number' || typeof webhookId === 'string';
  return { challenge: header, webhookId: isId ? String(webhookId) : null };
}

/** The answer that Smartsheet wants: the value in a header and in the body; either would do, both are safest. */
export function answerChallenge({ challenge }: Challenge): {
  readonly status: 200;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
} {
  return {
    status: 200,
    headers: { [CHALLENGE_ANSWER_HEADER]: challenge, 'content-type': 'application/json' },
    body: JSON.stringify({ smartsheetHookResponse: challenge }),
  };
}

function parseObject(text: string): Readonly<Record<string, unknown>> | null {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? (value as Readonly<Record<string, unknown>>) : null;
  } catch {
    return null;
  }
}
