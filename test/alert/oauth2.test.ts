import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { readRoute } from '../../lib/alerts';
import { until } from '../support/until';
import { type House, openHouse, rule } from './house';
import { openPostOffice, type PostOffice } from './post-office';
import { event } from './samples';

/** What the token address answers next; a token that it gave is `token-<n>`. */
type TokenMood = 'well' | 'refuses' | 'nonsense' | 'hangs-up';

const USER = 'audit@example.com';
let tokens: Server;
let mood: TokenMood;
let expiresIn: number;
const asked: URLSearchParams[] = [];
const withdrawn = new Set<string>();
const shown: string[] = [];

let office: PostOffice;
let house: House;

beforeEach(async () => {
  mood = 'well';
  expiresIn = 3600;
  for (const list of [asked, shown]) list.length = 0;
  withdrawn.clear();
  tokens = createServer((request, response) => {
    let body = '';
    request.on('data', (chunk) => (body += String(chunk)));
    request.on('end', () => {
      asked.push(new URLSearchParams(body));
      if (mood === 'hangs-up') return void request.socket.destroy();
      if (mood === 'nonsense') return void response.end('<html>Welcome to the guest network</html>');
      response.setHeader('content-type', 'application/json');
      if (mood === 'refuses') {
        const said = { error: 'invalid_grant', error_description: 'Token has been expired or revoked.' };
        return void response.writeHead(400).end(JSON.stringify(said));
      }
      response.end(JSON.stringify({ access_token: `token-${asked.length}`, expires_in: expiresIn }));
    });
  });
  await new Promise<void>((listening) => tokens.listen(0, '127.0.0.1', listening));
  office = await openPostOffice({
    takesToken: (user, token) => {
      shown.push(token);
      return user === USER && /^token-\d+$/.test(token) && !withdrawn.has(token);
    },
  });
  house = await openHouse();
  const route = readRoute({
    url: `smtp://127.0.0.1:${office.port}`,
    from: USER,
    oauthUser: USER,
    oauthClientId: 'client',
    oauthClientSecret: 'client-secret',
    oauthRefreshToken: 'refresh-secret',
    oauthTokenUrl: `http://127.0.0.1:${(tokens.address() as AddressInfo).port}/token`,
  });
  await house.alerting.desk.enlist(rule(), { mail: route, channelUrl: null });
});
afterEach(async () => {
  await house.close();
  await office.close();
  tokens.closeAllConnections();
  await new Promise((closed) => tokens.close(closed));
});

/** Records what is mailed at once: each person's changes are a mail of their own. */
async function alertAbout(changed_by: string): Promise<void> {
  await house.record([event({ changed_by, event_key: `4583173393803140:5001:3:${changed_by}` })]);
  house.alerting.wake();
  await until(async () => (await house.outbox()).undecided === 0, 'the decision');
  house.later(0.1);
}
const mails = (count: number): Promise<unknown> => until(() => office.arrived.length === count, `${count} mails`);

describe('mail with OAuth2', () => {
  it('gets an access token for the refresh token, logs in with it, and uses it for the next mail too', async () => {
    await alertAbout('anna@example.com');
    await mails(1);
    await alertAbout('ben@example.com');
    await mails(2);
    expect(asked.map((each) => Object.fromEntries(each))).toEqual([
      {
        grant_type: 'refresh_token',
        client_id: 'client',
        client_secret: 'client-secret',
        refresh_token: 'refresh-secret',
      },
    ]);
    expect(shown).toEqual(['token-1', 'token-1']);
  });

  it('asks for a new token when the mail server takes the old one no more', async () => {
    await alertAbout('anna@example.com');
    await mails(1);
    withdrawn.add('token-1');
    await alertAbout('ben@example.com');
    await mails(2);
    expect(shown).toEqual(['token-1', 'token-1', 'token-2']);
    // The mail server has a mail before the outbox knows that it was sent.
    await house.settled();
    expect((await house.outbox()).states).toEqual({ sent: 2 });
  });

  it('asks for a new token when the old one has expired', async () => {
    expiresIn = 0.001;
    await alertAbout('anna@example.com');
    await mails(1);
    await alertAbout('ben@example.com');
    await mails(2);
    expect(shown).toEqual(['token-1', 'token-2']);
  });

  it.each<[TokenMood, RegExp]>([
    ['refuses', /No access token came from 127\.0\.0\.1:\d+: invalid_grant: Token has been expired or revoked/],
    ['nonsense', /No access token came from 127\.0\.0\.1:\d+: .*JSON/],
    ['hangs-up', /No access token came from 127\.0\.0\.1:\d+: .*(socket hang up|ECONNRESET)/],
  ])('keeps the mail and says what to do when the token address %s, and sends it later', async (how, said) => {
    mood = how;
    await alertAbout('anna@example.com');
    const mail = await until(
      async () => (await house.outbox()).trouble.find(({ state, attempts }) => state === 'pending' && attempts === 1),
      'a mail that waits',
    );
    expect(mail.error).toMatch(said);
    const { text, status } = await house.alerting.health();
    expect(status).toBe('degraded');
    expect(text).toContain('Look at the OAuth2 fields of the SMTP credential');
    expect(JSON.stringify([text, house.logged, mail])).not.toMatch(/client-secret|refresh-secret/);
    expect(office.texts).toHaveLength(0);
    mood = 'well';
    house.later(2);
    await mails(1);
  });

  it('says that the mail server takes no token of the account, and keeps the mail', async () => {
    for (let count = 1; count < 10; count += 1) withdrawn.add(`token-${count}`);
    await alertAbout('anna@example.com');
    const mail = await until(async () => (await house.outbox()).trouble[0], 'a mail that waits');
    expect(mail.state).not.toBe('dead');
    const { text } = await until(async () => {
      const health = await house.alerting.health();
      return health.text.includes('access token') && health;
    }, 'health that names the token');
    expect(text).toContain(`The mail server refused the access token of ${USER}`);
    expect(text).toContain('may send by SMTP');
  });
});
