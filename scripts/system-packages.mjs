/**
 * What tests need from the system: Chromium (editor and pages) and a PostgreSQL server (the same SQL as the embedded
 * store, as a non-superuser). Found by CHROMIUM_PATH and POSTGRES_BIN or in the usual places; on Debian as root they are
 * installed where missing, elsewhere the message says what to install. Tests that need a missing one are skipped, which
 * CI counts as a failure.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';

const needs = [
  { name: 'Chromium', debian: 'chromium', present: () => found(process.env.CHROMIUM_PATH, '/usr/bin/chromium') },
  { name: 'PostgreSQL', debian: 'postgresql', present: () => found(process.env.POSTGRES_BIN) || postgresBinaries() },
];

const missing = needs.filter(({ present }) => !present());
if (missing.length > 0) {
  if (mayInstall()) install(missing.map(({ debian }) => debian));
  const still = missing.filter(({ present }) => !present());
  for (const { name, debian } of still) {
    console.warn(
      `${name} is missing, so tests that need it will be skipped. On Debian or Ubuntu: sudo apt-get install ${debian}`,
    );
  }
}

function found(...paths) {
  return paths.some((path) => path && existsSync(path));
}

function postgresBinaries() {
  const base = '/usr/lib/postgresql';
  return existsSync(base) && readdirSync(base).some((version) => existsSync(`${base}/${version}/bin/initdb`));
}

function mayInstall() {
  return process.platform === 'linux' && process.getuid?.() === 0 && existsSync('/usr/bin/apt-get');
}

function install(packages) {
  console.log(`Installing ${packages.join(' and ')} ...`);
  const options = {
    stdio: ['ignore', 'ignore', 'inherit'],
    env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
  };
  spawnSync('apt-get', ['update', '-qq'], options);
  spawnSync('apt-get', ['install', '-y', '-qq', '--no-install-recommends', ...packages], options);
}
