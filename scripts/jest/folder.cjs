/**
 * The folder for temporary files of one run. In memory where there is room (Linux): a test lays down a database of a
 * thousand files and removes it again, and ext4 then looks for a free number for each new file among all that were
 * removed in the last seconds, which took 40 % of the processor time of such tests.
 */
const { chmodSync, existsSync, mkdirSync, readdirSync, rmSync, statfsSync } = require('node:fs');
const { freemem, tmpdir } = require('node:os');
const { join } = require('node:path');

const IN_MEMORY = '/dev/shm';
const NAME = 'billing-audit-tests-';
const MIN_FREE_BYTES = 4 * 2 ** 30;

/** Called by Jest before any test runs. */
module.exports = async function makeFolder() {
  const home = hasRoom() ? IN_MEMORY : tmpdir();
  removeLeftOvers(home);
  const folder = join(home, `${NAME}${process.pid}`);
  mkdirSync(folder);
  // As open as the folder that it stands in for: servers of other users work in it.
  chmodSync(folder, 0o1777);
  for (const variable of ['TMPDIR', 'TEMP', 'TMP']) process.env[variable] = folder;
};

/** Called by Jest after all tests. */
module.exports.remove = async function removeFolder() {
  rmSync(process.env.TMPDIR, { recursive: true, force: true });
};

function hasRoom() {
  if (process.platform !== 'linux' || !existsSync(IN_MEMORY)) return false;
  const { bavail, bsize } = statfsSync(IN_MEMORY);
  return bavail * bsize >= MIN_FREE_BYTES && freemem() >= 2 * MIN_FREE_BYTES;
}

/** Of runs that were killed, one with our own number among them. */
function removeLeftOvers(home) {
  for (const name of readdirSync(home)) {
    const [, pid] = new RegExp(`^${NAME}(\\d+)$`).exec(name) ?? [];
    if (pid === undefined || isAnother(Number(pid))) continue;
    try {
      rmSync(join(home, name), { recursive: true, force: true });
    } catch (thrown) {
      process.stderr.write(`${join(home, name)} is of a run that was killed, and stays: ${thrown.message}\n`);
    }
  }
}

/** Whether another run with this number is alive. */
function isAnother(pid) {
  if (pid === process.pid) return false;
  try {
    process.kill(pid, 0);
    return true;
  } catch (thrown) {
    // Somebody else's process is alive too.
    return thrown.code === 'EPERM';
  }
}
