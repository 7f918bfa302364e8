import type { IncomingMessage, ServerResponse } from 'node:http';

/** A callback of Smartsheet is a few kB; anything near this size is not one. */
export const LARGEST_BODY_BYTES = 8 * 1024 * 1024;

type Next = (failure?: unknown) => void;
type Middleware = (request: CapturedRequest, response: ServerResponse, next: Next) => void;
export type CapturedRequest = IncomingMessage & { rawBody?: Buffer; body?: unknown; _body?: boolean };

interface Layer {
  readonly handle: unknown;
  readonly route?: { readonly stack: readonly { readonly handle: unknown }[] };
}
export interface Application {
  readonly parent?: Application;
  readonly _router?: { readonly stack: Layer[] };
  use(handler: Middleware): unknown;
  path(): string;
}

/**
 * Catches the exact bytes of POSTs to one path, before any JSON parser of the same server can consume them: Node-RED's
 * admin application is mounted in front of its public one when both have the same root, and a signature is over bytes.
 * The handler is put first in the outermost application; `_body` makes later parsers leave the request alone.
 * @returns what takes it out again, by identity
 */
export function captureExactBytes(application: Application, path: string): () => void {
  const root = outermost(application);
  const wanted = comparable(path);
  const handler: Middleware = (request, response, next) => {
    if (request.method !== 'POST' || comparable(request.url ?? '') !== wanted) return next();
    readBody(request, response, next);
  };
  root.use(handler);
  const stack = stackOf(root);
  const index = stack.findIndex((layer) => layer.handle === handler);
  stack.unshift(...stack.splice(index, 1));
  return () => removeHandler(root, handler);
}

/** Removes one handler, however it was added, and nothing that shares its path. */
export function removeHandler(application: Application, handler: unknown): void {
  const stack = stackOf(application);
  for (let index = stack.length - 1; index >= 0; index -= 1) {
    const layer = stack[index];
    const isRoute = layer?.route?.stack.some((each) => each.handle === handler) ?? false;
    if (layer?.handle === handler || isRoute) stack.splice(index, 1);
  }
}

/** As Express compares paths: without query, case and a slash at the end. */
function comparable(url: string): string {
  return (
    (url.split('?')[0] ?? '')
      .toLowerCase()
      .replace(/\/{2,}/g, '/')
      .replace(/\/+$/, '') || '/'
  );
}

function outermost(application: Application): Application {
  let found = application;
  while (found.parent) found = found.parent;
  return found;
}

/** Express 4 keeps it in `_router` (asking it for `router` throws), Express 5 in `router`. */
function stackOf(application: Application): Layer[] {
  const router = application._router ?? (application as { readonly router?: { readonly stack: Layer[] } }).router;
  if (!router)
    throw new Error('This web server keeps its routes where they cannot be reached; callbacks need Express 4 or 5.');
  return router.stack;
}

function readBody(request: CapturedRequest, response: ServerResponse, next: Next): void {
  const chunks: Buffer[] = [];
  let size = 0;
  request.on('data', (chunk: Buffer) => {
    size += chunk.length;
    if (size <= LARGEST_BODY_BYTES) chunks.push(chunk);
    else if (!response.headersSent) refuseTooLarge(response);
  });
  request.on('end', () => {
    if (response.headersSent) return;
    request.rawBody = Buffer.concat(chunks);
    request.body = request.rawBody;
    request._body = true;
    next();
  });
  request.on('error', () => response.destroy());
}

function refuseTooLarge(response: ServerResponse): void {
  response.writeHead(413, { 'content-type': 'application/json', connection: 'close' });
  response.end(JSON.stringify({ error: 'too_large', limit: LARGEST_BODY_BYTES }));
}
