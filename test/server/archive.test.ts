import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { openHome } from '../../lib/runtime/home';
import { openSealKeys, SealBook, sealNext } from '../../lib/seal';
import { openEmbeddedStore, secretBox, storeOver } from '../../lib/store';
import { event } from '../store/examples';
import { layStoreOf, newFolder, removeFolder } from '../support/store';
import { runCli } from './cli';

jest.setTimeout(300_000);
const PALETTE = resolve(__dirname, '../../dist/node-red');
const folder = newFolder();
const home = join(folder, 'home');
const file = join(folder, '2026-01.zip');

/** A store with two events of January 2026, by its own clock, and one of today. */
beforeAll(async () => {
  const { keys } = openHome(home);
  await layStoreOf(home);
  const driver = await openEmbeddedStore({
    directory: join(home, 'store', 'embedded'),
    workerPath: join(PALETTE, 'store-worker.js'),
    migrations: join(PALETTE, 'supabase'),
  });
  const store = storeOver(driver, { secrets: secretBox(new Uint8Array(32)) });
  const [clock] = await driver.transaction([
    { sql: `select pg_get_functiondef('billing_audit.clock()'::regprocedure) as text`, parameters: [] },
  ]);
  const set = `create or replace function billing_audit.clock() returns timestamptz language sql volatile
    set search_path = '' as $$ select timestamptz '2026-01-15T12:00:00Z' $$`;
  await driver.transaction([{ sql: set }]);
  await store.append([event('one'), event('two')]);
  await driver.transaction([{ sql: String(clock?.['text']) }]);
  await store.append([event('today')]);
  await sealNext({ book: new SealBook(driver), keys: openSealKeys(keys, {}), now: Date.now });
  await driver.close();
});
afterAll(() => removeFolder(folder));

const billingAudit = (...words: readonly string[]) => runCli([...words, '--home', home], folder);

describe('billing-audit export --archive', () => {
  it.each([
    ['a month that is none', ['--archive', '2026-1', '--out', file], '--archive'],
    ['no file', ['--archive', '2026-01'], '--out'],
    ['a file that is no .zip', ['--archive', '2026-01', '--out', join(folder, 'a.csv')], 'no .zip'],
    ['no reason', ['--archive', '2026-01', '--out', file, '--yes'], '--reason'],
  ])('is refused with %s, and writes nothing', (_, words, said) => {
    expect(billingAudit('export', ...words)).toMatchObject({
      status: 2,
      stderr: expect.stringContaining(said) as string,
    });
    expect(existsSync(file)).toBe(false);
  });

  it('takes a month out of the database into a file that anybody can check, and says so wherever one looks', () => {
    const done = billingAudit('export', '--archive', '2026-01', '--out', file, '--reason', 'Seven years', '--yes');
    expect([done.status, done.stdout, done.stderr]).toEqual([
      0,
      expect.stringMatching(/^2 events of 2026-01 are in .*\nThey left the database; the trail says so as archive 1\./),
      '',
    ]);
    expect(spawnSync('python3', [resolve(__dirname, '../../server/export/evidence/verify.py'), file]).status).toBe(0);
    expect(billingAudit('verify')).toMatchObject({
      status: 0,
      stdout: expect.stringMatching(
        /Archived by .* 2 events of 2026-01, in 2026-01\.zip .* which was not read.*Seven years/,
      ) as string,
    });
    expect(billingAudit('verify', '--archive', file)).toMatchObject({
      status: 0,
      stdout: expect.stringContaining('which was read') as string,
    });
    expect(billingAudit('search', '--event-key', 'one').stdout).toMatch(
      /^Nothing was found\.\nJanuary 2026 is archived in 2026-01\.zip: .* not shown here\. It has 2 events and SHA-256 [0-9a-f]{64}\.$/m,
    );
  });

  it('is told by an export of the time as well', () => {
    const months = ['--from', '2026-01-01', '--to', '2026-02-28', '--out', join(folder, 'early.csv')];
    expect(billingAudit('export', ...months)).toMatchObject({
      status: 0,
      stdout: expect.stringContaining('January 2026 is archived in 2026-01.zip: ') as string,
    });
    expect(readFileSync(join(folder, 'early.about-this-export.csv'), 'utf8')).toMatch(
      /^Not in it,"2026-01, archived in 2026-01\.zip with 2 events \(SHA-256 [0-9a-f]{64}\)"/m,
    );
  });

  it('says why a month cannot leave', () => {
    const again = billingAudit('export', '--archive', '2026-01', '--out', join(folder, 'again.zip'));
    expect(again).toMatchObject({ status: 3, stderr: expect.stringContaining('archived already') as string });
    expect(billingAudit('verify', '--archive', join(folder, 'none.zip'))).toMatchObject({
      status: 3,
      stderr: expect.stringContaining('cannot be read as an archive') as string,
    });
  });
});
