/**
 * Builds the n8n package: `buildN8n({ outdir })`, or `node scripts/build/n8n.mjs [outdir]`.
 * Readable sources are generated from the definitions into build/n8n (n8n's linter and a person can look at them there),
 * then each entry is bundled by itself: n8n loads a file per node, and a package of n8n may have no dependencies.
 */
import { cpSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { build } from 'esbuild';
import { format, resolveConfig } from 'prettier';
import { thirdPartyNotices } from './third-party.mjs';

const ROOT = resolve(dirname(fileURLToPath(import.meta.url)), '../..');
const require = createRequire(import.meta.url);

/**
 * @param {object} options
 * @param {string} options.outdir   the folder of the package as npm would publish it; made anew
 * @param {string} [options.sources]  where the generated sources go; made anew, four folders below its files is the root
 * @returns {Promise<{ files: number, entries: number }>} how many files were generated, and bundled
 */
export async function buildN8n({ outdir, sources = 'build/n8n' }) {
  const generated = resolve(ROOT, sources);
  const target = resolve(ROOT, outdir);
  for (const folder of [join(generated, 'nodes'), join(generated, 'credentials'), target]) {
    rmSync(folder, { recursive: true, force: true });
  }
  const files = await generate(generated);
  await Promise.all([...files].map(([path, text]) => write(generated, path, text)));
  const entries = [...files.keys()].filter((path) => path.endsWith('.ts'));
  const { metafile } = await bundle(generated, entries, join(target, 'dist'));
  writeFileSync(join(target, 'THIRD-PARTY.md'), thirdPartyNotices(ROOT, [metafile]));
  for (const path of files.keys()) {
    if (path === 'package.json' || /^(nodes|credentials)\/.*\.(svg|json)$/.test(path)) {
      const to = path === 'package.json' ? join(target, path) : join(target, 'dist', path);
      mkdirSync(dirname(to), { recursive: true });
      cpSync(join(generated, path), to);
    }
  }
  cpSync(join(ROOT, 'hosts/n8n/README.md'), join(target, 'README.md'));
  for (const file of ['LICENSE', 'CHANGELOG.md']) cpSync(join(ROOT, file), join(target, file));
  if (existsSync(join(ROOT, 'flows/n8n')))
    cpSync(join(ROOT, 'flows/n8n'), join(target, 'workflows'), { recursive: true });
  return { files: files.size, entries: entries.length };
}

/** Definitions and generator are TypeScript: bundled together, then required. */
async function generate(generated) {
  const { version } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'));
  const outfile = join(ROOT, 'build/generators', `${process.pid}-n8n.cjs`);
  await build({
    ...options(),
    entryPoints: [join(ROOT, 'hosts/n8n/generate/package-files.ts')],
    outfile,
    external: ['nodemailer'],
  });
  try {
    const icon = (path) => readFileSync(join(ROOT, path), 'utf8');
    // A generated file stands at <sources>/nodes/<Name>/<Name>.node.ts.
    const root = relativeTo(join(generated, 'nodes', 'Name'));
    return require(outfile).packageFiles({ version, root, icon });
  } finally {
    rmSync(outfile, { force: true });
  }
}

function relativeTo(folder) {
  const depth = folder.slice(ROOT.length + 1).split(/[\\/]/).length;
  return Array(depth).fill('..').join('/');
}

async function write(folder, path, text) {
  const file = join(folder, path);
  mkdirSync(dirname(file), { recursive: true });
  const readable = path.endsWith('.ts')
    ? await format(text, { ...(await resolveConfig(join(ROOT, 'gulpfile.js'))), parser: 'typescript' })
    : text;
  writeFileSync(file, readable);
}

function bundle(generated, entries, outdir) {
  return build({
    ...options(),
    entryPoints: entries.map((path) => join(generated, path)),
    outbase: generated,
    outdir,
    external: ['n8n-workflow'],
    plugins: [withoutSockets],
    inject: [join(ROOT, 'hosts/n8n/runtime/no-globals.ts')],
    define: { globalThis: 'packageGlobal', console: 'quietConsole', setTimeout: 'noTimer', setImmediate: 'noTimer' },
    legalComments: 'eof',
    metafile: true,
  });
}

/** n8n forbids sockets and files to verified nodes: what needs them is replaced by a refusal that says so. */
const withoutSockets = {
  name: 'without-sockets',
  setup({ onResolve }) {
    onResolve({ filter: /\/smtp-transport$/ }, () => ({ path: join(ROOT, 'hosts/n8n/runtime/no-smtp.ts') }));
  },
};

function options() {
  return {
    absWorkingDir: ROOT,
    bundle: true,
    platform: 'node',
    target: 'node22',
    format: 'cjs',
    sourcemap: false,
    logLevel: 'warning',
  };
}

if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href) {
  const outdir = process.argv[2] ?? 'dist/n8n';
  const { files, entries } = await buildN8n({ outdir });
  process.stdout.write(`Built ${outdir}: ${files} generated files, ${entries} bundles.\n`);
}
