import { hashSync } from 'bcryptjs';
import { buildPalette } from '../support/build-palette';
import { startNodeRed, type RunningNodeRed } from '../support/node-red';
import { askNode } from './fixtures/flows';

const PASSWORD = 'only for tests';
const users = [
  { username: 'admin', password: hashSync(PASSWORD, 4), permissions: '*' },
  { username: 'viewer', password: hashSync(PASSWORD, 4), permissions: 'read' },
  { username: 'nobody', password: hashSync(PASSWORD, 4), permissions: 'flows.read' },
];

let red: RunningNodeRed;
let tokens: Readonly<Record<string, string>>;

async function signIn(username: string): Promise<string> {
  const body = new URLSearchParams({
    client_id: 'node-red-admin',
    grant_type: 'password',
    scope: '',
    username,
    password: PASSWORD,
  });
  const answer = await fetch(`${red.admin}/auth/token`, { method: 'POST', body });
  return ((await answer.json()) as { access_token: string }).access_token;
}

function call(path: string, user: string | null, body?: unknown): Promise<Response> {
  return fetch(`${red.admin}/billing-audit/${path}`, {
    method: body === undefined ? 'GET' : 'POST',
    headers: { 'content-type': 'application/json', ...(user && { authorization: `Bearer ${tokens[user] ?? ''}` }) },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  });
}

const trial = (fields: object, payload: unknown, id = 'new') => ({ type: 'billing-audit-scales', id, fields, payload });

beforeAll(async () => {
  const palette = buildPalette('fixture-try', {
    definitions: 'test/node-red/fixtures/definitions.ts',
    palette: 'test/node-red/fixtures/palette.ts',
  });
  red = await startNodeRed({
    palette,
    settings: { httpAdminRoot: '/admin', adminAuth: { type: 'credentials', users } },
    env: { HEAVY: '2' },
    flows: [
      ...askNode({ id: 'scales', type: 'billing-audit-scales' }, 2),
      { id: 'shared', type: 'billing-audit-settings', businessHours: '09:00-12:00' },
    ],
  });
  tokens = Object.fromEntries(
    await Promise.all(users.map(async ({ username }) => [username, await signIn(username)] as const)),
  );
});
afterAll(() => red.stop());

describe('trying a node with an example', () => {
  it.each([null, 'viewer', 'nobody'])('is refused to %s, who may not write', async (user) => {
    expect((await call('try', user, trial({}, { weight: 3 }))).status).toBe(401);
  });

  it('gives what comes out for the fields of the dialog as they stand', async () => {
    const answer = await call(
      'try',
      'admin',
      trial({ heavyFrom: '${HEAVY}', heavyFromType: 'num', greeting: 'hi' }, { weight: 3 }),
    );
    expect(await answer.json()).toMatchObject({
      ok: true,
      outputs: {
        weighed: { weight: 3, params: { heavyFrom: 2, greeting: 'hi', openingHours: '09:00-12:00' } },
        heavy: { weight: 3 },
      },
    });
  });

  it('gives the error with what to do', async () => {
    const failed = await call('try', 'admin', trial({}, { weight: 3, wish: 'reject' }));
    expect(await failed.json()).toEqual({
      ok: false,
      error: {
        code: 'parcel_lost',
        message: 'The parcel was lost.',
        hint: 'Look under the table.',
        context: { weight: 3 },
      },
    });
    const wrong = await call('try', 'admin', trial({}, { size: 3 }));
    expect(await wrong.json()).toMatchObject({ ok: false, error: { code: 'wrong_message_type' } });
  });

  it('asks to deploy first where a field looks at a flow that is not there yet, and then looks', async () => {
    const fields = { heavyFrom: 'payload.weight', heavyFromType: 'msg' };
    const early = await call('try', 'admin', trial(fields, { weight: 3 }));
    expect(await early.json()).toMatchObject({
      ok: false,
      error: { hint: expect.stringContaining('Deploy') as string },
    });
    const deployed = await call('try', 'admin', trial(fields, { weight: 3 }, 'scales'));
    expect(await deployed.json()).toMatchObject({ ok: true, outputs: { weighed: { params: { heavyFrom: 3 } } } });
  });

  it('knows no other nodes', async () => {
    expect((await call('try', 'admin', { type: 'inject', fields: {}, payload: 1 })).status).toBe(404);
  });
});

describe('the settings in force', () => {
  it('are told to readers, with where each comes from', async () => {
    const answer = await call('settings-in-force?id=shared', 'viewer');
    expect(await answer.json()).toMatchObject({
      values: { businessHours: '09:00-12:00', timeZone: 'America/Chicago' },
      origins: { businessHours: 'billing-settings', timeZone: 'default' },
    });
    expect((await call('settings-in-force', null)).status).toBe(401);
  });

  it('say so when the chosen ones are gone', async () => {
    const answer = await call('settings-in-force?id=gone', 'admin');
    expect(answer.status).toBe(409);
    expect(await answer.json()).toMatchObject({ error: { code: 'bad_setting' } });
  });
});
