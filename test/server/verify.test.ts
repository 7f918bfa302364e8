import { spawnSync } from 'node:child_process';
import { cpSync, existsSync, readdirSync, readFileSync, rmSync } from 'node:fs';
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

  it('looks into a copy as it is, whatever database the environment names', () => {
    const elsewhere = { DATABASE_URL: 'postgresql://nobody@127.0.0.1:1/elsewhere?sslmode=disable&connect_timeout=1' };
    const copies = join(folder, 'copies');
    expect(billingAudit('backup', '--to', copies).status).toBe(0);
    const [copy = ''] = readdirSync(copies);
    const { status, stdout } = runCli(['verify', '--home', join(copies, copy)], folder, elsewhere);
    expect([status, stdout]).toEqual([0, expect.stringContaining('3 sealed by 1 checkpoints') as string]);
  });

  it('does not tell what our own migrations did as changes of the schema', () => {
    const { stdout } = billingAudit('verify');
    expect(stdout).not.toMatch(/schema/i);
    const { guards } = JSON.parse(billingAudit('verify', '--json').stdout) as {
      guards: { notesDdl: boolean; changes: unknown[]; others: unknown[] };
    };
    expect(guards).toMatchObject({ notesDdl: true, others: [] });
    expect(guards.changes).not.toEqual([]);
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

  it('does not say that all holds of what it would pass over', () => {
    expect(billingAudit('verify').status).toBe(0);
    for (const flag of ['--anchor', '--archive', '--key']) {
      // A good key: what is refused is the pair.
      const [key = ''] = readFileSync(join(openHome(home).keys, 'seal.pub'), 'utf8').split('\n');
      expect(billingAudit('verify', '--new', flag, key)).toMatchObject({
        status: 2,
        stderr: expect.stringMatching(new RegExp(`"--new" does not go with ${flag}`)) as string,
      });
    }
    expect(billingAudit('verify', '--new-key', '--new')).toMatchObject({ status: 2 });
    expect(billingAudit('verify', '--new')).toMatchObject({ status: 0 });
  });

  it.each<[string, readonly string[], RegExp]>([
    [
      'days in the wrong order',
      ['--evidence', 'b', '--from', '2026-02-01', '--to', '2026-01-01'],
      /"--to" is "2026-01-01", which is before/,
    ],
    ['a sheet for a SIEM', ['--ocsf', 'e.jsonl', '--sheet', '1'], /"--sheet" does not go with --ocsf/],
    ['a time for a SIEM', ['--ocsf', 'e.jsonl', '--from', '2026-01-01'], /"--from" does not go with --ocsf/],
    ['a sample of evidence', ['--evidence', 'b', '--sample', '5'], /"--sample" does not go with --evidence/],
    ['two kinds at once', ['--evidence', 'b', '--ocsf', 'e.jsonl'], /does not go with/],
    [
      'a reason for tables',
      ['--from', '2026-01-01', '--to', '2026-01-02', '--out', 'x.csv', '--reason', 'r'],
      /"--reason" does not go with tables/,
    ],
  ])('does not export another thing than was asked for: %s', (_, words, expected) => {
    const { status, stderr } = billingAudit('export', ...words);
    expect([status, stderr]).toEqual([2, expect.stringMatching(expected)]);
    expect(['b', 'e.jsonl', 'x.csv'].filter((name) => existsSync(join(folder, name)))).toEqual([]);
  });

  it('says that a bundle holds nothing, and that a sheet was never watched', () => {
    const { status, stdout } = billingAudit('export', '--evidence', join(folder, 'nothing.zip'), '--sheet', '987');
    expect([status, stdout]).toEqual([
      0,
      expect.stringMatching(/It holds no event.*\nSheet 987 was never watched here/s),
    ]);
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

  it('does not tell an upgrade as a change of the schema', async () => {
    const one = join(folder, 'upgraded');
    openHome(one);
    const older = join(folder, 'older', 'supabase');
    cpSync(join(PALETTE, 'supabase'), older, { recursive: true });
    for (const name of readdirSync(join(older, 'migrations'))) {
      if (name > '20261126166') rmSync(join(older, 'migrations', name));
    }
    const workerPath = join(PALETTE, 'store-worker.js');
    const directory = join(one, 'store', 'embedded');
    await (await openEmbeddedStore({ directory, workerPath, migrations: older })).close();
    expect(runCli(['upgrade', '--home', one], folder)).toMatchObject({ status: 0 });
    const { status, stdout } = runCli(['verify', '--home', one], folder);
    expect([status, stdout]).toEqual([0, expect.stringMatching(/\nAll holds\.\n$/)]);
  });

  it('tells loudly that somebody changed the schema, though it was put back', async () => {
    const one = join(folder, 'altered');
    await layStoreOf(one);
    openHome(one);
    const driver = await openEmbeddedStore({
      directory: join(one, 'store', 'embedded'),
      workerPath: join(PALETTE, 'store-worker.js'),
      migrations: join(PALETTE, 'supabase'),
    });
    await driver.transaction([
      { sql: 'alter table billing_audit.audit_events disable trigger never_truncated' },
      { sql: 'alter table billing_audit.audit_events enable always trigger never_truncated' },
    ]);
    await driver.close();
    const { status, stdout } = runCli(['verify', '--home', one], folder);
    expect([status, stdout]).toEqual([
      0,
      expect.stringMatching(
        /^DDL {4}The schema was changed at \S+Z by \w+, and by no migration of ours: ALTER TABLE billing_audit\.audit_events and 1 more\nAll holds as it is now; but somebody changed the schema/m,
      ),
    ]);
  });
});
