import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { openSealKeys, SealBook, sealNext } from '../../lib/seal';
import { openEmbeddedStore, secretBox, storeOver } from '../../lib/store';
import { openHome } from '../../lib/runtime/home';
import { event } from '../store/examples';
import { layStoreOf, newFolder, removeFolder } from '../support/store';
import { runCli } from './cli';

const PALETTE = resolve(__dirname, '../../dist/node-red');
const folder = newFolder();
const home = join(folder, 'home');

async function withStore(act: (driver: Awaited<ReturnType<typeof openEmbeddedStore>>) => Promise<void>): Promise<void> {
  const driver = await openEmbeddedStore({
    directory: join(home, 'store', 'embedded'),
    workerPath: join(PALETTE, 'store-worker.js'),
    migrations: join(PALETTE, 'supabase'),
  });
  await act(driver).finally(() => driver.close());
}

beforeAll(async () => {
  const { keys } = openHome(home);
  await layStoreOf(home);
  return withStore(async (driver) => {
    const store = storeOver(driver, { secrets: secretBox(new Uint8Array(32)) });
    await store.append([event('one'), event('two'), event('three')]);
    await sealNext({ book: new SealBook(driver), keys: openSealKeys(keys, {}), now: Date.now });
  });
});
afterAll(() => removeFolder(folder));

const billingAudit = (...words: readonly string[]) => runCli([...words, '--home', home], folder);

describe('billing-audit verify', () => {
  it('says that all holds, and that evidence is not anchored', () => {
    const { status, stdout } = billingAudit('verify');
    expect([status, stdout]).toEqual([
      0,
      expect.stringMatching(/3 sealed by 1 checkpoints.*\nEvidence is not anchored.*\nAll holds/s),
    ]);
  });

  it('is refused with what to do when it is called wrongly, or there is nothing to check', () => {
    expect(billingAudit('verify', '--key', 'nonsense')).toMatchObject({
      status: 2,
      stderr: expect.stringContaining('--key') as string,
    });
    expect(billingAudit('verify', '--anchor', join(folder, 'none')).status).toBe(2);
    expect(runCli(['verify', '--home', join(folder, 'empty')], folder).status).toBe(3);
    expect(billingAudit('export')).toMatchObject({
      status: 2,
      stderr: expect.stringContaining('"--from" is missing') as string,
    });
  });

  it('takes a bundle that the program in it accepts', () => {
    const bundle = join(folder, 'bundle');
    expect(billingAudit('export', '--evidence', bundle)).toMatchObject({ status: 0 });
    expect(readdirSync(bundle)).toContain('verify.py');
    const { status, stdout } = spawnSync('python3', [join(bundle, 'verify.py')], { encoding: 'utf8' });
    expect([status, stdout]).toEqual([0, expect.stringContaining('All holds.')]);
    expect(billingAudit('export', '--evidence', bundle).status).toBe(2);
    expect(existsSync(join(bundle, 'events.jsonl'))).toBe(true);
  });

  it('finds what was altered, names the place, and ends with 1', async () => {
    await withStore(async (driver) => {
      await driver.transaction([
        { sql: 'alter table billing_audit.audit_events disable trigger all' },
        { sql: `update billing_audit.audit_events set severity = 'HIGH' where seq = 2` },
      ]);
    });
    const { status, stdout } = billingAudit('verify', '--json');
    expect([status, JSON.parse(stdout)]).toMatchObject([
      1,
      {
        ok: false,
        findings: [
          {
            kind: 'columns_altered',
            place: { seq: 2 },
            text: expect.stringContaining('severity was "LOW", is "HIGH"'),
          },
        ],
      },
    ]);
  });
});
