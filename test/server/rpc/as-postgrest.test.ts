import type { EmbeddedStoreDriver, StoreDriver } from '../../../lib/store';
import { RPC_PATH } from '../../../server/rpc';
import { describeOnPostgres, startPostgres, warnWithoutPostgres, type TestPostgres } from '../../support/postgres';
import { driverOverPostgres } from '../../support/postgres-driver';
import { buildStoreWorker, newFolder, openTestStore, removeFolder } from '../../support/store';
import { CASES, TEST_FUNCTIONS, type Difference, type RpcCase } from './cases';
import { openOurDoor, type OurDoor } from './support/our-door';
import { hasPostgrest, startPostgrest, tokenOf, type RunningPostgrest } from './support/postgrest';
import { send, type Answered } from './support/send';

warnWithoutPostgres('the rpc door was not compared with PostgREST.');
const describeBoth = hasPostgrest || process.env['CI'] !== undefined ? describeOnPostgres : describe.skip;

/** Said by the embedded store where PostgreSQL gives no hint; PostgREST then says null. */
const HINT_OF_EMBEDDED = 'Nothing was changed. Look at what the message names.';

interface Callee {
  /** Functions are behind it. */
  readonly at: string;
  readonly keys: Readonly<Record<'service' | 'wrong', string>>;
  readonly person: Readonly<Record<string, string>>;
}

function ask({ at, keys, person }: Callee, one: RpcCase): Promise<Answered> {
  const { to = 'billing_audit_counts', method = 'POST', key = 'service', headers = {}, body = '{"p":{}}' } = one;
  const bearer = { authorization: `Bearer ${keys.service}` };
  const shown: Record<NonNullable<RpcCase['key']>, Readonly<Record<string, string>>> = {
    service: bearer,
    apikey: { apikey: keys.service },
    both: { ...bearer, apikey: keys.service },
    none: {},
    wrong: { authorization: `Bearer ${keys.wrong}` },
    person,
    basic: { authorization: `Basic ${Buffer.from('admin:x').toString('base64')}` },
  };
  const all = { 'content-type': 'application/json', ...shown[key], ...headers };
  const sent = Object.entries(all).flatMap(([name, value]) =>
    value === null ? [] : [[name, value.replace('<key>', keys.service)]],
  );
  const hasBody = !['GET', 'HEAD', 'OPTIONS'].includes(method);
  return send(`${at}/${to}`, { method, headers: Object.fromEntries(sent), ...(hasBody && { body }) });
}

/** What is each store's own: times, how long ago something was, what is made by chance, and whether there are months. */
function timeless(value: unknown): unknown {
  const text = JSON.stringify(value)
    .replace(/\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z/g, '<time>')
    // Each store salts its events by chance, and hashes what it salted.
    .replace(/\b(?:[0-9a-f]{64}|[0-9a-f]{32})\b/g, '<digest>')
    // Each log is named by chance.
    .replace(/(billing-audit\/log\/)[0-9a-f-]{36}/g, '$1<log>')
    .replace(/("events_in_rest":)(?:0|null)/g, '$1"<none>"')
    .replace(/("median_seconds_to_record":)[\d.]+/, '$1"<seconds>"');
  return JSON.parse(text) as unknown;
}

const typeOf = ({ headers }: Answered): string => headers['content-type'] ?? '';

interface Compared {
  readonly status: number;
  readonly type: string;
  readonly body: unknown;
}

/** An answer without what is each store's own: times, and the hint that the embedded one adds. */
function compared(answered: Answered): Compared {
  const body = timeless(answered.body);
  const isWithOwnHint = isProblem(body) && body['hint'] === HINT_OF_EMBEDDED;
  return { status: answered.status, type: typeOf(answered), body: isWithOwnHint ? { ...body, hint: null } : body };
}

/** What ours must answer, given what PostgREST answered: the same, but for what the table names. */
function expected(theirs: Compared, ours: Compared, difference: Difference | undefined): Compared {
  const { status = theirs.status, type = theirs.type, error, value } = difference ?? {};
  if (value !== undefined) return { status, type, body: value };
  if (error === undefined) return { status, type, body: theirs.body };
  // Where PostgREST said no error, there is none to compare with; the table names what matters of ours.
  const { details, hint } = (isProblem(ours.body) ? ours.body : {}) as Record<string, unknown>;
  return { status, type, body: { ...(isProblem(theirs.body) ? theirs.body : { details, hint }), ...error } };
}

