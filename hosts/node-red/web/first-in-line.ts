import type { IncomingMessage, ServerResponse } from 'node:http';

type Next = (failure?: unknown) => void;
export type Middleware = (request: IncomingMessage, response: ServerResponse, next: Next) => void;

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

/** No callback has these methods; whoever else serves the path may answer them. */
const METHODS_OF_OTHERS: readonly (string | undefined)[] = ['GET', 'HEAD', 'OPTIONS'];

/** Whether a request is one that a webhook sends to this path. */
export function isCallTo(path: string): (request: Pick<IncomingMessage, 'method' | 'url'>) => boolean {
  const wanted = comparable(path);
  return ({ method, url }) => !METHODS_OF_OTHERS.includes(method) && comparable(url ?? '') === wanted;
}

/**
 * Lets a handler have what is posted to one path before anything else of the same server: a signature is over the exact
 * bytes, and no parser, sign-in, redirect or error page of others may answer what Smartsheet sends. Node-RED's admin
 * application is mounted in front of its public one when both have the same root, so the handler is put first in the
 * outermost application.
 * @returns what takes it out again, by identity
 */
export function putFirst(application: Application, path: string, handler: Middleware): () => void {
  const root = outermost(application);
  const isForIt = isCallTo(path);
  const guard: Middleware = (request, response, next) => {
    if (isForIt(request)) handler(request, response, next);
    else next();
  };
  root.use(guard);
  const stack = stackOf(root);
  const index = stack.findIndex((layer) => layer.handle === guard);
  stack.unshift(...stack.splice(index, 1));
  return () => removeHandler(root, guard);
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
