import type { IHttpRequestOptions, IN8nHttpFullResponse } from 'n8n-workflow';
import type { Http } from '../../../lib/ports';
import type { Context } from './context';

/**
 * The way out: n8n's own, so that its proxy, its protection of inner addresses and its redaction hold for us too. n8n
 * itself adds what the credential says; the token never passes through our code.
 */
export function httpWith(context: Context, credential: string): Http {
  return async ({ method, url, headers = {}, body, timeoutMilliseconds }) => {
    const { authorization: _, ...open } = headers;
    const options: IHttpRequestOptions = {
      method,
      url,
      headers: open,
      ...(body !== undefined && { body }),
      json: false,
      encoding: 'text',
      returnFullResponse: true,
      ignoreHttpStatusErrors: true,
      disableFollowRedirect: true,
      timeout: timeoutMilliseconds,
    };
    const answer = (await context.helpers.httpRequestWithAuthentication.call(
      context,
      credential,
      options,
    )) as IN8nHttpFullResponse;
    return { status: answer.statusCode, headers: textsOf(answer.headers), body: textOf(answer.body) };
  };
}

function textsOf(headers: IN8nHttpFullResponse['headers']): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), String(value)]));
}

function textOf(body: unknown): string {
  if (typeof body === 'string') return body;
  return body === undefined || body === null ? '' : JSON.stringify(body);
}
