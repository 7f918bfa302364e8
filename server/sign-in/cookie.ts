/** Browsers accept the prefix `__Host-` only from https, for the whole site and no other, so no neighbour can plant it. */
const PLAIN = 'billing_audit_session';
const SECURE = `__Host-${PLAIN}`;

/** The session's token in a `Cookie` header, or null. */
export function tokenIn(cookieHeader: string, secure: boolean): string | null {
  const wanted = secure ? SECURE : PLAIN;
  for (const pair of cookieHeader.split(';')) {
    const at = pair.indexOf('=');
    if (at > 0 && pair.slice(0, at).trim() === wanted) return tokenOf(pair.slice(at + 1).trim());
  }
  return null;
}

/** No `Max-Age`: the cookie ends with the browser, the session when the server says so. */
export function cookieWith(token: string, secure: boolean): string {
  return `${secure ? SECURE : PLAIN}=${token}; Path=/; HttpOnly; SameSite=Lax${secure ? '; Secure' : ''}`;
}

export function cookieGone(secure: boolean): string {
  return `${cookieWith('', secure)}; Max-Age=0`;
}

function tokenOf(value: string): string | null {
  return /^[A-Za-z0-9_-]{43}$/.test(value) ? value : null;
}
