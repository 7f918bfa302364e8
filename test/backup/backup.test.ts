import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { openHome, type Home } from '../../lib/runtime/home';
import { backupCheck, readBackupNote, type BackupNote } from '../../lib/runtime/backup-note';
import { thisMachine } from '../../lib/runtime/machine';
import { announceHome } from '../../lib/runtime/open-homes';
import { openPostgresStore, storeOver, secretBox } from '../../lib/store';
import { startNightly, readBackupSettings } from '../../server/backup';
import { isDue } from '../../server/backup/nightly';
import { filledHome, openStoreIn, PALETTE, seal } from '../move/filled-home';
import { runCli } from '../server/cli';
import { event } from '../store/examples';
import { describeOnPostgres, startPostgres } from '../support/postgres';
import { postgresUrl } from '../support/postgres-driver';
import { newFolder, removeFolder } from '../support/store';
import { until } from '../support/until';

jest.setTimeout(300_000);
const folder = newFolder();
const PROGRAM = join(PALETTE, '../billing-audit/cli.js');
let home: Home;
beforeAll(async () => {
  home = await filledHome(join(folder, 'home'));
});
afterAll(() => removeFolder(folder));

const json = (text: string): Record<string, unknown> => JSON.parse(text) as Record<string, unknown>;

describe('billing-audit backup', () => {
  it('makes a copy that is opened again, verifies by itself, and keeps as many as were asked for', () => {
    const to = join(folder, 'copies');
    for (let turn = 0; turn < 2; turn += 1) {
      const { status, stdout } = runCli(['backup', '--to', to, '--keep', '1', '--home', home.folder, '--json'], folder);
      expect([status, json(stdout)]).toMatchObject([0, { events: 8 }]);
    }
    const [copy = '', ...more] = readdirSync(to);
    expect(more).toEqual([]);
    expect(readBackupNote(home.folder)).toMatchObject({ copy: join(to, copy), events: 8, why: null });
    const { status, stdout } = runCli(['verify', '--home', join(to, copy), '--json'], folder);
    expect([status, json(stdout)]).toMatchObject([0, { ok: true, events: 8, sealed: 6 }]);
  });

  it('takes the journal along, and leaves the copies of another home in the same folder alone', async () => {
    const to = join(folder, 'shared');
    const other = await filledHome(join(folder, 'other-home'));
    mkdirSync(join(other.folder, 'journal'), { recursive: true });
    writeFileSync(join(other.folder, 'journal', 'note'), 'acknowledged, not in the store yet');
    const theirs = json(runCli(['backup', '--to', to, '--home', other.folder, '--json'], folder).stdout)['copy'];
    for (let turn = 0; turn < 2; turn += 1) {
      expect(runCli(['backup', '--to', to, '--keep', '1', '--home', home.folder], folder).status).toBe(0);
    }
    expect(readdirSync(to)).toHaveLength(2);
    expect(existsSync(join(String(theirs), 'journal', 'note'))).toBe(true);
    rmSync(to, { recursive: true });
  });

  it.each<[string, (copy: string) => void]>([
    ['a file of it was cut short', (copy) => cutLargest(join(copy, 'store', 'embedded', 'base'))],
    ['its store is gone', (copy) => rmSync(join(copy, 'store'), { recursive: true })],
  ])('does not call a copy good when %s', (_, damage) => {
    const to = join(folder, 'damaged');
    const made = json(runCli(['backup', '--to', to, '--home', home.folder, '--json'], folder).stdout);
    damage(String(made['copy']));
    const { status, stderr } = runCli(['backup', '--check', String(made['copy'])], folder);
    expect([status, stderr]).toEqual([3, expect.stringContaining('cannot be relied on')]);
    rmSync(to, { recursive: true });
  });

  it('is refused with what to do for a bad number, an unusable folder, and a home without a store', () => {
    const words = ['backup', '--home', home.folder];
    expect(runCli([...words, '--keep', '0'], folder)).toMatchObject({ status: 2 });
    writeFileSync(join(folder, 'file'), '');
    const { status, stderr } = runCli([...words, '--to', join(folder, 'file')], folder);
    expect([status, stderr]).toEqual([3, expect.any(String)]);
    expect(readBackupNote(home.folder)?.why).toMatch(/file/);
    expect(runCli(['backup', '--home', join(folder, 'none')], folder).stderr).toContain('holds no store');
    mkdirSync(join(folder, 'practised', 'sandbox', 'store', 'embedded'), { recursive: true });
    expect(runCli(['backup', '--home', join(folder, 'practised')], folder)).toMatchObject({
      status: 3,
      stderr: expect.stringContaining('holds practice data alone, which is not copied') as string,
    });
    expect(() => readBackupSettings({ BACKUP_DIR: 'relative' })).toThrow(/where the server was started/);
  });
});

