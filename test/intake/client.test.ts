import type { Http, HttpRequest, HttpResponse } from '../../lib/ports';
import { until } from '../support/until';
import {
  apiBase,
  callbackUrl,
  createClient,
  createLimiter,
  listSheets,
  NO_LIMITER,
  oneTry,
  SMARTSHEET_LIMITS,
  whoOwns,
} from '../../lib/smartsheet';
import { smartsheet } from '../../credentials/smartsheet';

type Reply = Partial<HttpResponse> | Error;

/** A client over a scripted network and a clock that jumps where it is told to sleep. */
function scripted(replies: readonly Reply[]) {
  const asked: HttpRequest[] = [];
  const slept: number[] = [];
  let now = 0;
  const http: Http = async (request) => {
    asked.push(request);
    const reply = replies[Math.min(asked.length, replies.length) - 1]!;
    if (reply instanceof Error) throw reply;
    return { status: 200, headers: {}, body: '{}', ...reply };
  };
  const sleep = async (milliseconds: number): Promise<void> => {
    slept.push(milliseconds);
    now += milliseconds;
  };
  const limiter = createLimiter(null, { now: () => now, sleep });
  const exchange = {
    http,
    token: 'secret-token',
    base: 'https://api.example.com/2.0/',
    limiter,
    now: () => now,
    sleep,
    random: () => 0.5,
  };
  return { client: createClient(exchange), asked, slept };
}

const refusal = (status: number, errorCode: number, message: string): Reply => ({
  status,
  body: JSON.stringify({ errorCode, message, refId: 'ref-1' }),
});
const version: Reply = { body: '{"version":7}' };

