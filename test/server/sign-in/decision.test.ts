import type { Role } from '../../../server/sign-in/account';
import { mayReach, type RouteRight } from '../../../server/sign-in/area';
import { isPracticeVisitor, isSecure, refusedAtSight, type Policy } from '../../../server/sign-in/decision';
import { isLocalName, isPlainPath, type RequestFacts } from '../../../server/sign-in/request-facts';

const POLICY: Policy = { practice: false, publicUrl: null, extraRoutes: [] };

function facts(of: Partial<RequestFacts> = {}): RequestFacts {
  const url = of.url ?? '/dashboard';
  return {
    method: 'GET',
    url,
    path: (url.split('?')[0] ?? '').toLowerCase(),
    upgrade: false,
    host: '127.0.0.1:1880',
    origin: null,
    fetchSite: null,
    cookie: '',
    wantsPage: false,
    userAgent: '',
    peer: '127.0.0.1',
    address: '127.0.0.1',
    https: false,
    forwardedHost: null,
    ...of,
  };
}

describe('rights', () => {
  const exporting: RouteRight = { path: '/export', roles: ['auditor', 'manager'], may: 'read' };
  const may = (role: Role, method: string, url: string): boolean => mayReach(role, facts({ method, url }), [exporting]);

  it.each<[Role, string, string, boolean]>([
    ['viewer', 'GET', '/dashboard/overview', true],
    ['viewer', 'GET', '/Dashboard/_Debug/datastore/x', false],
    ['viewer', 'GET', '/dashboard-of-somebody-else', false],
    ['viewer', 'GET', '/admin', false],
    ['viewer', 'GET', '/administrator', false],
    ['viewer', 'POST', '/resources/x', false],
    ['auditor', 'GET', '/admin/flows', true],
    ['auditor', 'POST', '/admin/flows', false],
    ['auditor', 'DELETE', '/admin/nodes/x', false],
    ['auditor', 'POST', '/admin/auth/revoke', true],
    ['auditor', 'GET', '/people', false],
    ['auditor', 'GET', '/dashboard/_debug/statestore/x', false],
    ['manager', 'GET', '/admin/', false],
    ['manager', 'GET', '/unknown', false],
    ['admin', 'POST', '/admin/flows', true],
    ['admin', 'POST', '/people/add', true],
    ['admin', 'POST', '/unknown', true],
    ['auditor', 'GET', '/export/changes.csv', true],
    ['auditor', 'POST', '/export', false],
    ['viewer', 'GET', '/export', false],
    ['auditor', 'GET', '/exported', false],
  ])('%s %s %s: %s', (role, method, url, expected) => {
    expect(may(role, method, url)).toBe(expected);
  });
});

describe('paths', () => {
  it.each(['/', '/dashboard?x=/../y', '/admin/nodes/@a%2Fb', '/a/.well-known/x', '/a..b'])('%s is plain', (url) => {
    expect(isPlainPath(url)).toBe(true);
  });

  it.each(['', 'http://evil.example.com/', '//a', '/a/../b', '/..', '/a/.', '/a\\b', '/a#b', '/a b', '/\u00e9', '*'])(
    '"%s" is not',
    (url) => {
      expect(isPlainPath(url)).toBe(false);
    },
  );
});

describe('practice', () => {
  const practice: Policy = { ...POLICY, practice: true };
  const published: Policy = { ...practice, publicUrl: new URL('https://audit.example.com') };

  it('is for programs on this machine, and for nobody once there is a public address', () => {
    expect(isPracticeVisitor(facts(), practice)).toBe(true);
    expect(isPracticeVisitor(facts({ peer: '192.0.2.1' }), practice)).toBe(false);
    expect(isPracticeVisitor(facts(), published)).toBe(false);
    expect(isPracticeVisitor(facts({ host: 'audit.example.com' }), published)).toBe(false);
    expect(isPracticeVisitor(facts(), POLICY)).toBe(false);
  });

  it('refuses foreign hosts, but not on the webhook', () => {
    const foreign = (url: string) => refusedAtSight(facts({ url, host: 'evil.example.com' }), 'everything', practice);
    expect([foreign('/dashboard'), foreign('/sign-in'), foreign('/webhook')]).toEqual(['host', 'host', null]);
    expect(refusedAtSight(facts({ host: 'evil.example.com' }), 'everything', POLICY)).toBeNull();
  });

  it('knows the names of this machine', () => {
    expect(['localhost', 'localhost:1', '127.0.0.1', '[::1]:80', 'a.localhost:2'].every(isLocalName)).toBe(true);
    expect(['', 'localhost.example.com', '127.0.0.1.example.com', '0.0.0.0', '[::2]'].some(isLocalName)).toBe(false);
  });
});

describe('origin', () => {
  const policy: Policy = { ...POLICY, publicUrl: new URL('https://audit.example.com') };
  const verdict = (of: Partial<RequestFacts>) => refusedAtSight(facts({ method: 'POST', ...of }), 'everything', policy);

  it('may be this host, the public one, or what the proxy names', () => {
    expect(verdict({ origin: 'http://127.0.0.1:1880' })).toBeNull();
    expect(verdict({ origin: 'https://audit.example.com' })).toBeNull();
    expect(verdict({ origin: 'https://other.example.com', forwardedHost: 'other.example.com' })).toBeNull();
    expect(verdict({ origin: 'https://other.example.com', fetchSite: 'same-origin' })).toBeNull();
    expect(verdict({})).toBeNull();
  });

  it.each<Partial<RequestFacts>>([
    { origin: 'http://127.0.0.1:1881' },
    { origin: 'https://audit.example.com.evil.example' },
    { origin: 'null' },
    { origin: 'nonsense' },
    { fetchSite: 'cross-site' },
    { fetchSite: 'same-site' },
  ])('may not be %j', (of) => {
    expect(verdict(of)).toBe('origin');
    expect(verdict({ ...of, method: 'GET', upgrade: true })).toBe('origin');
    expect(verdict({ ...of, method: 'GET' })).toBeNull();
  });
});

it('keeps the cookie to https where the browser used it, and only there', () => {
  const publicUrl = new URL('https://audit.example.com');
  expect(isSecure(facts({ https: true }), null)).toBe(true);
  expect(isSecure(facts({ host: 'audit.example.com' }), publicUrl)).toBe(true);
  expect(isSecure(facts({ host: '10.0.0.5:1880' }), publicUrl)).toBe(false);
  expect(isSecure(facts({ host: 'audit.example.com' }), new URL('http://audit.example.com'))).toBe(false);
});
