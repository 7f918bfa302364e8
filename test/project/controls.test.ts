import { spawnSync } from 'node:child_process';
import { cpSync, existsSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { thisMachine } from '../../lib/runtime/machine';
import { readAnchors } from '../../lib/seal';
import { filledHome } from '../move/filled-home';
import { runCli } from '../server/cli';
import { describeOnPostgres, startPostgres } from '../support/postgres';
import { postgresUrl } from '../support/postgres-driver';
import { newFolder, removeFolder } from '../support/store';

jest.setTimeout(300_000);
const page = readFileSync(resolve(__dirname, '../../docs/controls.md'), 'utf8');

/** Rows of the tables: what serves what, how often, by which commands it is shown, and what it does not do. */
const controls = page
  .split('\n')
  .filter((line) => line.startsWith('|') && !/^\| (control|-+) /.test(line))
  .map((line) =>
    line
      .slice(1, -1)
      .split('|')
      .map((cell) => cell.trim()),
  );
const commands = controls.flatMap(([, , , , evidence = '']) =>
  [...evidence.matchAll(/`((?:billing-audit|python3) [^`]+)`/g)].map(([, command = '']) => command),
);

const folder = newFolder();
const anchor = join(folder, 'anchor');
const environment = { ANCHOR_FOLDER: anchor, BILLING_AUDIT_HOME: join(folder, 'home') };
beforeAll(async () => {
  await filledHome(environment.BILLING_AUDIT_HOME, readAnchors(environment, thisMachine()));
  writeFileSync(join(folder, 'people.csv'), 'e-mail,name,access level\nclerk@example.com,Clerk,2\n');
});
afterAll(() => removeFolder(folder));

describe('docs/controls.md', () => {
  it('names for every control what it serves, what runs, how often, a command and its limits', () => {
    expect(controls.length).toBeGreaterThan(12);
    for (const cells of controls) {
      expect(cells).toHaveLength(6);
      expect(cells.filter((cell) => cell === '')).toEqual([]);
      expect(cells[1]).toMatch(/\b(CC|A1|PI1)[\d.]+/);
      expect(cells[4]).toMatch(/`billing-audit /);
    }
    expect(page).toContain('## What it does not replace');
  });

  const words = (command: string): readonly string[] => command.split(' ').slice(1);
  const plain = commands.filter((command) => !/--new-key|COPY|--to DATABASE_URL/.test(command));

  it.each(plain)('gives evidence by: %s', (command) => {
    if (command.startsWith('python3')) {
      const { status, stdout } = spawnSync('python3', words(command), { cwd: folder, encoding: 'utf8' });
      expect([status, stdout]).toEqual([0, expect.stringMatching(/^All (that is sealed )?holds\.$/m)]);
      return;
    }
    const { status, stdout, stderr } = runCli(words(command), folder, environment);
    // A doctor of a home that no server runs on has something to say.
    const good = command.includes('doctor') ? [0, 1] : [0];
    expect([good.includes(status ?? -1), stderr]).toEqual([true, expect.not.stringContaining('Error')]);
    expect(stdout.length).toBeGreaterThan(0);
  });

  it('gives the files that it names', () => {
    for (const name of [
      'january.xlsx',
      'coverage.coverage.csv',
      'coverage.about-this-export.csv',
      'coverage.sample.csv',
      'settings.json',
    ]) {
      expect([name, existsSync(join(folder, name))]).toEqual([name, true]);
    }
  });

  it('gives evidence by a copy, and by a key that is changed', () => {
    const [copy = ''] = readdirSync(join(folder, 'copies'));
    const looked = commands.find((command) => command.includes('COPY')) ?? '';
    const verified = runCli(words(looked.replace('COPY', copy)), folder);
    expect([verified.status, verified.stdout]).toEqual([0, expect.stringContaining('All holds.')]);
    const other = join(folder, 'other');
    cpSync(environment.BILLING_AUDIT_HOME, other, { recursive: true });
    const change = commands.find((command) => command.includes('--new-key')) ?? '';
    expect(runCli([...words(change), '--home', other], folder)).toMatchObject({
      status: 0,
      stdout: expect.stringContaining('signed by both') as string,
    });
  });

  describeOnPostgres('where a PostgreSQL is', () => {
    it('says what a move would take along', () => {
      const postgres = startPostgres({ bare: true });
      try {
        const command = commands.find((each) => each.includes('--to DATABASE_URL')) ?? '';
        const to = words(command).map((word) =>
          word === 'DATABASE_URL' ? postgresUrl(postgres.folder, { user: 'super' }) : word,
        );
        const { status, stdout } = runCli(to, folder, environment);
        expect([status, stdout]).toEqual([0, expect.stringContaining('Nothing was changed.')]);
      } finally {
        postgres.stop();
      }
    });
  });
});
