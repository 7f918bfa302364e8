import type { IncomingMessage } from 'node:http';
import { isLoopback } from '../configuration';

/** What the gate looks at in a request; taken once, so that deciding is a pure function. */
export interface RequestFacts {
  readonly method: string;
  /** As sent, with its query. */
  readonly url: string;
  /** The url without its query, in lower case as Express compares it. */
  readonly path: string;
  readonly upgrade: boolean;
  /** The `Host` header, in lower case. */
  readonly host: string;
  readonly origin: string | null;
  readonly fetchSite: string | null;
  readonly cookie: string;
  readonly wantsPage: boolean;
  readonly userAgent: string;
  /** The key of an `Authorization: Bearer` header, if there is one. */
  readonly bearer?: string | null;
  /** The header `apikey`, in which programs of Supabase show their key. */
  readonly apikey?: string | null;
  /** The other end of the connection: a browser, or the nearest proxy. */
  readonly peer: string;
  /** Where the person is: the peer, or what a proxy on this machine says. */
  readonly address: string;
  /** The browser spoke https, as far as a proxy on this machine says. */
  readonly https: boolean;
  /** The host that the browser asked for, as far as a proxy on this machine says. */
  readonly forwardedHost: string | null;
}

export function factsOf(request: IncomingMessage, upgrade = false): RequestFacts {
  const header = (name: string): string | null => {
    const value = request.headers[name];
    return Array.isArray(value) ? value.join(', ') : (value ?? null);
  };
  const url = request.url ?? '/';
  const peer = withoutMapping(request.socket.remoteAddress ?? '');
  // Only a program on this machine is believed; what anybody else writes into these headers is a claim.
  const believed = (name: string): string | null => (isLoopback(peer) ? nearest(header(name)) : null);
  return {
    method: request.method ?? 'GET',
    url,
    path: (url.split('?', 1)[0] ?? '/').toLowerCase(),
    upgrade,
    host: (header('host') ?? '').toLowerCase(),
    origin: header('origin'),
    fetchSite: header('sec-fetch-site'),
    cookie: header('cookie') ?? '',
    wantsPage: !upgrade && /\btext\/html\b/i.test(header('accept') ?? ''),
    userAgent: header('user-agent') ?? '',
    bearer: /^Bearer ([^\s,]+)$/i.exec(header('authorization') ?? '')?.[1] ?? null,
    apikey: header('apikey') || null,
    peer,
    address: believed('x-forwarded-for') ?? peer,
    https: believed('x-forwarded-proto')?.toLowerCase() === 'https',
    forwardedHost: believed('x-forwarded-host')?.toLowerCase() ?? null,
  };
}

/** A path that this server and what stands behind it could read differently is not worth an argument. */
export function isPlainPath(url: string): boolean {
  const path = url.split('?', 1)[0] ?? '';
  return (
    path.startsWith('/') && !path.startsWith('//') && /^[\x21-\x7e]+$/.test(url) && !/[\\#]|\/\.\.?(\/|$)/.test(path)
  );
}

/** The name part of a `Host` header: without port, and without the brackets of an IPv6 address. */
export function hostName(host: string): string {
  return host.replace(/:\d+$/, '').replace(/^\[(.*)\]$/, '$1');
}

/** Whether the host is a name of this machine itself, which no name server can point elsewhere. */
export function isLocalName(host: string): boolean {
  const name = hostName(host);
  return isLoopback(name) || name.endsWith('.localhost');
}

/** The last entry was written by the proxy nearest to us; those before it, by whoever sent the request. */
function nearest(list: string | null): string | null {
  const last = list?.split(',').at(-1)?.trim();
  return last ? last : null;
}

/** `::ffff:127.0.0.1` is how a socket for both families names 127.0.0.1. */
function withoutMapping(address: string): string {
  return address.startsWith('::ffff:') ? address.slice('::ffff:'.length) : address;
}
