export type Method = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';

/** A request as handlers see it: whole, and with its path's ids. */
export interface Request {
  readonly method: string;
  readonly path: string;
  readonly parameters: Readonly<Record<string, string>>;
  readonly query: URLSearchParams;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
}

export interface Response {
  readonly status: number;
  readonly type: string;
  readonly body: string | Buffer;
  readonly headers?: Readonly<Record<string, string>>;
  /** What becomes of the connection instead of an answer: broken, or silent for ever. */
  readonly cut?: 'reset' | 'hold';
  readonly holdMilliseconds?: number;
}

export type Handler = (request: Request) => Response | Promise<Response>;

interface Route {
  readonly method: Method;
  readonly segments: readonly string[];
  readonly handler: Handler;
}

/** What a path leads to: a handler, or the methods that the path would take. */
export type Found =
  | { readonly handler: Handler; readonly parameters: Readonly<Record<string, string>> }
  | { readonly handler?: undefined; readonly allowed: readonly Method[] };

/** Finds handlers by method and path. A segment `:name` takes anything; others are compared without regard to case. */
export class Router {
  private readonly routes: Route[] = [];

  on(method: Method, pattern: string, handler: Handler): this {
    this.routes.push({ method, segments: segmentsOf(pattern), handler });
    return this;
  }

  find(method: string, path: string): Found {
    const segments = segmentsOf(path);
    const matches = this.routes.flatMap((route) => {
      const parameters = match(route.segments, segments);
      return parameters === null ? [] : [{ route, parameters }];
    });
    const chosen = matches.find(({ route }) => route.method === method);
    if (chosen !== undefined) return { handler: chosen.route.handler, parameters: chosen.parameters };
    return { allowed: matches.map(({ route }) => route.method) };
  }
}

export function json(body: unknown, status = 200): Response {
  return { status, type: 'application/json', body: JSON.stringify(body) };
}

export function html(body: string, status = 200): Response {
  return { status, type: 'text/html; charset=utf-8', body };
}

function segmentsOf(path: string): string[] {
  return path.split('/').filter((segment) => segment !== '');
}

function match(pattern: readonly string[], path: readonly string[]): Record<string, string> | null {
  if (pattern.length !== path.length) return null;
  const parameters: Record<string, string> = {};
  for (const [index, expected] of pattern.entries()) {
    const actual = path[index] ?? '';
    if (expected.startsWith(':')) parameters[expected.slice(1)] = actual;
    else if (expected.toLowerCase() !== actual.toLowerCase()) return null;
  }
  return parameters;
}
