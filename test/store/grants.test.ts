import type { EmbeddedStoreDriver } from '../../lib/store';
import { buildStoreWorker, newFolder, openTestStore, removeFolder } from '../support/store';

const folder = newFolder();
let driver: EmbeddedStoreDriver;

beforeAll(async () => {
  driver = await openTestStore(folder, buildStoreWorker());
}, 120_000);
afterAll(async () => {
  await driver.close();
  removeFolder(folder);
});

const rows = (sql: string) => driver.transaction([{ sql, parameters: [] }]);
const as = (role: string, sql: string): Promise<unknown> =>
  driver.transaction([{ sql: `set local role ${role}` }, { sql }]);

const FUNCTIONS = `select p.oid::regprocedure::text as name, p.prosecdef as definer, p.proowner::regrole::text as owner,
    p.proconfig as settings,
    has_function_privilege('anon', p.oid, 'execute') as anon,
    has_function_privilege('authenticated', p.oid, 'execute') as authenticated,
    has_function_privilege('service_role', p.oid, 'execute') as service
  from pg_proc as p
  where p.pronamespace = 'public'::regnamespace and p.proname like 'billing\\_audit\\_%'`;

/** The functions that a signed-in person may call as well; each asks `auth.jwt()` who that is. */
const FOR_PEOPLE = [
  'billing_audit_approve(jsonb)',
  'billing_audit_judge(jsonb)',
  'billing_audit_mark(jsonb)',
  'billing_audit_promote_model(jsonb)',
  'billing_audit_roll_back_model(jsonb)',
  'billing_audit_seen_alerts(jsonb)',
  'billing_audit_try_dead_again(jsonb)',
];

/** What a function may set besides: how it is planned, and nothing of who may do what. */
const PLANNING = ['enable_seqscan=off', 'jit=off', 'plan_cache_mode=force_generic_plan'];

/** Calls that may take long (lib/store/call-limits.ts): PostgREST takes the limit of a call from its function. */
const TAKING_LONG = ['billing_audit_archivable(jsonb)', 'billing_audit_archive(jsonb)'];

describe('who may do what in the database', () => {
  it('lets the service alone, and people where that is written down, call our functions, which run as their own role with an empty search path', async () => {
    const functions = await rows(FUNCTIONS);
    expect(functions.length).toBeGreaterThan(15);
    for (const one of functions) {
      expect(one).toMatchObject({
        definer: true,
        owner: 'billing_audit_owner',
        anon: false,
        authenticated: FOR_PEOPLE.includes(String(one['name'])),
        service: true,
      });
      const limit = TAKING_LONG.includes(String(one['name'])) ? ['statement_timeout=30min'] : [];
      const settings = (one['settings'] as string[]).filter((set) => !PLANNING.includes(set));
      expect(settings).toEqual(['search_path=""', ...limit]);
    }
  });

  it.each(['anon', 'authenticated'])('refuses %s every function', async (role) => {
    await expect(as(role, `select public.billing_audit_counts('{}')`)).rejects.toMatchObject({ sqlstate: '42501' });
  });

  it.each(['anon', 'authenticated', 'service_role'])('refuses %s every table, helper and view', async (role) => {
    const tables = await rows(
      `select relname as name from pg_class where relnamespace = 'billing_audit'::regnamespace and relkind in ('r', 'v')`,
    );
    expect(tables.length).toBeGreaterThan(12);
    for (const { name } of tables) {
      const reading = as(role, `select * from billing_audit.${String(name)}`);
      await expect(reading).rejects.toMatchObject({ sqlstate: '42501' });
    }
    await expect(as(role, `select billing_audit.clock()`)).rejects.toMatchObject({ sqlstate: '42501' });
    const writing = as(role, `delete from billing_audit.audit_events`);
    await expect(writing).rejects.toMatchObject({ sqlstate: '42501' });
  });

  it('gives the role of the functions no right to alter or remove what the trail holds, but to erase payloads', async () => {
    const rights = await rows(`select t as name, r as right
      from unnest(array['audit_events', 'event_payloads', 'event_keys']) as t, unnest(array['update', 'delete', 'truncate']) as r
      where has_table_privilege('billing_audit_owner', 'billing_audit.' || t, r)`);
    // For an erasure; verify says `payload_missing` where none stands in the trail.
    expect(rights).toEqual([{ name: 'event_payloads', right: 'delete' }]);
    const [role] = await rows(
      `select rolcanlogin, rolsuper, rolbypassrls, rolcreaterole from pg_roles where rolname = 'billing_audit_owner'`,
    );
    expect(role).toEqual({ rolcanlogin: false, rolsuper: false, rolbypassrls: false, rolcreaterole: false });
    expect(await rows(`select has_schema_privilege('billing_audit_owner', 'public', 'create') as may`)).toEqual([
      { may: false },
    ]);
  });

  it('has row security on every table, and a comment on every one', async () => {
    const open =
      await rows(`select relname from pg_class where relnamespace = 'billing_audit'::regnamespace and relkind = 'r'
      and (not relrowsecurity or obj_description(oid) is null)`);
    expect(open).toEqual([]);
  });

  it('runs a call with the claims of its caller, and leaves nothing of them behind', async () => {
    await driver.rpc('billing_audit_counts', {});
    const [left] = await rows(
      `select current_user as who, coalesce(current_setting('request.jwt.claims', true), '') as claims`,
    );
    expect(left).toEqual({ who: 'postgres', claims: '' });
    const person = driver.rpc('billing_audit_counts', {}, { kind: 'person', token: 'x' });
    await expect(person).rejects.toMatchObject({ code: 'store_refused', sqlstate: '42501' });
  });
});
