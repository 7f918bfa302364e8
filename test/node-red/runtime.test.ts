import { createHash } from 'node:crypto';
import { buildPalette } from '../support/build-palette';
import { startNodeRed, type FlowNode, type RunningNodeRed } from '../support/node-red';
import { ask, askNode, TAB, type Caught } from './fixtures/flows';

interface Weighed {
  readonly weight: number;
  readonly params: Readonly<Record<string, unknown>>;
  readonly hours: string;
}

const scales = (fields: Readonly<Record<string, unknown>> = {}): readonly FlowNode[] =>
  askNode({ id: 'scales', type: 'billing-audit-scales', ...fields }, 2);
const seen = (red: RunningNodeRed, index: number): string[] =>
  red
    .logs()
    .split('\n')
    .filter((line) => line.includes(`SEEN ${index} `));

let palette: string;
let red: RunningNodeRed;

beforeAll(() => {
  palette = buildPalette('fixture', {
    definitions: 'test/node-red/fixtures/definitions.ts',
    palette: 'test/node-red/fixtures/palette.ts',
  });
});

describe.each([
  ['on the default roots', {}],
  ['with the editor at /admin', { httpAdminRoot: '/admin' }],
])('the Node-RED host %s', (_name, settings) => {
  beforeAll(async () => {
    red = await startNodeRed({
      palette,
      settings,
      env: { HEAVY: '7', POST_TOKEN: 'from-environment', BUSINESS_HOURS: '07:00-15:00' },
    });
  });
  afterAll(() => red.stop());

  it('runs a node with the defaults of its definition and the environment of the business hours', async () => {
    await red.deploy(scales());
    const { status, body } = await ask<Weighed>(red.address, { weight: 3 });
    expect(status).toBe(200);
    expect(body.hours).toBe('07:00-15:00');
    expect(body.params).toEqual({
      heavyFrom: 10,
      greeting: 'hello',
      openingHours: '07:00-15:00',
      twice: false,
      colour: 'red',
      shade: '',
      kinds: ['box'],
      points: { size: 10, age: 20 },
      table: { a: 1 },
      when: 'every 60 s',
      places: [],
      titles: [],
    });
  });

  it('sends several values as several messages in order, on each output, and keeps the rest of the message', async () => {
    await red.deploy(scales({ twice: true }));
    const before = [seen(red, 0).length, seen(red, 1).length] as const;
    await ask(red.address, { weight: 11 });
    await red.until(() => seen(red, 1).length > before[1], 'the heavy parcel');
    expect(seen(red, 0)).toHaveLength(before[0] + 2);
    expect(seen(red, 1)).toHaveLength(before[1] + 1);
    const ids = [...seen(red, 0).slice(-2), ...seen(red, 1).slice(-1)].map(
      (line) => /"_msgid":"(\w+)"/.exec(line)?.[1],
    );
    expect(new Set(ids).size).toBe(1);
  });

  it('takes ${NAME} in a field from the environment', async () => {
    await red.deploy(scales({ heavyFrom: '${HEAVY}', heavyFromType: 'num', greeting: '${HEAVY}' }));
    const { body } = await ask<Weighed>(red.address, { weight: 3 });
    expect(body.params).toMatchObject({ heavyFrom: 7, greeting: '7' });
  });

  it('takes a field as empty whose variable is not set', async () => {
    await red.deploy(scales({ greeting: '${NOBODY_SET_THIS}' }));
    const { body } = await ask<Weighed>(red.address, { weight: 3 });
    expect(body.params).toMatchObject({ greeting: '' });
  });

  it.each([
    ['msg', 'payload.weight', 3],
    ['jsonata', 'payload.weight * 2', 6],
    ['env', 'HEAVY', 7],
    ['num', '4', 4],
  ])('works out a field from %s', async (heavyFromType, heavyFrom, expected) => {
    await red.deploy(scales({ heavyFrom, heavyFromType }));
    const { body } = await ask<Weighed>(red.address, { weight: 3 });
    expect(body.params['heavyFrom']).toBe(expected);
  });

  it('takes an empty field from Billing settings, and its own when it has one', async () => {
    const settingsNode = { id: 'shared', type: 'billing-audit-settings', businessHours: '09:00-12:00' };
    await red.deploy([...scales(), settingsNode]);
    const inherited = await ask<Weighed>(red.address, { weight: 3 });
    expect(inherited.body.params['openingHours']).toBe('09:00-12:00');
    await red.deploy([...scales({ openingHours: '10:00-11:00', billingSettings: 'shared' }), settingsNode]);
    const own = await ask<Weighed>(red.address, { weight: 3 });
    expect(own.body).toMatchObject({ hours: '10:00-11:00', params: { openingHours: '10:00-11:00' } });
  });

  it('asks which Billing settings are meant when there are several', async () => {
    await red.deploy([
      ...scales(),
      { id: 'one', type: 'billing-audit-settings' },
      { id: 'two', type: 'billing-audit-settings' },
    ]);
    const { status, body } = await ask<Caught>(red.address, { weight: 3 });
    expect(status).toBe(500);
    expect(body.code).toBe('bad_setting');
    expect(body.cause.hint).toContain('choose one');
  });

  it('brings a rejected run to the Catch node with its code and what to do, and lives on', async () => {
    await red.deploy(scales());
    const { status, body } = await ask<Caught>(red.address, { weight: 3, wish: 'reject' });
    expect(status).toBe(500);
    expect(body.code).toBe('parcel_lost');
    expect(body.message).toContain('The parcel was lost. Look under the table.');
    expect(body.cause).toMatchObject({ code: 'parcel_lost', hint: 'Look under the table.', context: { weight: 3 } });
    expect(body.source).toMatchObject({ id: 'scales', type: 'billing-audit-scales' });
    expect((await ask<Caught>(red.address, { weight: 3, wish: 'strange' })).body.message).toContain('a bare string');
    expect((await ask(red.address, { weight: 3 })).status).toBe(200);
    expect(red.exited()).toBeNull();
  });

  it('says of a message of the wrong type what was expected and what is missing', async () => {
    await red.deploy(scales());
    const { status, body } = await ask<Caught>(red.address, { size: 3 });
    expect(status).toBe(500);
    expect(body.code).toBe('wrong_message_type');
    expect(body.message).toMatch(/Expected a parcel, got an object with size: `weight`/);
  });

  it('says which field holds what it cannot use', async () => {
    await red.deploy(scales({ heavyFrom: '500', heavyFromType: 'num' }));
    const { body } = await ask<Caught>(red.address, { weight: 3 });
    expect(body).toMatchObject({ code: 'bad_setting' });
    expect(body.message).toContain('"Heavy from" must be 100 or less; it holds "500".');
  });

  it.each(['/webhook', '/WEBHOOK/', '/webhook?x=1'])(
    'hands the exact bytes of a POST to %s to the Runtime',
    async (path) => {
      await red.deploy(scales());
      const body = Buffer.from('{ "a":1,\n\t"b" : "\\u00e9é" }  ');
      const answer = await red.until(async () => {
        const given = await fetch(red.address + path, {
          method: 'POST',
          headers: { 'content-type': 'application/json' },
          body,
        });
        return given.status === 404 ? null : given;
      }, 'the route to open');
      expect(answer.status).toBe(200);
      expect(answer.headers.get('smartsheet-hook-response')).toBe('yes');
      expect(await answer.json()).toEqual({
        sha256: createHash('sha256').update(body).digest('hex'),
        size: body.length,
      });
    },
  );

  it('hands a body of any length to the Runtime, which decides what to do with it', async () => {
    const answer = await fetch(`${red.address}/webhook`, { method: 'POST', body: Buffer.alloc(9 * 1024 * 1024) });
    expect(await answer.json()).toMatchObject({ size: 9 * 1024 * 1024 });
  });

  it('leaves the bodies of other POSTs alone', async () => {
    expect((await ask<Weighed>(red.address, { weight: 1 })).body.weight).toBe(1);
  });

  it('answers /health with 200 while degraded', async () => {
    const answer = await fetch(`${red.address}/health`);
    expect(answer.status).toBe(200);
    expect(await answer.json()).toMatchObject({ status: 'degraded' });
  });

  it('has one route, one handler and one Runtime after three deploys, and none without nodes', async () => {
    const count = (text: string): number => red.logs().split(text).length - 1;
    for (let deploys = 0; deploys < 3; deploys += 1) await red.deploy(scales());
    await red.until(() => count('runtime opened') === count('runtime closed') + 1, 'one open Runtime');
    await red.until(async () => (await fetch(`${red.address}/health`)).status === 200, 'the route to open');
    await red.deploy([TAB]);
    await red.until(() => count('runtime opened') === count('runtime closed'), 'no open Runtime');
    // Were one of the earlier routes left, it would still answer.
    expect((await fetch(`${red.address}/health`)).status).toBe(404);
    expect((await fetch(`${red.address}/webhook`, { method: 'POST', body: 'x' })).status).toBe(404);
  });

  it('waits at a deploy for the message that is under way', async () => {
    await red.deploy(scales());
    const caller = new AbortController();
    const body = JSON.stringify({ weight: 3, wish: 'slow' });
    const headers = { 'content-type': 'application/json' };
    // Its answer has nowhere to go once the flow is gone.
    fetch(`${red.address}/run`, { method: 'POST', headers, body, signal: caller.signal }).catch(() => undefined);
    await red.until(() => red.logs().includes('the slow parcel is taken'), 'the slow parcel to be taken');
    await red.deploy([TAB]);
    caller.abort();
    const logs = red.logs();
    expect(logs.lastIndexOf('the slow parcel is done')).toBeGreaterThan(0);
    expect(logs.lastIndexOf('runtime closed')).toBeGreaterThan(logs.lastIndexOf('the slow parcel is done'));
  });
});

