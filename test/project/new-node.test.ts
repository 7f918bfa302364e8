import { execFileSync, spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { conformanceCases, noFacts } from '../conformance/cases';
import { type RunningEngine, startEngine } from '../conformance/n8n/start-engine';
import { type RunningNodeRed, startNodeRed } from '../support/node-red';

const ROOT = resolve(__dirname, '../..');
const SOURCES = [
  ...['nodes', 'credentials', 'hosts', 'lib', 'supabase', 'flows', 'dashboards', 'scripts', 'test'],
  ...[
    'package.json',
    'tsconfig.json',
    'eslint.config.mjs',
    '.prettierrc.json',
    '.prettierignore',
    'gulpfile.js',
    'jest.config.cjs',
  ],
  ...['LICENSE', 'CHANGELOG.md', 'docs'],
];
const INSTALLED = ['node_modules', 'test/n8n/host/node_modules'];

let tree: string;

/** A tree of its own, over the packages that are installed here. */
function copyTree(): string {
  const folder = mkdtempSync(join(tmpdir(), 'new-node-'));
  for (const path of SOURCES)
    cpSync(join(ROOT, path), join(folder, path), { recursive: true, filter: (from) => !from.endsWith('node_modules') });
  for (const path of INSTALLED) symlinkSync(join(ROOT, path), join(folder, path), 'junction');
  return folder;
}

function newNode(...given: readonly string[]): { readonly code: number | null; readonly said: string } {
  const script = join(tree, 'scripts/new-node.mjs');
  const { status, stdout, stderr } = spawnSync(process.execPath, [script, ...given], { cwd: tree, encoding: 'utf8' });
  return { code: status, said: `${stdout}${stderr}` };
}

const text = (path: string): string => readFileSync(join(tree, path), 'utf8');
const inTree = (tool: string, ...given: readonly string[]): string =>
  execFileSync(process.execPath, [join(tree, tool), ...given], { cwd: tree, encoding: 'utf8' });

beforeAll(() => {
  tree = copyTree();
}, 60_000);
afterAll(() => rmSync(tree, { recursive: true, force: true }));

describe('npm run new-node', () => {
  it('tells how it is used', () => {
    const { code, said } = newNode('--help');
    expect(code).toBe(0);
    expect(said).toContain('npm run new-node -- <name> [verb]');
  });

  it.each([
    ['no name', [], 'Name the new node'],
    ['capitals', ['LateNotes'], 'small letters'],
    ['a path', ['../late-notes'], 'small letters'],
    ['a hyphen at the end', ['late-'], 'small letters'],
    ['an unknown option', ['--verb'], 'Unknown option --verb'],
    ['a name that is taken', ['risk-score'], 'there is a folder nodes/risk-score'],
    ['the name of a node that only n8n has', ['smartsheet-changes-trigger'], 'has a node of this name'],
    ['a name that n8n could not tell from another', ['riskscore'], 'n8n would call another node the same'],
    ['the name of a credential', ['smtp'], 'there is a credential of this name'],
    ['a verb that is a word of the language', ['late-notes', 'delete'], 'cannot be the name of its function'],
    ['too much', ['late-notes', 'flag', 'them'], '"them" is too much'],
  ])('refuses %s, and leaves the tree as it was', (_what, given, says) => {
    const before = [text('nodes/index.ts'), text('hosts/n8n/palette.ts')];
    const { code, said } = newNode(...given);
    expect(code).toBe(2);
    expect(said).toContain(says);
    expect([text('nodes/index.ts'), text('hosts/n8n/palette.ts')]).toEqual(before);
    expect(existsSync(join(tree, 'nodes/late-notes'))).toBe(false);
  });
});

describe('a new node', () => {
  const event = conformanceCases().find(({ node }) => node === 'audit-trail')?.input as Readonly<
    Record<string, unknown>
  >;
  let red: RunningNodeRed | undefined;
  let engine: RunningEngine | undefined;
  let said: string;

  beforeAll(() => {
    const made = newNode('late-notes', 'flag');
    if (made.code !== 0) throw new Error(made.said);
    said = made.said;
    inTree('scripts/build/node-red.mjs', 'dist/node-red');
    inTree('scripts/build/n8n.mjs', 'dist/n8n');
  }, 120_000);
  afterAll(() => Promise.all([red?.stop(), engine?.stop()]));

  it('is said to be there, file by file, with what to do next', () => {
    const paths = ['definition.ts', 'fields.ts', 'flag.ts', 'index.ts', 'help.md', 'icon.svg'];
    for (const path of [...paths.map((file) => `nodes/late-notes/${file}`), 'test/conformance/late-notes.json']) {
      expect(said).toContain(path);
      expect(existsSync(join(tree, path))).toBe(true);
    }
    for (const path of ['nodes/index.ts', 'hosts/n8n/palette.ts']) expect(text(path)).toContain('lateNotes');
    expect(said).toContain('What to do next');
  });

  it('is not made a second time', () => {
    const again = newNode('late-notes');
    expect(again.code).toBe(2);
    expect(again.said).toContain('The name late-notes is taken');
  });

  it('is as lint and types want it', () => {
    const files = ['nodes', 'hosts/n8n/palette.ts', 'test/conformance'];
    inTree('node_modules/prettier/bin/prettier.cjs', '--check', ...files);
    inTree(
      'node_modules/eslint/bin/eslint.js',
      '--max-warnings',
      '0',
      'nodes/late-notes',
      'nodes/index.ts',
      'hosts/n8n/palette.ts',
    );
    const part = { extends: './tsconfig.json', include: ['nodes', 'hosts', 'credentials', 'lib'] };
    writeFileSync(join(tree, 'tsconfig.part.json'), JSON.stringify(part));
    inTree('node_modules/typescript/bin/tsc', '-p', 'tsconfig.part.json');
  }, 180_000);

  it('passes its own cases', () => {
    const { status, stderr } = spawnSync(
      process.execPath,
      [join(ROOT, 'node_modules/jest/bin/jest.js'), 'test/conformance/pure'],
      { cwd: tree, encoding: 'utf8' },
    );
    expect(stderr).toContain('late-notes: an event of a lower severity is not');
    expect({ status, stderr: status === 0 ? '' : stderr }).toEqual({ status: 0, stderr: '' });
  }, 120_000);

  it("gives in n8n's engine what comes in", async () => {
    engine = await startEngine(join(tree, 'dist/n8n'));
    const world = { settings: {}, facts: noFacts, now: '2026-02-03T18:00:00.000Z' };
    const items = [event, { ...event, severity: 'LOW' }];
    const { outputs } = await engine.run({
      ...world,
      type: 'lateNotes',
      parameters: { severityFrom: 'MEDIUM' },
      items,
    });
    expect(outputs).toEqual([[{ json: event, item: 0 }]]);
  }, 60_000);

  it('gives in Node-RED what comes in', async () => {
    const z = 'tab';
    red = await startNodeRed({
      palette: join(tree, 'dist/node-red'),
      flows: [
        { id: 'tab', type: 'tab', label: 'New node' },
        { id: 'in', type: 'http in', z, url: '/in', method: 'post', wires: [['node']] },
        { id: 'node', type: 'billing-audit-late-notes', z, severityFrom: 'MEDIUM', wires: [['out']] },
        { id: 'out', type: 'http response', z, wires: [] },
      ],
    });
    const { logs } = red;
    // Node-RED says that its flows have started before it listens.
    await red.until(() => logs().includes('Server now running'), 'Node-RED to listen');
    const answer = await fetch(`${red.address}/in`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(event),
      signal: AbortSignal.timeout(30_000),
    });
    expect(await answer.json()).toEqual(event);
  }, 60_000);
});