describe('the Smartsheet client', () => {
  it.each([
    ['maintenance (4001)', refusal(503, 4001, 'Maintenance.')],
    ['a server time-out (4002)', refusal(500, 4002, 'Timeout.')],
    ['the rate limit (4003)', refusal(429, 4003, 'Rate limit exceeded.')],
    ['a sheet being saved (4004)', refusal(500, 4004, 'Unexpected.')],
    ['a plain 429', { status: 429, body: 'slow down' }],
    ['a plain 502', { status: 502, body: '<html>' }],
    ['no answer', new Error('socket hang up')],
  ])('tries again after %s, with jitter', async (_case, reply) => {
    const { client, asked, slept } = scripted([reply, reply, version]);
    expect(await client.sheetVersion('5')).toBe(7);
    expect(asked).toHaveLength(3);
    expect(slept).toEqual([500, 1000]);
  });

  it('waits as long as Retry-After asks, in seconds or until a time', async () => {
    const until = new Date(20_000).toUTCString();
    const { client, slept } = scripted([
      { status: 429, headers: { 'retry-after': '12' } },
      { status: 503, headers: { 'retry-after': until } },
      version,
    ]);
    await client.sheetVersion('5');
    expect(slept).toEqual([12_000, 8_000]);
  });

  it('lists sheets over all pages, in order, narrowed by a part of name, id or workspace', async () => {
    const page = (first: number, count: number): Reply => ({
      body: JSON.stringify({
        data: Array.from({ length: count }, (_, index) => ({
          id: first + index,
          name: `Sheet ${first + index}`,
          ...(index === 0 ? { workspace: { name: 'Northern Billing' } } : {}),
        })),
      }),
    });
    const pages = [page(1, 500), page(501, 3)];
    const { client, asked } = scripted(pages);
    expect((await client.listSheets()).map(({ id }) => id)).toEqual(Array.from({ length: 503 }, (_, i) => `${i + 1}`));
    expect(asked.map(({ url }) => new URL(url).search)).toEqual(['?page=1&pageSize=500', '?page=2&pageSize=500']);
    const named = await scripted(pages).client.listSheets({ name: ' sheet 50' });
    expect(named.map(({ id }) => id)).toEqual(['50', '500', '501', '502', '503']);
    const some = await scripted(pages).client.listSheets({ name: 'SHEET 502' });
    expect(some).toEqual([{ id: '502', name: 'Sheet 502', accessLevel: null, workspace: null }]);
    const placed = await scripted(pages).client.listSheets({ name: 'northern' });
    expect(placed.map(({ id }) => id)).toEqual(['1', '501']);
  });

  it('ends a list whose last page is given again and again', async () => {
    const full: Reply = {
      body: JSON.stringify({ data: Array.from({ length: 500 }, (_, id) => ({ id: id + 1, name: 'same' })) }),
    };
    const { client, asked } = scripted([full]);
    expect(await client.listSheets()).toHaveLength(500);
    expect(asked).toHaveLength(2);
  });

  it('lists columns in the order of the sheet, and says which Smartsheet fills itself', async () => {
    const { client, asked } = scripted([
      {
        body: JSON.stringify({
          data: [
            { id: 11, title: 'Work Request #', type: 'TEXT_NUMBER', primary: true },
            { id: 12, title: 'Changed', type: 'DATETIME', systemColumnType: 'MODIFIED_DATE' },
          ],
        }),
      },
    ]);
    expect(await client.listColumns('5')).toEqual([
      { id: '11', title: 'Work Request #', type: 'TEXT_NUMBER', isPrimary: true, isSystem: false },
      { id: '12', title: 'Changed', type: 'DATETIME', isPrimary: false, isSystem: true },
    ]);
    expect(asked[0]?.url).toContain('/sheets/5/columns?');
  });

  it('asks once and at once for somebody who waits', async () => {
    const asked: string[] = [];
    const http: Http = async ({ url }) => {
      asked.push(url);
      throw new Error('socket hang up');
    };
    const exchange = oneTry({ http, token: 't', base: 'https://api.example.com/2.0/' });
    await expect(listSheets(exchange)).rejects.toMatchObject({ code: 'smartsheet_unavailable' });
    expect(asked).toHaveLength(1);
  });

  it('gives up after six tries with an error that says so, and is not to blame', async () => {
    const { client, asked } = scripted([new Error('connect ECONNREFUSED')]);
    await expect(client.sheetVersion('5')).rejects.toMatchObject({
      code: 'smartsheet_unavailable',
      message:
        'Smartsheet could not be asked to read the version of sheet 5 (6 tries): no answer (connect ECONNREFUSED).',
    });
    expect(asked).toHaveLength(6);
  });

  it('does not make a webhook twice when the answer was lost', async () => {
    const { client, asked } = scripted([new Error('socket hang up')]);
    await expect(
      client.createWebhook({ name: 'n', sheetId: '5', callbackUrl: 'https://audit.example.com/webhook' }),
    ).rejects.toMatchObject({ code: 'smartsheet_unavailable' });
    expect(asked).toHaveLength(1);
  });

  it.each([
    [401, 1002, 'SMARTSHEET_ACCESS_TOKEN'],
    [401, 1003, 'SMARTSHEET_ACCESS_TOKEN'],
    [403, 1004, 'Share the sheet'],
    [404, 1006, 'Check the sheet id'],
    [500, 4000, 'reference id'],
  ])('says what to do about %i/%i, and asks once', async (status, errorCode, hint) => {
    const { client, asked } = scripted([refusal(status, errorCode, 'No.')]);
    const failure = await client.sheetFacts('55').catch((thrown: unknown) => thrown);
    expect(failure).toMatchObject({
      code: 'smartsheet_refused',
      status,
      errorCode,
      refId: 'ref-1',
      message: `Smartsheet refused to read sheet 55: No (${errorCode}).`,
    });
    expect((failure as { hint: string }).hint).toContain(hint);
    expect(asked).toHaveLength(1);
  });

  it('says when something else than Smartsheet answers', async () => {
    const { client } = scripted([{ body: '<html>Welcome</html>' }]);
    await expect(client.sheetVersion('5')).rejects.toMatchObject({
      code: 'smartsheet_answer_unknown',
      hint: expect.stringContaining('SMARTSHEET_API_BASE'),
    });
  });

  it('writes to one sheet one after another, and to two sheets at the same time', async () => {
    const open: string[] = [];
    const answers: (() => void)[] = [];
    const http: Http = ({ url }) => {
      open.push(new URL(url).pathname);
      return new Promise((answer) =>
        answers.push(() => answer({ status: 200, headers: {}, body: '{"result":[{"id":1}]}' })),
      );
    };
    const unlimited = { limiter: NO_LIMITER, now: () => 0, sleep: async () => undefined, random: () => 0 };
    const client = createClient({ http, token: 't', base: 'https://api.example.com/2.0/', ...unlimited });
    const done = [client.addRows('5', [{ '1': 'a' }]), client.addRows('5', [{ '1': 'b' }]), client.addRows('6', [{}])];
    await until(() => open.length === 2, 'two writes to be under way');
    expect(open).toEqual(['/2.0/sheets/5/rows', '/2.0/sheets/6/rows']);
    answers.forEach((answer) => answer());
    await until(() => open.length === 3, 'the write that waited');
    answers[2]!();
    expect(await Promise.all(done)).toEqual([['1'], ['1'], ['1']]);
  });

  it('writes on after a write that failed', async () => {
    const { client } = scripted([refusal(400, 1008, 'Unable to parse.'), { body: '{"result":[{"id":7}]}' }]);
    const [first, second] = [client.addRows('5', [{}]), client.addRows('5', [{}])];
    await expect(first).rejects.toMatchObject({ code: 'smartsheet_refused', errorCode: 1008, refId: 'ref-1' });
    expect(await second).toEqual(['7']);
  });

  it('says of a token that is refused which region was asked, and where the others are', async () => {
    const { client } = scripted([refusal(401, 1002, 'Your Access Token is invalid.')]);
    const base = 'https://api.smartsheet.eu/2.0/';
    const body = JSON.stringify({ errorCode: 1002, message: 'Your Access Token is invalid.' });
    const elsewhere = whoOwns(async () => ({ status: 401, headers: {}, body }), 't', base);
    await expect(elsewhere).rejects.toMatchObject({
      hint: expect.stringMatching(/is the EU region.*US is https:\/\/api\.smartsheet\.com\/2\.0\//),
    });
    // An address of nobody's has no region to explain.
    await expect(client.me()).rejects.toMatchObject({ hint: expect.not.stringContaining('region is') });
  });

  it('never puts the token into an error', async () => {
    const { client } = scripted([refusal(401, 1002, 'Your Access Token is invalid.')]);
    const failure = await client.me().catch((thrown: unknown) => thrown);
    expect(JSON.stringify(failure)).not.toContain('secret-token');
  });
});

describe('the limiter', () => {
  it('lets no minute have more than its budget, and keeps the order', async () => {
    let now = 0;
    const taken: number[] = [];
    const sleep = async (milliseconds: number): Promise<void> => void (now += milliseconds);
    const limiter = createLimiter(SMARTSHEET_LIMITS, { now: () => now, sleep });
    for (let index = 0; index < 90; index += 1) {
      await limiter.take({ requests: 10, history: 1 });
      taken.push(now);
    }
    const within = taken.map((start) => taken.filter((time) => time >= start && time < start + 60_000).length);
    expect(Math.max(...within)).toBeLessThanOrEqual(30);
    expect(taken).toEqual(taken.toSorted((left, right) => left - right));
    expect(taken.at(-1)).toBeLessThan(5 * 60_000);
  });
});

describe('addresses', () => {
  const api = 'https://api.smartsheet.com/2.0/';
  const sandbox = 'http://127.0.0.1:1881/2.0/';

  it.each([
    ['https://audit.example.com', api, 'https://audit.example.com/webhook'],
    ['https://audit.example.com:8443/billing/', api, 'https://audit.example.com:8443/billing/webhook'],
    ['https://audit.example.com/webhook', api, 'https://audit.example.com/webhook'],
    ['http://127.0.0.1:1880', sandbox, 'http://127.0.0.1:1880/webhook'],
  ])('%s is called back at its webhook', (publicUrl, base, url) => {
    expect(callbackUrl(publicUrl, base)).toBe(url);
  });

  it.each([
    ['http://audit.example.com', api, 'must begin with https://'],
    ['http://127.0.0.1:1880', api, 'must begin with https://'],
    ['https://localhost', api, 'is this machine itself'],
    ['https://audit.example.com:1880', api, 'uses port 1880'],
    ['http://audit.example.com', sandbox, 'must begin with https://'],
    ['audit.example.com', api, 'is not a web address'],
  ])('%s is refused with a reason', (publicUrl, base, why) => {
    expect(() => callbackUrl(publicUrl, base)).toThrow(
      expect.objectContaining({ code: 'bad_setting', message: expect.stringContaining(why) }),
    );
  });

  it('none means polling, and the API base gets its slash and never leaves the machine in clear text', () => {
    expect(callbackUrl('', api)).toBeNull();
    expect(callbackUrl(null, api)).toBeNull();
    expect(apiBase('')).toBe(api);
    expect(apiBase('eu')).toBe('https://api.smartsheet.eu/2.0/');
    expect(apiBase('US Gov')).toBe('https://api.smartsheetgov.com/2.0/');
    expect(apiBase('https://api.smartsheet.eu/2.0')).toBe('https://api.smartsheet.eu/2.0/');
    expect(() => apiBase('http://api.smartsheet.com/2.0')).toThrow(expect.objectContaining({ code: 'bad_setting' }));
  });
});

describe('the Smartsheet credential', () => {
  const answering =
    (reply: Partial<HttpResponse>): Http =>
    async () => ({ status: 200, headers: {}, body: '', ...reply });

  it('says whom it connected as', async () => {
    const body = JSON.stringify({ id: 1, email: 'service@example.com', name: 'Service' });
    expect(await smartsheet.test({ token: 't', base: '' }, answering({ body }))).toBe(
      'Connected as Service (service@example.com).',
    );
  });

  it('says where to look when the token is refused or missing', async () => {
    const body = JSON.stringify({ errorCode: 1002, message: 'Your Access Token is invalid.' });
    const refused = smartsheet.test({ token: 't', base: '' }, answering({ status: 401, body }));
    await expect(refused).rejects.toMatchObject({
      code: 'smartsheet_refused',
      hint: expect.stringContaining('SMARTSHEET_ACCESS_TOKEN'),
    });
    await expect(smartsheet.test({ token: ' ', base: '' }, answering({}))).rejects.toMatchObject({
      code: 'bad_setting',
    });
  });
});
