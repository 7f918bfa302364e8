import { off, ok, wrong, type Line } from './line';
import { backupCheck, readBackupNote } from '../../lib/runtime/backup-note';
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

/** Whether there is a copy of store and keys that was opened again. */
export function checkBackup({
  folder,
  health,
  practice,
  now,
}: Pick<Patient, 'folder' | 'health' | 'practice' | 'now'>): Line {
  const name = 'backup';
  const note = readBackupNote(folder);
  if (practice) return off(name, 'Practice data is not copied.');
  if (note === null) return off(name, 'No copies are made.', 'Set BACKUP_DIR, or run billing-audit backup each day.');
  const { status, text } = health?.checks.find((each) => each.name === name) ?? backupCheck(note, now());
  if (status === 'ok') return ok(name, `${text}.`);
  return wrong(name, `${text}. ${note.why ?? ''}`.trim(), 'Put it right; to try at once: billing-audit backup');
}
