import { execFileSync, spawnSync } from 'node:child_process';
import {
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join, relative, resolve } from 'node:path';
import { className } from '../../hosts/n8n/names';
import { n8nNodes } from '../../hosts/n8n/palette';
import { buildN8nSources } from '../support/build-n8n';

const ROOT = resolve(__dirname, '../..');
const GATES = join(__dirname, 'gates');
const HERE = join(ROOT, 'build/test-n8n');
/** n8n's rules believe to be in their own tests when NODE_ENV is `test`, as Jest sets it, and take every file for any. */
const ENV = { ...process.env, NODE_ENV: 'production' };

interface Finding {
  readonly file: string;
  readonly ruleId: string | null;
  readonly message: string;
}
interface Scan {
  readonly passed: boolean;
  readonly read: readonly string[];
  readonly findings: readonly Finding[];
}
interface Linted {
  readonly filePath: string;
  readonly messages: readonly { readonly ruleId: string | null; readonly message: string }[];
}

let sources: string;
let unpacked: string;
let tarball: string;

/** All files of a folder, by their paths in it. */
function filesIn(folder: string): readonly string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map(({ parentPath, name }) => relative(folder, join(parentPath, name)))
    .sort();
}

beforeAll(() => {
  const built = buildN8nSources('gates');
  sources = built.sources;
  const packed = join(HERE, 'gates/packed');
  rmSync(packed, { recursive: true, force: true });
  mkdirSync(packed, { recursive: true });
  const npm = process.env['npm_execpath'];
  const [program, first] = npm?.endsWith('.js') ? [process.execPath, [npm]] : ['npm', []];
  execFileSync(program, [...first, 'pack', '--silent', '--pack-destination', packed], { cwd: built.package });
  const [name] = readdirSync(packed);
  tarball = join(packed, name ?? 'missing.tgz');
  execFileSync('tar', ['-xzf', tarball, '-C', packed]);
  unpacked = join(packed, 'package');
}, 120_000);

/** The folder's linters see what a package's own development dependencies would give them. */
function linkTools(folder: string): void {
  const link = join(folder, 'node_modules');
  if (!existsSync(link)) symlinkSync(join(GATES, 'node_modules'), link, 'junction');
}

function scan(folder: string, what: 'source' | 'package'): Scan {
  return JSON.parse(
    execFileSync(process.execPath, [join(GATES, 'scan.mjs'), folder, what], { cwd: GATES, encoding: 'utf8', env: ENV }),
  ) as Scan;
}

function nodeCliLint(folder: string): { readonly code: number | null; readonly said: string } {
  linkTools(folder);
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    [join(GATES, 'node_modules/@n8n/node-cli/bin/n8n-node.mjs'), 'lint'],
    { cwd: folder, encoding: 'utf8', env: ENV },
  );
  return { code: status, said: `${stdout}${stderr}` };
}

/** What `n8n-node lint` runs, telling which files it read and what it thinks of each. */
function eslint(folder: string): readonly Linted[] {
  linkTools(folder);
  const bin = join(GATES, 'node_modules/eslint/bin/eslint.js');
  const { stdout } = spawnSync(process.execPath, [bin, '.', '--format', 'json'], {
    cwd: folder,
    encoding: 'utf8',
    env: ENV,
  });
  return JSON.parse(stdout) as Linted[];
}

/** A copy beside the sources, so that its imports lead to the same places, with something changed. */
function planted(name: string, file: string, change: (text: string) => string): string {
  const folder = join(HERE, `gates-${name}`, 'sources');
  rmSync(folder, { recursive: true, force: true });
  cpSync(sources, folder, { recursive: true, filter: (path) => !path.endsWith('node_modules') });
  const text = readFileSync(join(folder, file), 'utf8');
  const changed = change(text);
  if (changed === text) throw new Error(`Nothing was planted in ${file}.`);
  writeFileSync(join(folder, file), changed);
  return folder;
}

