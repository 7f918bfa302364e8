import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { openEmbeddedStore } from '../../lib/store';
import { folderOf, rowOf, TITLES, workbook } from '../history/house';
import { buildStoreWorker, migrations } from '../support/store';
import { layStore } from '../support/store-template';
import { runCli } from './cli';

const LONG = 300_000;
let folder: ReturnType<typeof folderOf>;
/** Where the server keeps its store, migrated and empty. */
beforeAll(async () => {
  folder = folderOf();
  const directory = join(folder.path, '.billing-audit', 'store', 'embedded');
  const workerPath = buildStoreWorker();
  await layStore(directory, workerPath, migrations);
  await (await openEmbeddedStore({ directory, workerPath, migrations })).close();
}, LONG);
afterAll(() => folder.remove());

const run = (...flags: string[]) => runCli(['import', ...flags], folder.path);

describe('billing-audit import of history', () => {
  it.each<[string, string[], RegExp]>([
    [
      'nothing',
      [],
      /"--people" is missing\.\nSay what to import: one of --people, --people-sheet, --audit-sheet, --xlsx, --sqlite/u,
    ],
    ['two things', ['--xlsx', 'a', '--sqlite', 'b'], /"--xlsx and --sqlite" cannot be given together/u],
    ['a table of no database', ['--xlsx', 'a', '--table', 'b'], /"--table" says nothing without --sqlite/u],
    ['no token', ['--audit-sheet', '12'], /"SMARTSHEET_ACCESS_TOKEN" is not set/u],
  ])('is misused with %s: code 2', (_, flags, words) => {
    const { status, stderr } = run(...flags);
    expect(stderr).toMatch(words);
    expect(status).toBe(2);
  });

  it('says which flag of a cell history is wrong: code 2', () => {
    const token = { SMARTSHEET_ACCESS_TOKEN: 'a'.repeat(37) };
    const history = (...flags: string[]) => runCli(['import', '--cell-history', ...flags], folder.path, token);
    expect(history().stderr).toMatch(/"--since" is missing/u);
    expect(history('--since', 'spring').stderr).toMatch(/"--since" is "spring", which is no date/u);
    expect(history('--since', '2026-01-01').stderr).toMatch(/"--sheets" names no sheet/u);
    expect(history('--since', '2026-01-01', '--sheets', 'Week').stderr).toMatch(/"--sheets" holds "Week"/u);
    expect(history().status).toBe(2);
  });

  it('cannot read what is not there, or no workbook: code 3', () => {
    const missing = run('--xlsx', 'none.xlsx', '--json');
    expect(missing.status).toBe(3);
    expect(JSON.parse(missing.stdout)).toMatchObject({ imported: 0, error: { code: 'history_unreadable' } });
    writeFileSync(join(folder.path, 'text.xlsx'), 'Column;Old Value');
    expect(run('--xlsx', 'text.xlsx')).toMatchObject({
      status: 3,
      stderr: expect.stringContaining('is no workbook that can be read') as string,
    });
  });

  it(
    'takes a workbook, tells wrong rows with code 1, and takes nothing twice with code 0',
    async () => {
      const good = await workbook(folder.path, [TITLES, rowOf(1), rowOf(2)]);
      const first = run('--xlsx', good, '--json');
      expect(first.stderr).toBe('');
      expect(JSON.parse(first.stdout)).toMatchObject({ read: 2, imported: 2, known: 0, bad: 0 });
      expect(first.status).toBe(0);
      await workbook(folder.path, [TITLES, rowOf(2), rowOf(3), rowOf(4, { 'Changed At': 'soon' })]);
      const second = run('--xlsx', good);
      expect(second.stdout).toContain('1 past changes imported, of 2 that were read.\n1 were imported before.');
      expect(second.stdout).toContain('row 4: "Changed At" is no time: "soon".');
      expect(second.status).toBe(1);
      const renamed = TITLES.map((title) => (title === 'New Value' ? 'New Valu' : title));
      await workbook(folder.path, [renamed, rowOf(5)]);
      const lacking = run('--xlsx', good);
      expect(lacking.stderr).toContain('has no column "New Value".\nRename "New Valu" to "New Value"');
      expect(lacking.status).toBe(1);
      const found = runCli(['search', '--kind', 'imported', '--json'], folder.path);
      expect(found.stdout.trim().split('\n')).toHaveLength(4);
      // Three changes in the chain `imported`, two imports in the chain `access`.
      const verified = runCli(['verify', '--json'], folder.path);
      expect(JSON.parse(verified.stdout)).toMatchObject({ ok: true, events: 5, streams: 2 });
    },
    LONG,
  );
});

describe('a Node.js without SQLite, which 22.9 to 22.12 are', () => {
  const without = { NODE_OPTIONS: '--no-experimental-sqlite' };

  it('runs every command, and says of a database what it needs', () => {
    expect(runCli(['--version'], folder.path, without)).toMatchObject({ status: 0, stderr: '' });
    writeFileSync(join(folder.path, 'history.db'), '');
    expect(runCli(['import', '--sqlite', 'history.db'], folder.path, without)).toMatchObject({
      status: 3,
      stderr: expect.stringMatching(
        /history\.db cannot be read by Node\.js \S+, which has no SQLite\.\nRun it with/u,
      ) as string,
    });
  });
});

describe('billing-audit import of people', () => {
  it('says how many it saved, and that nothing differs when it is done again', () => {
    const file = join(folder.path, 'people.csv');
    writeFileSync(file, 'e-mail,name,access level\nanna@example.com,Anna,5\n');
    expect(run('--people', file)).toMatchObject({
      status: 0,
      stdout: expect.stringContaining('1 person saved') as string,
    });
    expect(run('--people', file)).toMatchObject({
      status: 0,
      stdout: expect.stringContaining('Nothing differs from what is known; nobody was changed.') as string,
    });
  });
});
