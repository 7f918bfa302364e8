import type { Request } from 'express';

const PROXY_HEADERS = ['forwarded', 'via', 'x-forwarded-for', 'x-forwarded-host', 'x-forwarded-proto', 'x-real-ip'];

/** What is to be known of a request to a Node-RED that may have no sign-in. */
export interface Asker {
  /** The editor asks people who they are, and this one told it. */
  readonly signedIn: boolean;
  readonly peer: string;
  /** The `Host` header: a page of another site that points its name here gives itself away by it. */
  readonly host: string;
  readonly proxied: boolean;
}

export function askerOf(request: Request, hasAdminAuth: boolean): Asker {
  const user = (request as { readonly user?: { readonly anonymous?: boolean } }).user;
  return {
    signedIn: hasAdminAuth && user !== undefined && user.anonymous !== true,
    peer: request.socket.remoteAddress ?? '',
    host: request.headers.host ?? '',
    proxied: PROXY_HEADERS.some((name) => request.headers[name] !== undefined),
  };
}

/**
 * Whether somebody may see what a token shows: people who signed in, and whoever sits at this machine. A proxy on the
 * same machine makes strangers look as if they did, and where there is a token to use there is something to see: it does
 * not count (DESIGN §6).
 */
export function maySeeByToken({ signedIn, peer, host, proxied }: Asker): boolean {
  return signedIn || (isLoopback(peer.replace(/^::ffff:/, '')) && isLocalName(host) && !proxied);
}

function isLocalName(host: string): boolean {
  const name = host
    .toLowerCase()
    .replace(/:\d+$/, '')
    .replace(/^\[(.*)\]$/, '$1');
  return isLoopback(name) || name.endsWith('.localhost');
}

function isLoopback(address: string): boolean {
  return address === 'localhost' || address === '::1' || /^127(\.\d{1,3}){3}$/.test(address);
}
