import { off, ok, wrong, type Line } from './line';
import type { Patient } from './patient';

/** Whether what is recorded is sealed, and laid down where no administrator of the database reaches it. */
export function checkEvidence({ health, practice }: Pick<Patient, 'health' | 'practice'>): Line {
  const name = 'evidence';
  const check = health?.checks.find((each) => each.name === name);
  if (!check) return off(name, 'The server seals while it runs.', 'For the whole check: billing-audit verify');
  if (check.status !== 'ok') return wrong(name, `${check.text}.`, 'Find the place: billing-audit verify');
  if (!check.text.includes('not anchored')) return ok(name, `${check.text}.`);
  const todo = practice ? null : 'Set one of ANCHOR_FOLDER, ANCHOR_GIT, ANCHOR_URL, ANCHOR_MAIL_TO (docs/evidence.md).';
  return off(name, `${check.text}.`, todo);
}
