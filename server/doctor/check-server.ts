import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { BillingAuditError, messageOf } from '../../lib/errors';
import { monthsCheck } from '../../lib/runtime/months-check';
import { countsInWords, namedStore, STORE_NAMES, type StoreCounts } from '../../lib/store';
import type { HealthAnswer } from '../running-server';
import { off, ok, sentence, wrong, type Line } from './line';
import type { Patient } from './patient';

type HealthCheck = HealthAnswer['checks'][number];

const PAGE_MILLISECONDS = 5_000;
/** Without a session the dashboard sends people to sign in, which shows as well that it is there. */
const SERVED = new Set([200, 301, 302, 303, 401]);

export function checkServer({ running, health, practice }: Patient): Line {
  const name = 'server';
  if (running === null) return off(name, 'It does not run.', 'Start it: billing-audit start');
  if (health === null) {
    return wrong(
      name,
      `Process ${running.pid} has the home open, but ${running.address}/health does not answer.`,
      'Look at its log; is PORT the one that it was started with?',
    );
  }
  const what = practice ? ', in practice mode' : '';
  return ok(name, `Running since ${running.startedAt} at ${running.address}${what} (process ${running.pid}).`);
}

/** Asks the server that has the store, else opens the store itself. A database of its own is always looked at. */
export async function checkDatabase(patient: Patient): Promise<readonly Line[]> {
  const name = 'database';
  const { folder, health, running, practice, environment } = patient;
  const checked = health?.checks.find((check) => check.name === 'store');
  // What is named now; a server that runs may have been started with another.
  const named = practice ? 'embedded' : namedStore(environment).kind;
  if (checked?.status === 'ok') {
    const months = health?.checks.find((check) => check.name === 'months');
    return [ok(name, `The server has it open: ${checked.text}.`), ...monthsLine(months)];
  }
  if (named !== 'embedded') return look(patient, STORE_NAMES[named]);
  if (checked) return [wrong(name, checked.text, 'Look at the log of the server and at the free space of the disk.')];
  if (running !== null)
    return [wrong(name, 'A server has it open and does not answer.', 'Look at its log, or end it.')];
  if (!existsSync(join(folder, 'store', 'embedded'))) {
    return [off(name, `There is none in ${folder} yet.`, 'The first start makes it.')];
  }
  return look(patient, 'It');
}

async function look({ folder, practice, environment, lookIntoStore }: Patient, what: string): Promise<readonly Line[]> {
  try {
    const counts = await lookIntoStore(folder, practice ? {} : environment);
    return [storedLine('database', what, counts), ...monthsLine(monthsCheck(counts))];
  } catch (thrown) {
    const hint = thrown instanceof BillingAuditError ? thrown.hint : 'Put back a copy of the folder that is whole.';
    return [wrong('database', messageOf(thrown), hint)];
  }
}

function storedLine(name: string, what: string, counts: StoreCounts): Line {
  const text = `${what} opens: ${countsInWords(counts)}.`;
  const dead = counts.changes_dead + counts.callbacks_dead;
  if (dead === 0) return ok(name, text);
  return wrong(
    name,
    `${text} ${dead} changes or callbacks could not be worked on.`,
    'Start the server and look at its log; then put callbacks back to work: billing-audit doctor --replay-dead',
  );
}

/** Of a store that keeps its trail in months. What lies in none is no fault; that none can be made is. */
function monthsLine(months: Pick<HealthCheck, 'status' | 'text'> | null | undefined): readonly Line[] {
  if (!months) return [];
  const text = `${sentence(months.text)}.`;
  if (months.status === 'ok') return [ok('months', text)];
  const todo = 'It is tried again by itself. Is the database read without a pause, by a copy being made for example?';
  return [wrong('months', text, todo)];
}

export async function checkDashboard({ running, configuration, health, http }: Patient): Promise<Line> {
  const name = 'dashboard';
  if (running === null || health === null)
    return off(name, 'The server does not run.', 'Start it: billing-audit start');
  const { dashboardPort } = configuration;
  const main = new URL(running.address);
  if (dashboardPort !== null) main.port = String(dashboardPort);
  const url = new URL('/dashboard', main).href;
  try {
    const { status } = await http({ method: 'GET', url, timeoutMilliseconds: PAGE_MILLISECONDS });
    if (SERVED.has(status)) return ok(name, `Served at ${url}${status === 401 ? ', for people who sign in' : ''}.`);
    return wrong(name, `${url} answers with status ${status}.`, 'Import the dashboard in the editor, and deploy.');
  } catch (thrown) {
    return wrong(name, `${url} does not answer: ${messageOf(thrown)}.`, 'Look at the log of the server.');
  }
}
