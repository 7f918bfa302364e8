/**
 * What tests need from the system: Chromium (editor and pages), a PostgreSQL server (the same SQL as the embedded store, as
 * a non-superuser), nginx, Caddy and systemd-analyze (the recipes of docs/install.md). Chromium and PostgreSQL are found by
 * CHROMIUM_PATH and POSTGRES_BIN too, all in the usual places. On Debian as root they are installed where missing,
 * elsewhere the message says what to install. Tests that need a missing one are skipped, which CI counts as a failure.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';

const needs = [
  { name: 'Chromium', debian: 'chromium', present: () => found(process.env.CHROMIUM_PATH, '/usr/bin/chromium') },
  { name: 'PostgreSQL', debian: 'postgresql', present: () => found(process.env.POSTGRES_BIN) || postgresBinaries() },
  { name: 'nginx', debian: 'nginx-light', present: () => found('/usr/sbin/nginx') },
  { name: 'Caddy', debian: 'caddy', present: () => found('/usr/bin/caddy') },
  {
    name: 'systemd-analyze',
    debian: 'systemd',
    present: () => found('/usr/bin/systemd-analyze', '/bin/systemd-analyze'),
  },
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
    // Run level 1: services that come with the packages are not started.
    env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive', RUNLEVEL: '1' },
  };
  spawnSync('apt-get', ['update', '-qq'], options);
  spawnSync('apt-get', ['install', '-y', '-qq', '--no-install-recommends', ...packages], options);
}
