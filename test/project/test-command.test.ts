import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

const ROOT = resolve(__dirname, '../..');
const own = (name: string): string => join(ROOT, 'scripts/jest', name);
let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'test-command-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** Runs files as `npm test` does: body by name. Each begin of a file is a line of `begun`. `again`: as CI sets it. */
function runFiles(files: Readonly<Record<string, string>>, again = '') {
  for (const [name, body] of Object.entries(files)) {
    const noted = `require('node:fs').appendFileSync(${JSON.stringify(join(folder, 'begun'))}, '${name}\\n');`;
    writeFileSync(join(folder, `${name}.test.js`), `${noted}\nit('${name}', () => {\n${body}\n});\n`);
  }
  const config = {
    rootDir: folder,
    transform: {},
    cache: false,
    maxWorkers: 2,
    runner: own('runner.cjs'),
    testEnvironment: own('environment.cjs'),
    testSequencer: own('sequencer.cjs'),
    reporters: ['default', own('count-reporter.cjs')],
  };
  writeFileSync(join(folder, 'jest.config.json'), JSON.stringify(config));
  const jestProgram = join(ROOT, 'node_modules/jest/bin/jest.js');
  const { status, stdout, stderr } = spawnSync(process.execPath, [jestProgram], {
    cwd: folder,
    encoding: 'utf8',
    env: { ...process.env, TEST_AGAIN: again },
  });
  const begun = readFileSync(join(folder, 'begun'), 'utf8').trim().split('\n').sort();
  return { status, said: `${stdout}${stderr}`, begun };
}

const once = (body: string): string => `
  const mark = ${JSON.stringify(join(folder, 'begun-once'))};
  if (!require('node:fs').existsSync(mark)) {
    require('node:fs').writeFileSync(mark, '');
    ${body}
  }`;
const crash = `process.kill(process.pid, 'SIGABRT');`;

describe('the test command', () => {
  it('runs the one file once more whose process was broken off, and says so', () => {
    const { status, said, begun } = runFiles({ broken: once(crash), whole: 'expect(1).toBe(1);' });
    expect(said).toMatch(
      /Node\.js itself was ended by SIGABRT, without a result .*broken\.test\.js is run once more\./,
    );
    expect(said).toContain('tests: 2 passed, 0 failed, 0 skipped');
    expect([status, begun]).toEqual([0, ['broken', 'broken', 'whole']]);
  });

  it('takes a second such end for a failure of that file, and runs the others all the same', () => {
    const { status, said, begun } = runFiles({ broken: crash, whole: 'expect(1).toBe(1);' });
    expect(said).toContain('FAIL ./broken.test.js');
    expect(said).toContain('tests: 1 passed, 1 failed, 0 skipped');
    expect([status, begun]).toEqual([1, ['broken', 'broken', 'whole']]);
  });

  it('runs nothing once more that failed, or whose process ended itself or was killed', () => {
    const { status, said, begun } = runFiles({
      failed: 'expect(1).toBe(2);',
      left: 'process.exit(1);',
      killed: `process.kill(process.pid, 'SIGKILL');`,
      whole: 'expect(1).toBe(1);',
    });
    expect(said).toContain('in the middle of a test file');
    expect(said).toContain('tests: 1 passed, 3 failed, 0 skipped');
    expect([status, begun]).toEqual([1, ['failed', 'killed', 'left', 'whole']]);
  });

  it('runs a failed file once more where CI asks for it, shows its failure, and names it as unsteady', () => {
    const { status, said, begun } = runFiles({ unsteady: once('expect("the first").toBe("the last");') }, '3');
    expect(said).toMatch(/FAILED: .*unsteady\.test\.js, which is run once more at the end\.[^]*the first/);
    expect(said).toMatch(/UNSTEADY: .*unsteady\.test\.js failed, and passed when it was run once more\./);
    expect(said).toContain('tests: 1 passed, 0 failed, 0 skipped');
    expect([status, begun]).toEqual([0, ['unsteady', 'unsteady']]);
  });

  it('fails in CI too for what fails twice, and runs no more files again than it is told', () => {
    const failed = 'expect(1).toBe(2);';
    const { status, said, begun } = runFiles({ one: failed, two: failed, whole: 'expect(1).toBe(1);' }, '1');
    expect(said).not.toContain('UNSTEADY');
    expect(said).toContain('tests: 1 passed, 2 failed, 0 skipped');
    expect(status).toBe(1);
    expect(begun).toHaveLength(4);
  });
});
