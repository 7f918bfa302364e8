import { randomUUID } from 'node:crypto';
import { json, type Request, type Response } from '../http/router';
import type { Trouble } from '../webhooks/faults';

/** The status that Smartsheet gives with a code (reference §4). */
const STATUS_OF: Readonly<Record<number, number>> = {
  4000: 500,
  4001: 503,
  4002: 500,
  4003: 429,
  4004: 500,
  4005: 410,
};

const PROXY_PAGE = '<html><head><title>503 Service Temporarily Unavailable</title></head><body></body></html>';

/** Whether a trouble that was asked for is meant for this request. */
export function meets({ path, method }: Trouble, request: Request): boolean {
  return request.path.startsWith(path ?? '/') && (method === undefined || method === request.method);
}

/** What such a request gets instead of its answer. */
export function troubledAnswer(trouble: Trouble): Response {
  const { errorCode, body = 'json', cut, holdSeconds, retryAfterSeconds } = trouble;
  const status = trouble.status ?? STATUS_OF[errorCode ?? 0] ?? 500;
  const fate = {
    ...(cut === undefined ? {} : { cut }),
    ...(holdSeconds === undefined ? {} : { holdMilliseconds: holdSeconds * 1_000 }),
    ...(retryAfterSeconds === undefined ? {} : { headers: { 'Retry-After': String(retryAfterSeconds) } }),
  };
  if (body === 'html') return { status, type: 'text/html; charset=utf-8', body: PROXY_PAGE, ...fate };
  if (body === 'none') return { status, type: 'text/html; charset=utf-8', body: '', ...fate };
  const code = errorCode ?? 4000;
  const message = `The sandbox was asked to fail with ${code}.`;
  return { ...json({ errorCode: code, message, refId: randomUUID().slice(0, 12) }, status), ...fate };
}
