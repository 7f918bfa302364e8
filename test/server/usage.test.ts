import { spawnSync } from 'node:child_process';
import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { openHome } from '../../lib/runtime/home';
import { layStoreOf, newFolder, removeFolder } from '../support/store';
import { CLI, runCli } from './cli';

const folder = newFolder();
afterAll(() => removeFolder(folder));
const told = (...words: readonly string[]): readonly [number | null, string, string] => {
  const { status, stdout, stderr } = runCli(words, folder);
  return [status, stdout, stderr];
};

describe('billing-audit', () => {
  it.each([
    [['nonsense', '--help'], /^error: unknown command 'nonsense'/],
    [['nonsense'], /^error: unknown command 'nonsense'/],
    [['doctr', '-h'], /unknown command 'doctr'\n\(Did you mean doctor\?\)/],
    [['help', 'nonsense'], /unknown command 'nonsense'/],
    [['models', 'lst', '--help'], /unknown command 'lst'\n\(Did you mean list\?\)/],
  ])('takes no unknown command for a question about the known ones: %j', (words, said) => {
    expect(told(...words)).toEqual([2, '', expect.stringMatching(said)]);
  });

  it.each([
    [['--help'], 'billing-audit [options] [command]'],
    [['help'], 'billing-audit [options] [command]'],
    [['doctor', '--help'], 'billing-audit doctor [options]'],
    [['help', 'doctor'], 'billing-audit doctor [options]'],
    [['models', '--help'], 'billing-audit models [options] [command]'],
    [['models', 'list', '-h'], 'billing-audit models list [options]'],
    [['models', 'help', 'list'], 'billing-audit models list [options]'],
  ])('shows the help that was asked for: %j', (words, usage) => {
    expect(told(...words)).toEqual([0, expect.stringContaining(`Usage: ${usage}\n`), '']);
  });
});

describe('billing-audit on a home', () => {
  const home = join(folder, 'home');
  const said = (words: readonly string[], environment: Readonly<Record<string, string>> = {}) => {
    const { status, stderr, stdout } = runCli([...words, '--home', home], folder, environment);
    return [status, stderr, stdout] as const;
  };
  beforeAll(async () => {
    openHome(home);
    await layStoreOf(home);
    mkdirSync(join(folder, 'taken.xlsx'));
    writeFileSync(join(folder, 'file'), '');
  });

  const january = ['export', '--from', '2026-01-01', '--to', '2026-01-31', '--out'];
  it.each([
    ['tables into a folder', [...january, 'taken.xlsx'], /^taken\.xlsx cannot be written: EISDIR.*\n.*--out/],
    ['a bundle into no folder', ['export', '--evidence', 'none/b.zip'], /ENOENT.*none\/b\.zip.*\nLook at the name/],
    ['a bundle over a file', ['export', '--evidence', 'file'], /ENOTDIR.*'file'\nLook at the name/],
    ['lines into a folder', ['export', '--ocsf', 'taken.xlsx'], /EISDIR.*'taken\.xlsx'\nLook at the name/],
  ])('says what could not be written, and not where in the program: %s', (_, words, wanted) => {
    const [status, told] = said(words);
    expect([status, told]).toEqual([3, expect.stringMatching(wanted)]);
    expect(told).not.toContain('    at ');
    expect(readdirSync(folder).filter((name) => name.endsWith('.part'))).toEqual([]);
  });

  it.each([
    [
      'a day that is none',
      ['search', '--from', '2026-02-30T00:00:00Z'],
      /^"--from" is "2026-02-30T00:00:00Z", which is no/,
    ],
    ['a word with a number', ['search', '--to', 'foo 5'], /^"--to" is "foo 5", which is no time/],
    ['a week that is none', ['search', '--week-ending', '2026-02-30'], /^"--week-ending" is "2026-02-30"/],
    [
      'times in the wrong order',
      ['search', '--from', '2026-02-01', '--to', '2026-01-01'],
      /^"--to" is .* not after "--from"/,
    ],
    [
      'a hold from a day that is none',
      ['hold', 'set', '--from', '2026-13-01', '--reason', 'r'],
      /^"--from" is "2026-13-01"/,
    ],
    ['a hold without a reason', ['hold', 'set', '--reason', ' '], /^"--reason" is missing/],
    ['an erasure of nobody', ['erase', '--person', '', '--reason', 'r'], /^"--person" is missing/],
    ['a hold on nobody', ['hold', 'set', '--person', '', '--reason', 'r'], /^"--person" is empty/],
    [
      'a bundle from a day that is none',
      ['export', '--evidence', 'b', '--from', '2026-02-30'],
      /^"--from" is "2026-02-30"/,
    ],
    ['a bundle of a sheet that can be none', ['export', '--evidence', 'b', '--sheet', 'abc'], /^"--sheet" is "abc"/],
    ['a bundle without a name', ['export', '--evidence', ''], /^"--evidence" is empty/],
    ['tables without a name', [...january, ''], /^"--out" is empty/],
    [
      'an erasure without one',
      ['erase', '--person', 'a@example.com', '--reason', '', '--yes'],
      /^"--reason" is missing/,
    ],
  ])('refuses what cannot be meant: %s', (_, words, wanted) => {
    expect(said(words)).toEqual([2, expect.stringMatching(wanted), '']);
  });

  it('goes on to its end when who reads it has seen enough', () => {
    const words = [process.execPath, CLI, 'search', '--home', home].map((word) => `'${word}'`).join(' ');
    // `true` reads nothing, and has ended long before there is anything to read.
    const piped = spawnSync('bash', ['-c', `set -o pipefail; ${words} | true`], { encoding: 'utf8', cwd: folder });
    expect([piped.status, piped.stderr]).toEqual([0, '']);
  });

  it('takes times as people write them', () => {
    for (const time of ['2026-01-31', '2026-01-31T09:00:00Z', '2026-01-31T09:00:00.5-06:00', '2026-01-31 09:00']) {
      expect([time, ...said(['search', '--from', time])]).toEqual([time, 0, '', 'Nothing was found.\n']);
    }
  });

  it('has the doctor see a home that is a file, and hours that cannot be read', () => {
    const ofFile = runCli(['doctor', '--home', 'file'], folder);
    expect([ofFile.status, ofFile.stdout]).toEqual([1, expect.stringMatching(/WRONG {2}permissions .*file is a file/)]);
    const [status, , told] = said(['doctor'], { BUSINESS_HOURS: 'x' });
    expect([status, told]).toEqual([1, expect.stringMatching(/^WRONG {2}settings .*BUSINESS_HOURS/m)]);
  });
});
