import { createRequire } from 'node:module';
import { resolve } from 'node:path';
import type { EmbeddedStoreDriver } from '../../../lib/store';
import { describeOnPostgres, startPostgres, type TestPostgres } from '../../support/postgres';
import { buildStoreWorker, newFolder, openTestStore, removeFolder } from '../../support/store';
import { cell, event, observation, row, sheetId, step } from '../../store/examples';
import { openOurDoor, type OurDoor } from './support/our-door';
import { hasPostgrest, startPostgrest, tokenOf, type RunningPostgrest } from './support/postgrest';

interface Client {
  rpc(
    name: string,
    given: object,
  ): PromiseLike<{ readonly data: unknown; readonly error: object | null; readonly status: number }>;
}
const { createClient } = createRequire(resolve(__dirname, '../../hosts/package.json'))('@supabase/supabase-js') as {
  createClient(address: string, key: string, options?: object): Client;
};
/** Nobody signs in, and nothing is to be left running behind a test. */
const auth = { persistSession: false, autoRefreshToken: false, detectSessionInUrl: false };

const describeBoth = hasPostgrest || process.env['CI'] !== undefined ? describeOnPostgres : describe.skip;

describeBoth('supabase-js', () => {
  const folder = newFolder();
  let postgres: TestPostgres;
  let postgrest: RunningPostgrest;
  let embedded: EmbeddedStoreDriver;
  let door: OurDoor;

  beforeAll(async () => {
    postgres = startPostgres();
    postgrest = await startPostgrest(postgres);
    embedded = await openTestStore(folder, buildStoreWorker());
    door = await openOurDoor(embedded);
  }, 120_000);
  afterAll(async () => {
    await door.stop();
    await embedded.close();
    await postgrest.stop();
    postgres.stop();
    removeFolder(folder);
  });

  /** From a callback to the trail, as an n8n node goes. */
  async function story(client: Client): Promise<unknown[]> {
    const said: unknown[] = [];
    const ask = async (verb: string, p: unknown): Promise<void> => {
      const { data, error, status } = await client.rpc(`billing_audit_${verb}`, { p });
      said.push({ verb, status, data, error });
    };
    const quantity = cell('12', step('10', '09:00:00'), step('12', '09:01:00'));
    const key = `${sheetId}:21:12:1`;
    await ask('save_webhook', {
      webhook_id: '11',
      sheet_id: sheetId,
      callback_url: 'https://n8n.example.com/webhook/1',
      shared_secret_box: 'v1.x',
      status: 'ENABLED',
      sealed_with: 'store_key',
    });
    await ask('accept_callback', { webhook_id: '11', nonce: 'a', body: Buffer.from('{"a":1}').toString('base64') });
    await ask('accept_callback', { webhook_id: '11', nonce: 'a', body: Buffer.from('{"a":1}').toString('base64') });
    await ask('lease_callbacks', { limit: 10, lease_seconds: 60 });
    await ask('resolve', { ...observation('09:10:00', { rows: [row('21', 1, quantity)] }), callback_ids: ['1'] });
    await ask('lease_changes', { sheet_ids: 'all', limit: 10, lease_seconds: 60 });
    await ask('append', { events: [event(key), event(`${sheetId}:row:21:added:1`)] });
    await ask('search', { order: 'money_at_risk' });
    await ask('request_job', { kind: 'backup', parameters: {}, asked_by: 'n8n' });
    await ask('counts', {});
    await ask('accept_callback', { webhook_id: '12', nonce: 'a', body: '' });
    await ask('append', {});
    const { data, error, status } = await client.rpc('zzz', { p: {} });
    said.push({ verb: 'zzz', status, data, error });
    // Only the server's trail lies in months.
    const text = JSON.stringify(said).replace(/("events_in_rest":)(?:0|null)/g, '$1"<none>"');
    return JSON.parse(text.replace(/\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z/g, '<time>')) as unknown[];
  }

  it('gets the same JavaScript values from our server as from PostgREST', async () => {
    const ours = await story(createClient(door.address, door.key, { auth }));
    // Supabase's gateway puts PostgREST below /rest/v1; here nothing stands before it.
    const fetchBare = (input: string, init: RequestInit): Promise<Response> =>
      fetch(input.replace('/rest/v1', ''), init);
    const key = tokenOf('service_role');
    const theirs = await story(createClient(postgrest.address, key, { auth, global: { fetch: fetchBare } }));
    expect(ours).toEqual(theirs);
    expect(ours).toMatchObject([
      { status: 200, data: {}, error: null },
      { data: { is_new: true } },
      { data: { is_new: false } },
      { data: { callbacks: [{ id: '1', attempts: 1 }] } },
      { data: { event_keys: [`${sheetId}:row:21:added:1`, `${sheetId}:21:12:1`] } },
      { data: { changes: [{ sheet_id: sheetId }, { sheet_id: sheetId }] } },
      {
        data: {
          appended: [
            { is_new: true, seq: 1 },
            { is_new: true, seq: 2 },
          ],
        },
      },
      { data: { events: [{ sheet_id: sheetId }, { sheet_id: sheetId }], next: null } },
      { data: { is_new: true, job: { job_id: '1', state: 'waiting' } } },
      { data: { events: 2, callbacks_waiting: 0, changes_waiting: 0 } },
      { status: 400, data: null, error: { code: 'BA002' } },
      { status: 400, data: null, error: { code: 'BA001' } },
      { status: 404, data: null, error: { code: 'PGRST202' } },
    ]);
  });
});
