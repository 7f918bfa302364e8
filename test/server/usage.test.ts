import { newFolder, removeFolder } from '../support/store';
import { runCli } from './cli';

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
