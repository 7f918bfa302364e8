/**
 * The one door of every `npm run` script: any Node >= 20 can run it. It installs what is missing (the pinned Node first,
 * then the rest with it), builds when a source has changed, and runs the task with the pinned Node.
 */
import { spawn, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const [task, ...rest] = process.argv.slice(2);
const MINIMUM_NODE = 20;

const tasks = {
  start: () => {
    build();
    stayWith(node(), [join(root, 'dist/billing-audit/cli.js'), 'start', ...rest]);
  },
  build: () => build({ always: true }),
  dev: () => {
    build();
    stayWith(node(), [scriptOf('gulp'), 'dev', ...rest]);
  },
  lint: () => lint(),
  'test:tamper': () => {
    // The long run; npm test has the short one. A failure names seed and run. Its figures go to docs/measured/tamper.jsonl.
    process.env.TAMPER_ATTACKS ??= '10000';
    process.env.TAMPER_REAL ??= '5000';
    process.env.TAMPER_HONEST ??= '1000';
    process.env.TAMPER_KILLS ??= '100';
    process.env.TAMPER_APPEND_SECONDS ??= '60';
    process.env.TAMPER_RECORD ??= '1';
    tool('jest', ['test/tamper', '--testTimeout', '1800000']);
  },
  'test:faults': () => {
    // The long run; npm test has the short one (npm test -- test/faults).
    run(node(), [join(root, 'scripts/faults.mjs'), ...rest]);
  },
  'test:n8n': () => tasks.test(['test/n8n', 'test/conformance/n8n']),
  test: async (folders = rest) => {
    installTestHosts();
    run(node(), [join(root, 'scripts/system-packages.mjs')]);
    if (folders.length === 0) await lint();
    build();
    tool('jest', folders);
  },
  bench: () => {
    build();
    // What stands behind "--" is the benchmark's own.
    const own = rest.indexOf('--');
    const names = own < 0 ? rest : rest.slice(0, own);
    process.env.BENCH_ARGUMENTS = JSON.stringify(own < 0 ? [] : rest.slice(own + 1));
    tool('gulp', ['bench', ...names.flatMap((name) => ['--name', name])]);
  },
};

main();

function main() {
  if (Number(process.versions.node.split('.')[0]) < MINIMUM_NODE) {
    fail(`Node.js ${MINIMUM_NODE} or later is needed, this is ${process.version}. Get one at https://nodejs.org.`);
  }
  const chosen = tasks[task];
  if (!chosen) fail(`Unknown task "${task ?? ''}". Known: ${Object.keys(tasks).join(', ')}.`);
  process.chdir(root);
  install();
  chosen();
}

/** Installs the root packages when package-lock.json is not what was installed last. */
function install() {
  installFolder(root, 'packages');
}

function installTestHosts() {
  installFolder(join(root, 'test/hosts'), 'test hosts');
  installN8n();
  installFolder(join(root, 'test/n8n/gates'), "n8n's linters", ['--ignore-scripts']);
}

/** A whole n8n: tests run it, and its types are what hosts/n8n is checked against. Its own scripts build what no test needs. */
function installN8n() {
  installFolder(join(root, 'test/n8n/host'), 'n8n', ['--ignore-scripts']);
}

function installFolder(folder, what, more = []) {
  const wanted = createHash('sha256')
    .update(readFileSync(join(folder, 'package-lock.json')))
    .digest('hex');
  const mark = join(folder, 'node_modules/.billing-audit-installed');
  if (existsSync(mark) && readFileSync(mark, 'utf8') === wanted) return;
  say(`Installing ${what} ...`);
  const options = ['--no-audit', '--no-fund', '--loglevel', 'error', ...more];
  run(installerNode(), [npmCli(), 'ci', ...options], { cwd: folder });
  writeFileSync(mark, wanted);
}

/** A Node that the packages accept: this one, or the pinned one put into build/toolchain first. */
function installerNode() {
  const pinned = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8')).packages['node_modules/node']
    .version;
  if (Number(process.versions.node.split('.')[0]) >= Number(pinned.split('.')[0])) return process.execPath;
  const toolchain = join(root, 'build/toolchain');
  const binary = nodeIn(toolchain);
  if (!existsSync(binary)) {
    say(`Installing Node.js ${pinned} for this project (the one you run is ${process.version}) ...`);
    mkdirSync(toolchain, { recursive: true });
    writeFileSync(join(toolchain, 'package.json'), '{ "private": true }\n');
    const npmArguments = ['install', `node@${pinned}`, '--no-save', '--no-audit', '--no-fund', '--loglevel', 'error'];
    run(process.execPath, [npmCli(), ...npmArguments], { cwd: toolchain });
  }
  return binary;
}

/** Builds into dist/ unless nothing that goes into it has changed since. */
function build({ always = false } = {}) {
  const wanted = fingerprint([
    'nodes',
    'hosts',
    'credentials',
    'lib',
    'supabase',
    'flows',
    'dashboards',
    'sandbox',
    'server',
    'scripts',
    'gulpfile.js',
    'package-lock.json',
    'package.json',
  ]);
  const mark = join(root, 'dist/.built-from');
  if (!always && existsSync(mark) && readFileSync(mark, 'utf8') === wanted) return;
  say('Building ...');
  rmSync(mark, { force: true });
  tool('gulp', ['build']);
  writeFileSync(mark, wanted);
}

/** Types, rules and form, beside each other: all that is wrong is said in one go. */
async function lint() {
  installN8n();
  const checks = [
    ['tsc', '-p', 'tsconfig.json'],
    ['tsc', '-p', 'hosts/node-red/client', '--noEmit'],
    ['eslint', '.', '--max-warnings', '0'],
    ['prettier', '--check', '--log-level', 'warn', '.'],
  ];
  const codes = await Promise.all(checks.map(([name, ...given]) => check(name, given)));
  const failed = codes.find((code) => code !== 0);
  if (failed !== undefined) process.exit(failed);
}

/** Runs a tool and writes what it said when it is done. @returns its code */
function check(name, given) {
  const child = spawn(node(), [scriptOf(name), ...given], { cwd: root, env: environment() });
  const said = [];
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => said.push(chunk));
  child.on('error', (error) => fail(`${name} could not be started: ${error.message}`));
  return new Promise((done) => {
    child.on('close', (code) => {
      process.stdout.write(Buffer.concat(said));
      done(code ?? 1);
    });
  });
}

