import { execFileSync } from 'node:child_process';

/** Plants each forbidden import in a file that does not exist, so that a rule which has stopped biting turns this red. */
describe('import boundaries', () => {
  const refused = [
    ['lib/event/planted.ts', '../../nodes/risk-score'],
    ['lib/event/planted.ts', 'node-red'],
    ['lib/planted.ts', '../hosts/node-red'],
    ['nodes/risk-score/planted.ts', '../billing-rules/judge'],
    ['nodes/risk-score/planted.ts', '../../hosts/node-red/runtime'],
    ['nodes/risk-score/planted.ts', 'n8n-workflow'],
    ['hosts/node-red/planted.ts', '../../server/start'],
    ['hosts/node-red/planted.ts', '../../nodes/risk-score/factors'],
    ['sandbox/planted.ts', '../lib/store/store'],
  ] as const;
  const allowed = [
    ['lib/runtime/planted.ts', '../event'],
    ['nodes/risk-score/planted.ts', '../../lib/event'],
    ['nodes/risk-score/planted.ts', '../billing-rules'],
    ['nodes/risk-score/planted.ts', './factors'],
    ['hosts/node-red/planted.ts', '../../nodes/risk-score'],
    ['server/planted.ts', '../hosts/node-red'],
  ] as const;
  let refusals: Record<string, number>;

  beforeAll(() => {
    refusals = lint([...refused, ...allowed]);
  });

  it.each(refused)('refuses in %s an import of %s', (file, imported) => {
    expect(refusals[`${file} ${imported}`]).toBe(1);
  });

  it.each(allowed)('allows in %s an import of %s', (file, imported) => {
    expect(refusals[`${file} ${imported}`]).toBe(0);
  });
});

/** Counts the boundary errors of each planted file, in a child process: ESLint's configuration is an ES module. */
function lint(cases: readonly (readonly [string, string])[]): Record<string, number> {
  const program = `
    const { ESLint } = require('eslint');
    const eslint = new ESLint();
    const count = async ([filePath, imported]) => {
      const [{ messages }] = await eslint.lintText("export * from '" + imported + "';\\n", { filePath });
      return [filePath + ' ' + imported, messages.filter(({ ruleId }) => ruleId === 'no-restricted-imports').length];
    };
    Promise.all(${JSON.stringify(cases)}.map(count))
      .then((counts) => process.stdout.write(JSON.stringify(Object.fromEntries(counts))));`;
  return JSON.parse(execFileSync(process.execPath, ['-e', program], { encoding: 'utf8' })) as Record<string, number>;
}
