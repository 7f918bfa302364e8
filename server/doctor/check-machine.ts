import { existsSync, readdirSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { messageOf } from '../../lib/errors';
import { apiBase } from '../../lib/smartsheet';
import { freeBytes, proveWritable } from '../setup';
import { off, ok, wrong, type Line } from './line';
import { settingOf, type Patient } from './patient';

const LEAST_FREE_BYTES = 512 * 1024 ** 2;
const LONGEST_DRIFT_MILLISECONDS = 60_000;
const CLOCK_MILLISECONDS = 10_000;
/** Rights of anybody but the owner. */
const OTHERS = 0o077;

/** Whether the home can be written, and its secrets are the owner's alone. */
export function checkPermissions({ folder, envPath }: Patient): Line {
  const name = 'permissions';
  try {
    // A file where the home or a folder above it should be.
    const there = nearestThere(folder);
    if (!statSync(there).isDirectory()) {
      return wrong(name, `${there} is a file, no folder.`, 'Set BILLING_AUDIT_HOME, or --home, to a folder.');
    }
    if (there !== folder) return off(name, `${folder} is not there yet.`, 'The first start makes it.');
    proveWritable(folder);
    if (process.platform === 'win32') return ok(name, `${folder} can be written; Windows keeps rights by folder.`);
    const open = secretFiles(folder, envPath).filter((file) => (statSync(file).mode & OTHERS) !== 0);
    if (open.length === 0) return ok(name, `${folder} can be written, and its keys are readable by their owner only.`);
    return wrong(name, `Others can read ${open.join(', ')}.`, `chmod 600 ${open.join(' ')}`);
  } catch (thrown) {
    return wrong(name, messageOf(thrown), 'Give the user that runs the server the right to write there.');
  }
}

function nearestThere(folder: string): string {
  return existsSync(folder) || dirname(folder) === folder ? folder : nearestThere(dirname(folder));
}

function secretFiles(folder: string, envPath: string): readonly string[] {
  const keys = join(folder, 'keys');
  const named = existsSync(keys) ? readdirSync(keys, { withFileTypes: true }).filter((entry) => entry.isFile()) : [];
  const others = [envPath, `${envPath}.before-setup`, join(folder, 'runtime.json')].filter((file) => existsSync(file));
  return [...named.map((entry) => join(keys, entry.name)), ...others];
}

export function checkDisk({ folder }: Patient): Line {
  const name = 'disk space';
  try {
    const free = freeBytes(folder);
    const text = `${(free / 1024 ** 3).toFixed(1)} GB free where the data is.`;
    return free >= LEAST_FREE_BYTES
      ? ok(name, text)
      : wrong(name, text, 'Make room: with a full disk no callback can be stored.');
  } catch (thrown) {
    return wrong(name, messageOf(thrown), 'Look whether the disk of the home is there.');
  }
}

/** Weeks close by this machine's clock, so it must be right; Smartsheet's answer carries the time to compare with. */
export async function checkClock(patient: Patient): Promise<Line> {
  const name = 'clock';
  const zone = settingOf(patient, 'BUSINESS_TIME_ZONE') || 'America/Chicago';
  if (!isTimeZone(zone)) {
    return wrong(name, `BUSINESS_TIME_ZONE is "${zone}", which is none.`, 'Write a name such as America/Chicago.');
  }
  try {
    const url = `${apiBase(settingOf(patient, 'SMARTSHEET_API_BASE'))}serverinfo`;
    const { headers } = await patient.http({ method: 'GET', url, timeoutMilliseconds: CLOCK_MILLISECONDS });
    const theirs = Date.parse(headers['date'] ?? '');
    if (Number.isNaN(theirs)) return off(name, 'Smartsheet did not say what time it is there.');
    const drift = Math.abs(patient.now() - theirs);
    if (drift < LONGEST_DRIFT_MILLISECONDS) return ok(name, `Agrees with Smartsheet; business time is ${zone}.`);
    return wrong(name, `It differs from Smartsheet's by ${Math.round(drift / 1000)} s.`, 'Set it by NTP.');
  } catch (thrown) {
    return off(name, `It could not be compared: ${messageOf(thrown)}.`);
  }
}

function isTimeZone(name: string): boolean {
  try {
    return new Intl.DateTimeFormat('en', { timeZone: name }).resolvedOptions().timeZone !== '';
  } catch {
    return false;
  }
}
