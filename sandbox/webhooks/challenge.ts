import { randomUUID } from 'node:crypto';
import type { Postman } from './postman';
import type { Webhook } from './types';

/**
 * Asks the receiver of a hook whether it wants it: a POST with `Smartsheet-Hook-Challenge`, which it must answer 200
 * with the same value in the header `Smartsheet-Hook-Response` or in `{"smartsheetHookResponse": ...}`.
 * @returns null when it passed, else why not
 */
export async function challenge(hook: Webhook, postman: Postman, timeoutMilliseconds: number): Promise<string | null> {
  const value = randomUUID();
  const answer = await postman.post({
    url: hook.callbackUrl,
    headers: { 'Smartsheet-Hook-Challenge': value },
    body: JSON.stringify({ challenge: value, webhookId: hook.id }),
    timeoutMilliseconds,
  });
  if (answer.status !== 200)
    return `Webhook verification failed: the callback URL answered ${answer.status} to the challenge.`;
  if (answer.headers['smartsheet-hook-response'] === value || echoIn(answer.body) === value) return null;
  return 'Webhook verification failed: the response did not carry the challenge.';
}

function echoIn(body: string): unknown {
  try {
    const parsed: unknown = JSON.parse(body);
    return typeof parsed === 'object' && parsed !== null && 'smartsheetHookResponse' in parsed
      ? parsed.smartsheetHookResponse
      : undefined;
  } catch {
    return undefined;
  }
}
