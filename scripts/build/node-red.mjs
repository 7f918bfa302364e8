/**
 * Builds the Node-RED package: `buildNodeRed({ outdir })`, or `node scripts/build/node-red.mjs [outdir]`.
 * Runtime code is bundled into palette.js; forms, help and catalogues are generated from the same definitions.
 */
import { cpSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { build } from 'esbuild';
import { thirdPartyNotices } from './third-party.mjs';

const ROOT = resolve(dirname(fileURLToPath(import.meta.url)), '../..');
const require = createRequire(import.meta.url);
/** Left out of the bundle and installed by npm: packages that read files of their own at run time, or look for others. */
const EXTERNAL = ['@electric-sql/pglite', 'pg'];

/**
 * @param {object} options
 * @param {string} options.outdir     the folder of the package; made anew
 * @param {string} [options.definitions]  module with `nodes` and `credentials`
 * @param {string} [options.palette]      module with `palette`, made of the same definitions
 * @param {string[]} [options.folders]    where `<name>/help.md` and `<name>/icon.svg` are looked for
 * @param {Record<string, string>} [options.workers]  further bundles beside palette.js, by name
 * @returns {Promise<{ files: number }>} how many files were generated
 */
export async function buildNodeRed({
  outdir,
  definitions = 'nodes/index.ts',
  palette = 'hosts/node-red/palette.ts',
  folders = ['nodes', 'credentials'],
  workers = { 'store-worker': 'lib/store/embedded/worker.ts', 'model-worker': 'lib/runtime/models/worker.ts' },
}) {
  const target = resolve(ROOT, outdir);
  rmSync(target, { recursive: true, force: true });
  mkdirSync(target, { recursive: true });
  const generated = await generate({ definitions, folders });
  for (const [path, text] of generated) {
    mkdirSync(dirname(join(target, path)), { recursive: true });
    writeFileSync(join(target, path), text);
  }
  const bundles = await Promise.all([bundleRuntime(target, { palette, ...workers }), bundleEditor(target)]);
  const metafiles = bundles.map(({ metafile }) => metafile);
  writeFileSync(join(target, 'THIRD-PARTY.md'), thirdPartyNotices(ROOT, metafiles));
  copyIfThere('supabase/migrations', join(target, 'supabase/migrations'));
  copyIfThere('supabase/bootstrap.sql', join(target, 'supabase/bootstrap.sql'));
  copyIfThere('flows/node-red', join(target, 'examples'));
  copyIfThere('dashboards/overview.json', join(target, 'examples/02 - Dashboard.json'));
  copyIfThere('LICENSE', join(target, 'LICENSE'));
  copyIfThere('CHANGELOG.md', join(target, 'CHANGELOG.md'));
  return { files: generated.size };
}

async function generate({ definitions, folders }) {
  const { version, devDependencies } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'));
  const { nodes, credentials, paletteFiles } = await load(definitions);
  const find = (name, file) => {
    const path = folders.map((folder) => join(ROOT, folder, name, file)).find((each) => existsSync(each));
    return path ? readFileSync(path, 'utf8') : null;
  };
  return paletteFiles({
    nodes,
    credentials,
    version,
    help: (name) => find(name, 'help.md'),
    icon: (name) => find(name, 'icon.svg'),
    dependencies: Object.fromEntries(EXTERNAL.map((name) => [name, devDependencies[name]])),
  });
}

/** Definitions and generator are TypeScript: bundled together, then required. */
async function load(definitions) {
  const outfile = join(ROOT, 'build/node-red', `${process.pid}-generator.cjs`);
  const from = (path) => JSON.stringify(resolve(ROOT, path));
  await build({
    ...options(),
    stdin: {
      contents: `export * from ${from(definitions)};\nexport { paletteFiles } from ${from('hosts/node-red/editor/palette-files.ts')};`,
      resolveDir: ROOT,
      loader: 'ts',
    },
    outfile,
    sourcemap: false,
  });
  try {
    return require(outfile);
  } finally {
    rmSync(outfile, { force: true });
  }
}

function bundleRuntime(target, entries) {
  const entryPoints = Object.fromEntries(Object.entries(entries).map(([name, path]) => [name, resolve(ROOT, path)]));
  return build({ ...options(), entryPoints, outdir: target, metafile: true });
}

function bundleEditor(target) {
  return build({
    ...options(),
    metafile: true,
    entryPoints: [join(ROOT, 'hosts/node-red/client/index.ts')],
    outfile: join(target, 'resources/billing-audit-editor.js'),
    platform: 'browser',
    format: 'iife',
    target: 'es2022',
    sourcemap: false,
  });
}

function options() {
  return {
    absWorkingDir: ROOT,
    bundle: true,
    platform: 'node',
    target: 'node22',
    format: 'cjs',
    sourcemap: true,
    sourcesContent: false,
    logLevel: 'warning',
    external: EXTERNAL,
  };
}

function copyIfThere(from, to) {
  if (existsSync(join(ROOT, from))) cpSync(join(ROOT, from), to, { recursive: true });
}

if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href) {
  const outdir = process.argv[2] ?? 'dist/node-red';
  const { files } = await buildNodeRed({ outdir });
  process.stdout.write(`Built ${outdir}: ${files} generated files, palette.js and the editor script.\n`);
}