/** The largest table of the copy, at half its size. */
function cutLargest(base: string): void {
  const files = readdirSync(base, { recursive: true, withFileTypes: true }).filter((each) => each.isFile());
  for (const { parentPath, name } of files) {
    if (/^\d+$/.test(name) && readFileSync(join(parentPath, name)).length > 8192)
      truncateSync(join(parentPath, name), 4096);
  }
}

describe('a server', () => {
  it('copies each day while others append, opens the copy in a process of its own, and tells a failure', async () => {
    const running = openHome(join(folder, 'running'));
    cpSync(home.folder, running.folder, { recursive: true });
    rmSync(join(running.folder, 'backup.json'), { force: true });
    const driver = await openStoreIn(running);
    const store = storeOver(driver, { secrets: secretBox(new Uint8Array(32)) });
    const retract = announceHome(running.folder, {
      inside: { store, driver, facts: () => Promise.reject(new Error('not asked')) },
    });
    const to = join(folder, 'nightly');
    const said: string[] = [];
    let clock = Date.parse('2026-01-05T02:00:00.000Z');
    let wake = (): void => undefined;
    const nightly = startNightly({
      settings: { folder: to, keep: 2 },
      home: running.folder,
      environment: {},
      assets: PALETTE,
      program: PROGRAM,
      now: () => clock,
      sleep: (_, signal) =>
        new Promise((done) => {
          wake = done;
          signal?.addEventListener('abort', () => done());
        }),
      say: (level, message) => void said.push(`${level} ${message}`),
    });
    for (let more = 0; said.length === 0; more += 1) await store.append([event(`meanwhile${more}`)]);
    expect(said[0]).toMatch(/^info A copy with \d+ events was made, opened and verified/);
    const note = readBackupNote(running.folder) as BackupNote;
    expect(backupCheck(note, clock)).toMatchObject({ status: 'ok' });
    expect(backupCheck(note, clock + 40 * 3_600_000)).toMatchObject({ status: 'degraded' });
    expect([isDue(note, clock + 23 * 3_600_000), isDue(note, clock + 24 * 3_600_000)]).toEqual([false, true]);

    // The next night its place is taken by a file: told at once, tried again after an hour, the good copy stays told.
    rmSync(to, { recursive: true });
    writeFileSync(to, '');
    clock += 24 * 3_600_000;
    wake();
    await until(() => said.length === 2, 'the second night to fail', 60_000);
    expect(said[1]).toMatch(/^error Tonight's copy failed/);
    const failed = readBackupNote(running.folder) as BackupNote;
    expect(failed).toMatchObject({ good_at: note.good_at, why: expect.any(String) as string });
    expect(backupCheck(failed, clock)).toMatchObject({
      status: 'degraded',
      text: expect.not.stringContaining(to) as string,
    });
    expect([isDue(failed, clock + 30 * 60_000), isDue(failed, clock + 3_600_000)]).toEqual([false, true]);
    await nightly.stop();
    retract();
    await driver.close();
  });
});

describeOnPostgres('of a PostgreSQL', () => {
  it('a copy is read in one snapshot, verifies in a store of its own, and goes back to an empty database', async () => {
    const postgres = startPostgres({ bare: true });
    try {
      postgres.sql('super', 'create role owner login createrole', 'postgres');
      for (const name of ['busy', 'restored']) postgres.sql('super', `create database ${name} owner owner`, 'postgres');
      const url = (database: string): string => postgresUrl(postgres.folder, { user: 'owner', database });
      const here = openHome(join(folder, 'of-postgres'));
      runCli(['migrate', '--database-url', url('busy')], folder);
      const driver = await openPostgresStore({ ...thisMachine(), url: url('busy') });
      await driver.rpc('billing_audit_append', { events: [event('a'), event('b')] });
      await seal(driver, here);
      await driver.rpc('billing_audit_append', { events: [event('c')] });
      await driver.close();
      const to = join(folder, 'postgres-copies');
      mkdirSync(to);
      const env = { DATABASE_URL: url('busy') };
      const made = runCli(['backup', '--to', to, '--home', here.folder, '--json'], folder, env);
      expect([made.status, made.stderr]).toEqual([0, '']);
      const copy = String(json(made.stdout)['copy']);
      expect(existsSync(join(copy, 'store', 'embedded'))).toBe(true);
      const restored = runCli(['move', '--home', copy, '--to', url('restored'), '--json'], folder);
      expect([restored.status, json(restored.stdout)]).toMatchObject([
        0,
        { report: { ok: true, events: 3, sealed: 2 } },
      ]);
      // A copy is not used up by going back to it.
      expect(runCli(['verify', '--home', copy], folder)).toMatchObject({ status: 0 });
    } finally {
      postgres.stop();
    }
  });
});
