import { BillingAuditError } from '../../lib/errors';
import { backupCheck, readBackupNote } from '../../lib/runtime/backup-note';
import { readBackupSettings } from '../backup';
import { off, ok, sentence, wrong, type Line } from './line';
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

/** When there was a copy of store and keys last that was opened again and verified, and whether the next ones come. */
export function checkBackup(patient: Patient): Line {
  const { folder, health, practice, now } = patient;
  const name = 'backup';
  if (practice) return off(name, 'Practice data is not copied.');
  const note = readBackupNote(folder);
  if (note === null) return withoutCopies(patient);
  const { status, text } = health?.checks.find((each) => each.name === name) ?? backupCheck(note, now());
  const told = sentence(text);
  if (status !== 'ok') {
    const why = note.why === null ? '' : ` ${sentence(note.why)}.`;
    return wrong(name, `${told}.${why}`, 'Put it right; to try at once: billing-audit backup');
  }
  return ok(name, `${told}.`);
}

/** A server notes that copies are wanted when it starts. */
function withoutCopies({ environment, running }: Patient): Line {
  const name = 'backup';
  try {
    if (readBackupSettings(environment) === null) {
      return off(name, 'No copies are made.', 'Set BACKUP_DIR, or run billing-audit backup each day.');
    }
  } catch (thrown) {
    if (!(thrown instanceof BillingAuditError)) throw thrown;
    return wrong(name, thrown.message, thrown.hint);
  }
  if (running === null) {
    return off(
      name,
      'There is no good copy yet.',
      'The server makes one when it starts; at once: billing-audit backup',
    );
  }
  return wrong(name, 'The server runs without BACKUP_DIR, so it makes no copies.', 'Start it anew.');
}
