import { thisMachine } from '../../lib/runtime/machine';
import { openSupabaseStore, StoreRefused, StoreUnavailable, type StoreDriver } from '../../lib/store';
import { hasPostgrest, startPostgrest, tokenOf, type RunningPostgrest } from '../server/rpc/support/postgrest';
import { freePort } from '../support/ports';
import { describeOnPostgres, startPostgres, type TestPostgres } from '../support/postgres';
import { until } from '../support/until';
import { event, sheetId } from './examples';

/** A function that fails twice for a reason that passes, and one that takes its time. */
const FUNCTIONS = `
  create sequence public.tries; grant usage on sequence public.tries to service_role;
  create function public.billing_audit_third_time(p jsonb) returns jsonb language plpgsql as $$
    begin
      if nextval('public.tries') < 3 then raise exception 'not yet' using errcode = p ->> 'code'; end if;
      return '"done"';
    end $$;
  create function public.billing_audit_sleep(p jsonb) returns jsonb language sql as $$
    select to_jsonb(pg_sleep((p ->> 'seconds')::float8)::text) $$;
  grant execute on all functions in schema public to service_role;`;

const describeBoth = hasPostgrest || process.env['CI'] !== undefined ? describeOnPostgres : describe.skip;

describeBoth('the driver of Supabase, before a real PostgREST', () => {
  let postgres: TestPostgres;
  let postgrest: RunningPostgrest;
  /** Waits between tries, in turn. */
  let waits: number[];
  const open = (
    more: { readonly key?: string; readonly patience?: number; readonly url?: string } = {},
  ): StoreDriver => {
    const machine = thisMachine();
    const { key = tokenOf('service_role'), patience = 120_000, url = postgrest.address } = more;
    return openSupabaseStore({
      ...machine,
      http: (request) => machine.http({ ...request, timeoutMilliseconds: patience }),
      sleep: (milliseconds) => {
        waits.push(milliseconds);
        return machine.sleep(milliseconds);
      },
      url,
      key,
      path: '',
    });
  };

  beforeAll(async () => {
    postgres = startPostgres();
    postgres.sql('super', FUNCTIONS);
    postgrest = await startPostgrest(postgres);
  }, 120_000);
  beforeEach(() => {
    waits = [];
    postgres.sql('super', 'alter sequence public.tries restart');
  });
  afterAll(async () => {
    await postgrest.stop();
    postgres.stop();
  });

  it('tries again what was surely not done (a deadlock), waiting longer each time', async () => {
    expect(await open().rpc('billing_audit_third_time', { code: '40P01' })).toBe('done');
    expect(waits).toHaveLength(2);
    expect((waits[1] ?? 0) > (waits[0] ?? 0)).toBe(true);
  });

  it.each(['BA001', '22023', '23505', '42501'])('does not try again what is refused for good: %s', async (code) => {
    await expect(open().rpc('billing_audit_third_time', { code })).rejects.toMatchObject({ sqlstate: code });
    expect(waits).toEqual([]);
    expect(postgres.sql('super', 'select last_value from public.tries')).toBe('1');
  });

  it('does not try again what may have been done, and says that it is safe to repeat', async () => {
    await expect(open().rpc('billing_audit_third_time', { code: '57014' })).rejects.toMatchObject({
      code: 'store_unavailable',
      hint: expect.stringContaining('safe to repeat') as string,
    });
    expect(postgres.sql('super', 'select last_value from public.tries')).toBe('1');
  });

  it('gives up a call that takes too long, and goes on', async () => {
    const hasty = open({ patience: 300 });
    await expect(hasty.rpc('billing_audit_sleep', { seconds: 30 })).rejects.toBeInstanceOf(StoreUnavailable);
    expect(await open().rpc('billing_audit_counts', {})).toMatchObject({ events: 0 });
    postgres.sql(
      'super',
      `select pg_terminate_backend(pid) from pg_stat_activity where query like '%billing_audit_sleep%' and pid <> pg_backend_pid()`,
    );
  });

  it('goes on when the connections of PostgREST were cut, and appends once', async () => {
    const driver = open();
    const append = (key: string): Promise<unknown> => driver.rpc('billing_audit_append', { events: [event(key)] });
    await append('before');
    postgres.sql('super', `select pg_terminate_backend(pid) from pg_stat_activity where usename = 'gate'`);
    // PostgREST reads its functions anew meanwhile; a call that is unavailable is safe to repeat.
    const appended = (): Promise<boolean> =>
      append('after').then(
        () => true,
        (thrown: unknown) => {
          expect(thrown).toBeInstanceOf(StoreUnavailable);
          return false;
        },
      );
    await until(appended, 'PostgREST to be connected again', 60_000);
    expect(await driver.rpc('billing_audit_verify', { stream: `sheet:${sheetId}` })).toEqual({
      ok: true,
      checked: 2,
      first_bad_seq: null,
    });
  });

  it('tries five times where nobody listens, and is unavailable then', async () => {
    const nobody = open({ url: `http://127.0.0.1:${await freePort()}` });
    await expect(nobody.rpc('billing_audit_counts', {})).rejects.toBeInstanceOf(StoreUnavailable);
    expect(waits).toHaveLength(4);
  });

  it.each([
    ['a key of another project', `${tokenOf('service_role')}x`, /refused the key/],
    ['the key of nobody in particular', tokenOf('anon'), /permission denied/],
  ])('tells %s, and what to do', async (_what, key, message) => {
    const refused = await open({ key })
      .rpc('billing_audit_counts', {})
      .catch((thrown: unknown) => thrown);
    expect(refused).toBeInstanceOf(StoreRefused);
    expect((refused as Error).message).toMatch(message);
    expect((refused as StoreRefused).hint).toMatch(/secret key/);
    expect((refused as Error).message).not.toContain(key);
  });

  it('takes no calls once it is closed', async () => {
    const driver = open();
    await driver.close();
    await expect(driver.rpc('billing_audit_counts', {})).rejects.toMatchObject({ code: 'store_unavailable' });
  });
});