function isProblem(body: unknown): body is Record<string, unknown> {
  const keys = typeof body === 'object' && body !== null ? Object.keys(body).sort().join() : '';
  return keys === 'code,details,hint,message';
}

describeBoth('the rpc door, compared with a real PostgREST', () => {
  const folder = newFolder();
  let postgres: TestPostgres;
  let postgrest: RunningPostgrest;
  let embedded: EmbeddedStoreDriver;
  let overPostgres: StoreDriver;
  const doors: OurDoor[] = [];
  const callees: Record<string, Callee> = {};

  beforeAll(async () => {
    postgres = startPostgres();
    postgres.sql('migrator', TEST_FUNCTIONS);
    postgres.sql('super', 'create database other template audit');
    postgrest = await startPostgrest(postgres);
    embedded = await openTestStore(folder, buildStoreWorker());
    await embedded.transaction([{ sql: TEST_FUNCTIONS }]);
    overPostgres = await driverOverPostgres(postgres.folder, 'other');
    callees['postgrest'] = {
      at: `${postgrest.address}/rpc`,
      keys: { service: tokenOf('service_role'), wrong: `${tokenOf('service_role').slice(0, -4)}AAAA` },
      person: { authorization: `Bearer ${tokenOf('authenticated')}` },
    };
    for (const [name, driver] of [
      ['embedded', embedded],
      ['postgres', overPostgres],
    ] as const) {
      const door = await openOurDoor(driver);
      doors.push(door);
      callees[name] = {
        at: `${door.address}${RPC_PATH}`,
        keys: { service: door.key, wrong: '0'.repeat(door.key.length) },
        person: { cookie: await door.personCookie('admin') },
      };
    }
  }, 120_000);

  afterAll(async () => {
    for (const door of doors) await door.stop();
    await embedded.close();
    await overPostgres.close();
    await postgrest.stop();
    postgres.stop();
    removeFolder(folder);
  });

  it.each(CASES.map((one) => [one.name, one] as const))('answers the same to %s', async (_name, one) => {
    const theirs = compared(await ask(callees['postgrest']!, one));
    const code = isProblem(theirs.body) ? theirs.body['code'] : undefined;
    expect({ status: theirs.status, code }).toEqual({ status: one.status, code: one.code });
    for (const store of ['embedded', 'postgres']) {
      const ours = compared(await ask(callees[store]!, one));
      expect({ store, ...ours }).toEqual({ store, ...expected(theirs, ours, one.ours) });
      // A difference that is none any more has to leave the table.
      if (one.ours !== undefined) expect(ours).not.toEqual(theirs);
    }
  });

  it('answers the same for every function of the store, called without anything', async () => {
    const names = await embedded.transaction([
      {
        sql: `select proname as name, pronargs as takes from pg_proc
          where pronamespace = 'public'::regnamespace and proowner = 'billing_audit_owner'::regrole order by proname`,
      },
    ]);
    expect(names.length).toBeGreaterThan(45);
    for (const { name, takes } of names) {
      const one = { name: String(name), to: String(name), status: 200 };
      const theirs = compared(await ask(callees['postgrest']!, one));
      for (const store of ['embedded', 'postgres']) {
        const ours = compared(await ask(callees[store]!, one));
        // Which event triggers there may be is each database's own (test/supabase/ways-around.test.ts compares the rest).
        const { body: _own, ...theirForm } = theirs;
        const wanted = name === 'billing_audit_guards' ? theirForm : theirs;
        expect({ name, store, ...ours }).toMatchObject({ name, store, ...wanted });
        // It did something, or asked for what it needs; neither a right nor a state of a Runtime was missing.
        // A function that takes bytes beside `p` is another one without them.
        const meant = takes === 1 ? [200, 400] : [404];
        expect({ name, isMeant: meant.includes(ours.status) }).toEqual({ name, isMeant: true });
      }
    }
  });

  it('counted its cases, and met no failure of its own', () => {
    const different = CASES.filter(({ ours }) => ours !== undefined).length;
    process.stdout.write(
      `rpc: ${CASES.length} cases on PostgREST, on ours over the embedded store and over PostgreSQL; ` +
        `${CASES.length - different} answered alike, ${different} differently on purpose.\n`,
    );
    expect(CASES.length).toBeGreaterThanOrEqual(60);
    expect(new Set(CASES.map(({ name }) => name)).size).toBe(CASES.length);
    expect(doors.flatMap(({ failures }) => failures)).toEqual([]);
  });
});