const NODE = 'nodes/RiskScore/RiskScore.node.ts';
const asFirstLine = (line: string) => (text: string) => `${line}\n${text}`;
const insideExecute = (line: string) => (text: string) =>
  text.replace(/(async execute\([^)]*\)[^{]*\{)/, `$1\n    ${line}`);

describe("the scanner of n8n's review, on the generated sources", () => {
  it('reads every generated file of a node and a credential, and finds nothing', () => {
    const { passed, read, findings } = scan(sources, 'source');
    const expected = filesIn(sources).filter((file) =>
      /^package\.json$|^(nodes|credentials)\/.*\.(ts|json)$/.test(file),
    );
    expect(read.length).toBeGreaterThanOrEqual(1 + 2 * n8nNodes.length + 2);
    expect([...read].sort()).toEqual(expected);
    expect(findings).toEqual([]);
    expect(passed).toBe(true);
  });

  it.each([
    ['a timer', NODE, insideExecute('setTimeout(() => undefined, 1);'), '@n8n/community-nodes/no-restricted-globals'],
    [
      'a file of the host',
      NODE,
      asFirstLine("import { readFileSync } from 'fs';\nexport { readFileSync };"),
      '@n8n/community-nodes/no-restricted-imports',
    ],
    [
      'a wider peer',
      'package.json',
      (text: string) => text.replace('"n8n-workflow": "*"', '"n8n-workflow": ">=1"'),
      '@n8n/community-nodes/valid-peer-dependencies',
    ],
  ])('fails when there is %s', (_what, file, change, rule) => {
    const { passed, findings } = scan(planted('scanned', file, change), 'source');
    expect(passed).toBe(false);
    expect(findings.map(({ ruleId }) => ruleId)).toContain(rule);
    expect(new Set(findings.map((finding) => finding.file))).toEqual(new Set([file]));
  });
});

describe("the scanner of n8n's review, on the package", () => {
  it('reads every bundle and the manifest, and finds nothing', () => {
    const { passed, read, findings } = scan(unpacked, 'package');
    const expected = filesIn(unpacked).filter((file) => file === 'package.json' || file.endsWith('.js'));
    expect([...read].sort()).toEqual(expected);
    expect(read.filter((file) => file.endsWith('.js'))).toHaveLength(n8nNodes.length + 2);
    expect(findings).toEqual([]);
    expect(passed).toBe(true);
  });

  it('fails when a bundle calls a timer', () => {
    const folder = join(HERE, 'gates-package');
    rmSync(folder, { recursive: true, force: true });
    cpSync(unpacked, folder, { recursive: true });
    const bundle = join(folder, 'dist/nodes/RiskScore/RiskScore.node.js');
    writeFileSync(bundle, `${readFileSync(bundle, 'utf8')}\nsetTimeout(() => undefined, 1);\n`);
    const { passed, findings } = scan(folder, 'package');
    expect(passed).toBe(false);
    expect(findings).toEqual([
      expect.objectContaining({
        file: 'dist/nodes/RiskScore/RiskScore.node.js',
        ruleId: '@n8n/community-nodes/no-restricted-globals',
      }),
    ]);
  });
});

describe('n8n-node lint', () => {
  it('reads every generated source and the manifest, and finds nothing', () => {
    const results = eslint(sources);
    const read = results.map(({ filePath }) => relative(sources, filePath));
    expect(read).toEqual(
      expect.arrayContaining([
        'package.json',
        ...n8nNodes.map(({ definition }) => `nodes/${className(definition)}/${className(definition)}.node.ts`),
        'credentials/BillingAuditSmartsheetApi.credentials.ts',
        'credentials/BillingAuditStoreApi.credentials.ts',
      ]),
    );
    expect(results.flatMap(({ messages }) => messages)).toEqual([]);
    const { code, said } = nodeCliLint(sources);
    expect(said).toContain('n8n-node lint');
    expect(said).not.toContain('Strict mode violation');
    expect(code).toBe(0);
  });

  it.each([
    [
      'a name in the wrong case',
      NODE,
      (text: string) => text.replace("displayName: 'High Risk From'", "displayName: 'high risk from'"),
      'node-param-display-name-miscased',
    ],
    ['a timer', NODE, insideExecute('setTimeout(() => undefined, 1);'), 'no-restricted-globals'],
  ])('fails when there is %s', (_what, file, change, rule) => {
    const { code, said } = nodeCliLint(planted('linted', file, change));
    expect(code).not.toBe(0);
    expect(said).toContain(rule);
  });

  it('is run by the rules that n8n ships, which a strict package may not change', () => {
    const theirs = join(GATES, 'node_modules/@n8n/node-cli/dist/template/templates/shared/default/eslint.config.mjs');
    expect(readFileSync(join(sources, 'eslint.config.mjs'), 'utf8')).toBe(readFileSync(theirs, 'utf8'));
    const { code, said } = nodeCliLint(planted('relaxed', 'eslint.config.mjs', (text) => `// Ours.\n${text}`));
    expect(said).toContain('Strict mode violation');
    expect(code).not.toBe(0);
  });
});

describe('the package as npm would publish it', () => {
  it('holds bundles, descriptions, icons and texts, and nothing else', () => {
    const files = filesIn(unpacked);
    process.stdout.write(
      `n8n package: ${files.length} files, ${Math.round(statSync(tarball).size / 1024)} kB packed, ` +
        `${Math.round(files.reduce((sum, file) => sum + statSync(join(unpacked, file)).size, 0) / 1024)} kB unpacked\n`,
    );
    const allowed =
      /^(package\.json|README\.md|LICENSE|THIRD-PARTY\.md|CHANGELOG\.md|workflows\/.+\.json|dist\/(nodes|credentials)\/.+\.(js|json|svg))$/;
    expect(files.filter((file) => !allowed.test(file))).toEqual([]);
    expect(files.filter((file) => /test|spec|\.map$|tsconfig|eslint/i.test(file))).toEqual([]);
    expect(files).toEqual(expect.arrayContaining(['README.md', 'LICENSE', 'package.json']));
  });

  it('hands on the licence of every package whose code is in its bundles', () => {
    const notices = readFileSync(join(unpacked, 'THIRD-PARTY.md'), 'utf8');
    const bundles = filesIn(unpacked).filter((file) => file.endsWith('.js'));
    const bundled = bundles.flatMap((file) =>
      [...readFileSync(join(unpacked, file), 'utf8').matchAll(/^\/\/ \S*node_modules\/((?:@[^/]+\/)?[^/\s]+)\//gm)].map(
        ([, name]) => name,
      ),
    );
    const named = [...notices.matchAll(/^## (\S+) \d/gm)].map(([, name]) => name);
    expect(named).toEqual(expect.arrayContaining(['zod', 'luxon', 'date-holidays']));
    expect([...new Set(named)].sort()).toEqual([...new Set(bundled)].sort());
    for (const section of notices.split(/^## /m).slice(1)) expect(section).toMatch(/permi(ssion|tted)/i);
  });

  it('tells nothing of the machine that built it', () => {
    for (const file of filesIn(unpacked)) {
      const text = readFileSync(join(unpacked, file), 'utf8');
      expect({ file, map: text.includes('sourceMappingURL'), path: text.includes(ROOT) }).toEqual({
        file,
        map: false,
        path: false,
      });
    }
  });

  it('needs nothing but the n8n that it is installed in', () => {
    const manifest = JSON.parse(readFileSync(join(unpacked, 'package.json'), 'utf8')) as Record<string, unknown>;
    expect(manifest['peerDependencies']).toEqual({ 'n8n-workflow': '*' });
    for (const absent of ['dependencies', 'devDependencies', 'optionalDependencies', 'overrides', 'scripts'])
      expect({ absent, value: manifest[absent] }).toEqual({ absent, value: undefined });
    expect(manifest).toMatchObject({
      name: 'n8n-nodes-billing-audit',
      license: 'MIT',
      keywords: expect.arrayContaining(['n8n-community-node-package']) as unknown,
      author: { name: expect.any(String) as unknown, email: expect.stringContaining('@') as unknown },
      n8n: { n8nNodesApiVersion: 1, strict: true },
    });
    const { nodes, credentials } = manifest['n8n'] as { nodes: string[]; credentials: string[] };
    expect(nodes).toHaveLength(n8nNodes.length);
    expect(credentials).toHaveLength(2);
    for (const file of [...nodes, ...credentials])
      expect({ file, there: existsSync(join(unpacked, file)) }).toEqual({ file, there: true });
  });

  it('has a square icon for each theme, and a place in the menus, beside every node', () => {
    for (const { definition } of n8nNodes) {
      const name = className(definition);
      const folder = join(unpacked, 'dist/nodes', name);
      for (const icon of [`${name}.svg`, `${name}.dark.svg`]) expectSquare(join(folder, icon));
      const codex = JSON.parse(readFileSync(join(folder, `${name}.node.json`), 'utf8')) as Record<string, unknown>;
      expect(codex).toMatchObject({
        node: expect.stringMatching(/^n8n-nodes-billing-audit\.[a-z]/) as unknown,
        codexVersion: '1.0',
      });
      expect(codex['categories']).not.toEqual([]);
    }
    for (const name of ['BillingAuditSmartsheetApi', 'BillingAuditStoreApi'])
      for (const icon of [`${name}.svg`, `${name}.dark.svg`]) expectSquare(join(unpacked, 'dist/credentials', icon));
  });
});

function expectSquare(file: string): void {
  const text = readFileSync(file, 'utf8');
  const [, width, height] = /<svg[^>]* width="(\d+)" height="(\d+)"/.exec(text) ?? [];
  const [, wide, high] = /viewBox="-?\d+ -?\d+ (\d+) (\d+)"/.exec(text) ?? [];
  expect({ file, width, wide }).toEqual({ file, width: height, wide: high });
  expect(Number(width)).toBeGreaterThan(0);
}
