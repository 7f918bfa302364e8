import type { Http } from '../ports';
import { messageOf } from '../errors';

/**
 * The `http` port over the platform's fetch. Redirects are not followed: an API that answers with one is not the API,
 * and the token must not travel elsewhere. However long the limit of a request, it ends when five minutes went by without the head of an
 * answer, which the platform does not let us set; what was asked for may be done all the same.
 */
export function httpOverFetch(): Http {
  return async ({ method, url, headers, body, timeoutMilliseconds }) => {
    try {
      const response = await fetch(url, {
        method,
        redirect: 'manual',
        signal: AbortSignal.timeout(timeoutMilliseconds),
        ...(headers === undefined ? {} : { headers: { ...headers } }),
        ...(body === undefined ? {} : { body }),
      });
      const answered: Record<string, string> = {};
      response.headers.forEach((value, name) => {
        answered[name.toLowerCase()] = value;
      });
      return { status: response.status, headers: answered, body: await response.text() };
    } catch (cause) {
      throw new Error(reasonOf(cause, timeoutMilliseconds), { cause });
    }
  };
}

/** fetch says "fetch failed" and hides why one level below. */
function reasonOf(cause: unknown, timeoutMilliseconds: number): string {
  if (cause instanceof Error && cause.name === 'TimeoutError')
    return `no answer within ${timeoutMilliseconds / 1000} s`;
  return cause instanceof Error && cause.cause !== undefined
    ? messageOf(cause.cause) || cause.message
    : messageOf(cause);
}
