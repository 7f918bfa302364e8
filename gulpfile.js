/**
 * The build. `gulp --tasks` lists what there is; `npm start` and `npm test` call it when a source has changed.
 * dist/node-red is the palette @billing-audit/node-red, dist/n8n the nodes n8n-nodes-billing-audit, dist/billing-audit
 * the server and CLI billing-audit.
 */
const { spawn } = require('node:child_process');
const { execFileSync } = require('node:child_process');
const { cpSync, mkdirSync, rmSync, symlinkSync, writeFileSync, chmodSync, readdirSync } = require('node:fs');
const { join } = require('node:path');
const esbuild = require('esbuild');
const { parallel, series, watch: watchFiles } = require('gulp');
const manifest = require('./package.json');

const PALETTE = 'dist/node-red';
const N8N = 'dist/n8n';
const SERVER = 'dist/billing-audit';
const SOURCES = [
  'nodes/**',
  'hosts/**',
  'credentials/**',
  'lib/**',
  'supabase/**',
  'flows/**',
  'dashboards/**',
  'server/**',
  'sandbox/**',
];
const bundle = (options) =>
  esbuild.build({
    bundle: true,
    platform: 'node',
    target: 'node22',
    format: 'cjs',
    sourcemap: true,
    logLevel: 'warning',
    ...options,
  });

async function clean() {
  rmSync('dist', { recursive: true, force: true });
  rmSync('build', { recursive: true, force: true });
}

/** The palette for Node-RED: generated editor files beside bundled runtime files. */
async function nodeRedPackage() {
  rmSync(PALETTE, { recursive: true, force: true });
  const { buildNodeRed } = await import('./scripts/build/node-red.mjs');
  await buildNodeRed({ outdir: PALETTE });
}

/** The nodes for n8n: readable sources in build/n8n, a bundle for each in dist/n8n. */
async function n8nPackage() {
  const { buildN8n } = await import('./scripts/build/n8n.mjs');
  await buildN8n({ outdir: N8N });
}

/** Server and CLI: Node-RED and the palette stay packages of their own, all else is in the bundle. */
async function serverPackage() {
  rmSync(SERVER, { recursive: true, force: true });
  const { thirdPartyNotices } = await import('./scripts/build/third-party.mjs');
  const { metafile } = await bundle({
    entryPoints: { cli: 'server/cli/index.ts', sandbox: 'sandbox/main.ts', risk: 'lib/risk/library.ts' },
    outdir: SERVER,
    metafile: true,
    external: ['node-red', 'express', 'bcryptjs', 'pg'],
  });
  chmodSync(join(SERVER, 'cli.js'), 0o755);
  writeFileSync(join(SERVER, 'THIRD-PARTY.md'), thirdPartyNotices(__dirname, [metafile]));
  cpSync('server/export/evidence/verify.py', join(SERVER, 'verify.py'));
  cpSync('flows/node-red', join(SERVER, 'flows'), { recursive: true });
  cpSync('dashboards/overview.json', join(SERVER, 'flows', '02 - Dashboard.json'));
  for (const file of ['LICENSE', 'README.md', 'CHANGELOG.md']) cpSync(file, join(SERVER, file));
  declareLibrary(join(SERVER, 'types'));
  // Beside the program too: older resolution knows nothing of "exports".
  writeFileSync(join(SERVER, 'risk.d.ts'), "export * from './types/risk/library';\n");
  writeFileSync(join(SERVER, 'package.json'), `${JSON.stringify(serverManifest(), null, 2)}\n`);
}

/** The types of `billing-audit/risk`, as TypeScript itself declares them. */
function declareLibrary(outDir) {
  const typescript = require('typescript');
  const { options } = typescript.parseJsonConfigFileContent(
    typescript.readConfigFile('tsconfig.json', typescript.sys.readFile).config,
    typescript.sys,
    '.',
  );
  const emit = { noEmit: false, declaration: true, emitDeclarationOnly: true, rootDir: 'lib', outDir };
  const program = typescript.createProgram(['lib/risk/library.ts'], { ...options, ...emit });
  const { diagnostics, emitSkipped } = program.emit();
  if (emitSkipped) throw new Error(`The types of the library cannot be written: ${diagnostics[0]?.messageText}`);
}