function fingerprint(paths) {
  const hash = createHash('sha256');
  const add = (path) => {
    const full = join(root, path);
    if (statSync(full).isDirectory())
      return readdirSync(full)
        .sort()
        .forEach((name) => add(join(path, name)));
    hash.update(`${path}\0`).update(readFileSync(full)).update('\0');
  };
  paths.filter((path) => existsSync(join(root, path))).forEach(add);
  return hash.digest('hex');
}

/** Runs a development tool of node_modules with the pinned Node. */
function tool(name, toolArguments) {
  run(node(), [scriptOf(name), ...toolArguments]);
}

function scriptOf(name) {
  const folder = join(root, 'node_modules', name === 'tsc' ? 'typescript' : name);
  const { bin } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
  return join(folder, typeof bin === 'string' ? bin : bin[name]);
}

function node() {
  return nodeIn(root);
}

function nodeIn(folder) {
  return join(folder, 'node_modules/node/bin', process.platform === 'win32' ? 'node.exe' : 'node');
}

function npmCli() {
  const path = process.env.npm_execpath;
  if (path?.endsWith('.js') && existsSync(path)) return path;
  return fail('Run this through npm (npm start, npm test, npm run ...), so that npm itself can be found.');
}

/** Runs a program to its end in this terminal; a failure ends this process with the same code. */
function run(program, programArguments, { cwd = root } = {}) {
  const { status, signal, error } = spawnSync(program, programArguments, { cwd, stdio: 'inherit', env: environment() });
  if (error) fail(`${program} could not be started: ${error.message}`);
  if (signal) process.kill(process.pid, signal);
  if (status !== 0) process.exit(status ?? 1);
}

/** Runs a program that stays up, and hands it the signals that come for this one (npm and services send them here). */
function stayWith(program, programArguments) {
  const child = spawn(program, programArguments, { cwd: root, stdio: 'inherit', env: environment() });
  // Ctrl+C reaches the whole terminal group by itself; here it must only not end this process first.
  process.on('SIGINT', () => undefined);
  process.on('SIGTERM', () => child.kill('SIGTERM'));
  child.on('error', (error) => fail(`${program} could not be started: ${error.message}`));
  child.on('exit', (code, signal) => (signal ? process.kill(process.pid, signal) : process.exit(code)));
}

function environment() {
  return { ...process.env, PATH: `${join(root, 'node_modules/.bin')}${delimiter}${process.env.PATH ?? ''}` };
}

function say(text) {
  process.stdout.write(`${text}\n`);
}

function fail(text) {
  process.stderr.write(`${text}\n`);
  process.exit(2);
}
