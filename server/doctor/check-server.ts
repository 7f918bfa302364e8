import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { BillingAuditError, messageOf } from '../../lib/errors';
import { namedStore, STORE_NAMES, type StoreCounts } from '../../lib/store';
import { off, ok, wrong, type Line } from './line';
import type { Patient } from './patient';

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
export async function checkDatabase(patient: Patient): Promise<Line> {
  const name = 'database';
  const { folder, health, running, practice, environment } = patient;
  const checked = health?.checks.find((check) => check.name === 'store');
  // What is named now; a server that runs may have been started with another.
  const named = practice ? 'embedded' : namedStore(environment).kind;
  if (checked?.status === 'ok') return ok(name, `The server has it open: ${checked.text}.`);
  if (named !== 'embedded') return look(patient, STORE_NAMES[named]);
  if (checked) return wrong(name, checked.text, 'Look at the log of the server and at the free space of the disk.');
  if (running !== null) return wrong(name, 'A server has it open and does not answer.', 'Look at its log, or end it.');
  if (!existsSync(join(folder, 'store', 'embedded'))) {
    return off(name, `There is none in ${folder} yet.`, 'The first start makes it.');
  }
  return look(patient, 'It');
}

async function look({ folder, practice, environment, lookIntoStore }: Patient, what: string): Promise<Line> {
  try {
    return storedLine('database', what, await lookIntoStore(folder, practice ? {} : environment));
  } catch (thrown) {
    const hint = thrown instanceof BillingAuditError ? thrown.hint : 'Put back a copy of the folder that is whole.';
    return wrong('database', messageOf(thrown), hint);
  }
}

function storedLine(name: string, what: string, { events, changes_dead, callbacks_dead }: StoreCounts): Line {
  const text = `${what} opens: ${events} events in the trail.`;
  const dead = changes_dead + callbacks_dead;
  if (dead === 0) return ok(name, text);
  return wrong(
    name,
    `${text} ${dead} changes or callbacks could not be worked on.`,
    'Start the server and look at its log; then put callbacks back to work: billing-audit doctor --replay-dead',
  );
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