function serverManifest() {
  const { version, license, devDependencies: versions } = manifest;
  return {
    name: 'billing-audit',
    version,
    description: 'Watches billing sheets in Smartsheet: what changed, who did it, was it allowed, how risky is it.',
    license,
    repository: { type: 'git', url: 'git+https://github.com/billing-audit/billing-audit.git' },
    engines: { node: '>=22.9' },
    bin: { 'billing-audit': 'cli.js' },
    exports: { './risk': { types: './risk.d.ts', default: './risk.js' }, './package.json': './package.json' },
    files: ['*.js', 'risk.d.ts', 'types/', 'verify.py', 'flows/', 'CHANGELOG.md', 'THIRD-PARTY.md'],
    dependencies: {
      '@billing-audit/node-red': version,
      '@flowfuse/node-red-dashboard': versions['@flowfuse/node-red-dashboard'],
      bcryptjs: versions.bcryptjs,
      express: versions.express,
      'node-red': versions['node-red'],
      pg: versions.pg,
    },
  };
}

/** In a checkout Node-RED and `npx billing-audit` find the built packages where npm would have put them. */
async function link() {
  mkdirSync('node_modules/@billing-audit', { recursive: true });
  linkFolder(PALETTE, 'node_modules/@billing-audit/node-red');
  linkFolder(SERVER, 'node_modules/billing-audit');
  const launcher = 'node_modules/.bin/billing-audit';
  rmSync(launcher, { force: true });
  if (process.platform === 'win32') {
    writeFileSync(`${launcher}.cmd`, '@"%~dp0..\\node\\bin\\node.exe" "%~dp0..\\billing-audit\\cli.js" %*\r\n');
  } else {
    const script = [
      '#!/bin/sh',
      'bin=$(dirname "$0")',
      'exec "$bin/../node/bin/node" "$bin/../billing-audit/cli.js" "$@"',
    ];
    writeFileSync(launcher, `${script.join('\n')}\n`, { mode: 0o755 });
  }
}

function linkFolder(folder, at) {
  rmSync(at, { recursive: true, force: true });
  symlinkSync(join(__dirname, folder), at, 'junction');
}

/** Tarballs as npm would publish them, in dist/. */
async function pack() {
  const npm = process.env.npm_execpath;
  for (const folder of [PALETTE, N8N, SERVER]) {
    const command = npm ? [process.execPath, [npm]] : ['npm', []];
    execFileSync(command[0], [...command[1], 'pack', '--pack-destination', join(__dirname, 'dist')], {
      cwd: folder,
      stdio: 'inherit',
    });
  }
}

const build = series(parallel(nodeRedPackage, n8nPackage, serverPackage), link);

/** Rebuilds on every change. */
function watch() {
  watchFiles(SOURCES, { ignoreInitial: false }, build);
}

/** `npm run dev`: builds on every change and starts the server again with it. */
function dev() {
  let server;
  const restart = async () => {
    if (server) await new Promise((done) => server.once('exit', done).kill('SIGTERM'));
    server = spawn(process.execPath, [join(SERVER, 'cli.js'), 'start'], { stdio: 'inherit' });
  };
  watchFiles(SOURCES, { ignoreInitial: false }, series(build, restart));
}

/** Every benchmark of bench/, or the one given with --name. */
async function bench() {
  const given = process.argv.indexOf('--name');
  const names = readdirSync('bench')
    .filter((file) => file.endsWith('.bench.ts'))
    .map((file) => file.replace('.bench.ts', ''))
    .filter((name) => given < 0 || process.argv[given + 1] === name);
  for (const name of names) {
    const outfile = `build/bench/${name}.js`;
    await bundle({ entryPoints: [`bench/${name}.bench.ts`], outfile, packages: 'external', target: 'node24' });
    const own = JSON.parse(process.env.BENCH_ARGUMENTS ?? '[]');
    execFileSync(process.execPath, [outfile, ...own], { stdio: 'inherit' });
  }
}

module.exports = { build, watch, clean, pack: series(build, pack), dev, bench, default: build };
