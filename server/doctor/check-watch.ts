import { off, ok, sentence, wrong, type Line } from './line';
import type { Patient } from './patient';

/** Checks of /health that have a line of their own here. */
const TOLD_ELSEWHERE: readonly string[] = ['server', 'store', 'months', 'model', 'alerts', 'evidence', 'backup'];

/** What a running server says is not well with its watch and its queues; nothing where all is. */
export function checkWatch({ health }: Pick<Patient, 'health'>): readonly Line[] {
  const bad = health?.checks.filter(({ name, status }) => status !== 'ok' && !TOLD_ELSEWHERE.includes(name)) ?? [];
  return bad.map(({ name, text }) => wrong(name, `${sentence(text)}.`, todoOf(name)));
}

function todoOf(name: string): string {
  if (name === 'callbacks') return 'Look for the cause, then put them back to work: billing-audit doctor --replay-dead';
  if (name.startsWith('sheet ')) {
    return 'It is tried again by itself; the alert behind the bell of the dashboard says what a person must do.';
  }
  return 'Look at the log of the server: logs/ in its home.';
}

/** Whether a learned model scores, as the server that scores says. */
export function checkModel({ health }: Pick<Patient, 'health'>): Line {
  const name = 'models';
  if (health === null) {
    return off(
      name,
      'The server says which model is in force while it runs.',
      'To see them: billing-audit models list',
    );
  }
  const check = health.checks.find((each) => each.name === 'model');
  if (check === undefined) {
    return off(name, 'No model is in force: scores are rule points.', 'To train one: billing-audit train --promote');
  }
  if (check.status === 'ok') return ok(name, `${sentence(check.text)}.`);
  return wrong(name, `${sentence(check.text)}.`, 'See which there are: billing-audit models list');
}
