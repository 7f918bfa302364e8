import { maySeeByToken, type Asker } from '../../hosts/node-red/web/who-asks';

const atThisMachine: Asker = { signedIn: false, peer: '127.0.0.1', host: 'localhost:1880', proxied: false };

describe('where nobody signs in, names that a token shows', () => {
  it.each<[string, Partial<Asker>]>([
    ['IPv4', {}],
    ['IPv6', { peer: '::1', host: '[::1]:1880' }],
    ['a socket of both families', { peer: '::ffff:127.0.0.1', host: '127.0.0.1:1880' }],
    ['a name below localhost', { host: 'audit.localhost' }],
  ])('are for this machine: %s', (_what, asker) => {
    expect(maySeeByToken({ ...atThisMachine, ...asker })).toBe(true);
  });

  it.each<[string, Partial<Asker>]>([
    ['another machine', { peer: '192.168.1.20' }],
    ['another machine that calls itself localhost', { peer: '203.0.113.9', host: 'localhost' }],
    ['a machine whose address only begins so', { peer: '127.0.0.1.example.com' }],
    ['a site that points its name here', { host: 'evil.example.com' }],
    ['a site whose name begins so', { host: 'localhost.example.com' }],
    ['a proxy on this machine', { proxied: true }],
    ['nobody that can be named', { peer: '' }],
    ['no Host at all', { host: '' }],
  ])('are not for %s', (_what, asker) => {
    expect(maySeeByToken({ ...atThisMachine, ...asker })).toBe(false);
  });

  it('are for people who signed in, from wherever', () => {
    const far = { signedIn: true, peer: '203.0.113.9', host: 'audit.example.com', proxied: true };
    expect(maySeeByToken(far)).toBe(true);
  });
});
