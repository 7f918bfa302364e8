import { secretBox, storeOver, StoreRefused, StoreUnavailable, type Store } from '../../../lib/store';
import { until } from '../../support/until';
import { emptyStore } from '../empty-store';
import { at, event, sheetId } from '../examples';
import type { StoreUnderTest, TestedDriver } from '../stores';

const stream = `sheet:${sheetId}`;
const secrets = secretBox(new Uint8Array(32));

export function driverContract(under: () => StoreUnderTest): void {
  let driver: TestedDriver;
  let store: Store;

  beforeAll(() => {
    driver = under().driver;
    store = storeOver(driver, { secrets });
  });
  beforeEach(() => emptyStore(driver));

  it('gives values as they were given: text of all languages, exact decimals, null, numbers, nothing lost', async () => {
    const given = event('key:1', {
      old_value: '日本 "quoted" \\ \u2028 \u{1F9FE} $1 \'; drop table',
      new_value: null,
      delta: '-12345678901234567890.10',
      risk_score: 0.1,
      values: { 'Ümlaut ; -- #': 'x'.repeat(20_000) },
    });
    await store.append([given]);
    expect((await store.recent({ limit: 1 }))[0]).toEqual({ ...given, timestamp: expect.any(String) as string });
    expect(await driver.rpc('billing_audit_event', { event_key: 'no such key' })).toEqual({ event: null });
  });

  it('keeps the bytes of a callback, whatever they are', async () => {
    const webhook = {
      webhook_id: '1',
      sheet_id: '7',
      callback_url: 'https://a.example.com/webhook',
      status: 'ENABLED',
    };
    await store.saveWebhook({ ...webhook, shared_secret: 'one', previous_secret: null });
    const body = Uint8Array.from({ length: 256 }, (_, byte) => byte);
    const callback = { webhook_id: '1', nonce: 'n', body };
    const answers = await Promise.all(Array.from({ length: 10 }, () => store.acceptCallback(callback)));
    expect(answers.filter(({ isNew }) => isNew)).toHaveLength(1);
    const [leased] = await store.leaseCallbacks({ limit: 5, leaseSeconds: 60 });
    expect(new Uint8Array(leased?.body ?? [])).toEqual(body);
  });

  it('says which function is missing, and what to do', async () => {
    const missing = driver.rpc('billing_audit_no_such_thing', {});
    await expect(missing).rejects.toMatchObject({
      code: 'store_refused',
      sqlstate: '42883',
      message: expect.stringMatching(/^The function billing_audit_no_such_thing is missing/) as string,
      hint: expect.stringContaining('billing-audit migrate') as string,
    });
  });

  it('names the function that a database lacks, with the command, and goes on once it is there', async () => {
    const appending = () =>
      driver.rpc('billing_audit_append', { events: [event('a')] }).catch((thrown: unknown) => thrown);
    // PostgREST knows functions by heart until it is told, and takes a while to learn them: a new one shows that it has.
    const rename = async (from: string, to: string): Promise<void> => {
      const learned = `billing_audit_learned_${to}` as const;
      const rights = `grant execute on function public.${learned}(jsonb) to service_role`;
      await driver.transaction([
        {
          sql: `alter function public.${from}(jsonb) rename to ${to};
            create function public.${learned}(p jsonb) returns jsonb language sql as 'select p'; ${rights};
            notify pgrst, 'reload schema'`,
        },
      ]);
      await until(() => driver.rpc(learned, {}), 'the functions to be known', 20_000);
      await driver.transaction([{ sql: `drop function public.${learned}(jsonb)` }]);
    };
    await rename('billing_audit_append', 'billing_audit_appended_before');
    try {
      expect(await appending()).toMatchObject({
        sqlstate: '42883',
        message: expect.stringMatching(/^The function billing_audit_append is missing/) as string,
        hint: expect.stringMatching(/^Run "billing-audit migrate"/) as string,
      });
      expect(await store.counts()).toBeDefined();
    } finally {
      await rename('billing_audit_appended_before', 'billing_audit_append');
    }
    await driver.rpc('billing_audit_append', { events: [event('a')] });
    expect((await store.recent({ limit: 5 })).map(({ event_key }) => event_key)).toEqual(['a']);
  });

  it('tells what was refused with code, message and hint, and goes on', async () => {
    const refused = await driver.rpc('billing_audit_append', {}).catch((thrown: unknown) => thrown);
    expect(refused).toBeInstanceOf(StoreRefused);
    expect(refused).toMatchObject({ sqlstate: 'BA001', message: 'The call lacks "events".' });
    expect((refused as StoreRefused).hint).toContain('billing-audit migrate');
    expect(await store.counts()).toMatchObject({ events: 0 });
  });

  it('appends of 50 callers at the same time to one chain without a gap', async () => {
    const keys = Array.from({ length: 50 }, (_, index) => `key:${index}`);
    // Past the group commit of the store: each is a transaction of its own.
    const all = (await Promise.all(
      keys.map((key) => driver.rpc('billing_audit_append', { events: [event(key, { changed_at: at('09:00:00') })] })),
    )) as { appended: { seq: number; is_new: boolean }[] }[];
    const numbers = all.map(({ appended }) => appended[0]?.seq ?? 0).sort((one, other) => one - other);
    expect(numbers).toEqual(keys.map((_, index) => index + 1));
    expect(await driver.rpc('billing_audit_verify', { stream })).toEqual({
      ok: true,
      checked: 50,
      first_bad_seq: null,
    });
  });

  it('is unavailable while its database is away, keeps what was acknowledged, and works again when it is back', async () => {
    await store.append([event('before')]);
    await under().halt();
    await expect(store.counts()).rejects.toBeInstanceOf(StoreUnavailable);
    await expect(store.append([event('meanwhile')])).rejects.toBeInstanceOf(StoreUnavailable);
    const again = storeOver(await under().resume(), { secrets });
    await until(
      () =>
        again
          .counts()
          .then(() => true)
          .catch(() => false),
      'the store to be back',
      60_000,
    );
    expect((await again.recent({ limit: 5 })).map(({ event_key }) => event_key)).toEqual(['before']);
    await again.append([event('after')]);
    expect(await again.counts()).toMatchObject({ events: 2 });
  }, 90_000);
}