describe('a trigger in Node-RED', () => {
  const letterbox = (fields: Readonly<Record<string, unknown>>): readonly FlowNode[] =>
    askNode({ id: 'letterbox', type: 'billing-audit-letterbox', ...fields }, 1);

  beforeAll(async () => {
    red = await startNodeRed({ palette, env: { POST_TOKEN: 'from-environment' } });
  });
  afterAll(() => red.stop());

  it('starts after the deploy, sends, and takes its token from the environment when none is chosen', async () => {
    await red.deploy(letterbox({ owner: 'north' }));
    const [line] = await red.until(() => (seen(red, 0).length ? seen(red, 0) : null), 'the letter');
    expect(line).toContain('"owner":"north"');
    expect(line).toContain('"token":"from-environment","base":"https://post.example.com"');
  });

  it('is ended and waited for at a redeploy, and told when it was removed', async () => {
    await red.deploy(letterbox({ owner: 'south' }));
    expect(red.logs()).toContain('letterbox ended, removed false');
    await red.deploy([TAB]);
    expect(red.logs()).toContain('letterbox ended, removed true');
    expect(red.logs().lastIndexOf('letterbox ended')).toBeLessThan(red.logs().lastIndexOf('runtime closed'));
  });

  it('prefers the chosen credential, whose secret stays in the credential store', async () => {
    await red.deploy([
      ...letterbox({ owner: 'east', 'post-office': 'account' }),
      {
        id: 'account',
        type: 'billing-audit-post-office',
        base: 'https://east.example.com',
        credentials: { token: 'chosen' },
      },
    ]);
    await red.until(
      () => red.logs().includes('"token":"chosen","base":"https://east.example.com"'),
      'the chosen token',
    );
    const flows = await (await fetch(`${red.admin}/flows`)).text();
    expect(flows).not.toContain('chosen');
  });

  it('tries a failed start again, and reports it once to the Catch node', async () => {
    await red.deploy(letterbox({ owner: 'west', failures: 1 }));
    const starts = (): number => red.logs().split('letterbox starts for west').length - 1;
    await red.until(() => starts() >= 3, 'the third try');
    expect(red.logs().split('CAUGHT').length - 1).toBe(1);
    expect(red.logs()).toContain('"code":"parcel_lost"');
    await red.deploy([TAB]);
    expect(red.exited()).toBeNull();
  });

  it('does not try again what only a person can mend', async () => {
    await red.deploy(letterbox({ owner: '' }));
    await red.until(() => red.logs().includes('\\"Owner\\" must be filled in'), 'the error');
    expect(red.logs()).not.toContain('letterbox starts for \n');
  });
});

describe('a store that cannot be opened', () => {
  it('reaches the Catch node of each message, and the process lives', async () => {
    red = await startNodeRed({ palette, env: { RUNTIME_FAILS: '1' } });
    try {
      await red.deploy(scales());
      const { status, body } = await ask<Caught>(red.address, { weight: 3 });
      expect(status).toBe(500);
      expect(body.message).toContain('The store is locked.');
      expect(red.exited()).toBeNull();
    } finally {
      await red.stop();
    }
  });
});
