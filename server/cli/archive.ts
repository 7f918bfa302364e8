import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { BadSetting } from '../../lib/errors';
import { writeArchive, type Archived } from '../archive';
import { readConfiguration } from '../configuration';
import { userName } from '../user-name';
import { openEvidence, progressOf } from './open-evidence';
import { loadDotEnv, print } from './run';

export interface ArchiveFlags {
  /** The month. */
  readonly archive: string;
  readonly out?: string;
  readonly reason?: string;
  readonly yes?: boolean;
  readonly home?: string;
  readonly json?: boolean;
}

/** `export --archive`: a month into a file with its proofs, and with `--yes` out of the database. */
export async function runArchive(flags: ArchiveFlags): Promise<void> {
  const { archive: month, out, reason = '', yes = false } = flags;
  if (!/^\d{4}-(0[1-9]|1[0-2])$/.test(month)) {
    throw new BadSetting('--archive', `is "${month.slice(0, 40)}", which is no month`, 'Write it like 2026-01.');
  }
  if (out === undefined) throw new BadSetting('--out', 'is missing', `Name the file, like ${month}.zip.`);
  if (yes && reason.trim() === '') {
    throw new BadSetting('--reason', 'is missing', 'Say in a sentence why; it stands in the trail.');
  }
  loadDotEnv();
  const { home } = readConfiguration({ ...(flags.home !== undefined && { home: flags.home }) }, process.env);
  const evidence = await openEvidence(home);
  try {
    const progress = progressOf('events', flags);
    const done = await writeArchive(
      { month, out, reason, remove: yes, by: `${userName()} (command line)` },
      {
        ...evidence,
        inForce: (hashes) => evidence.store.inForce(hashes),
        keys: evidence.keys.trusted(),
        verifier: readFileSync(join(__dirname, 'verify.py'), 'utf8'),
        now: Date.now,
        onProgress: progress.tell,
      },
    );
    progress.end();
    if (flags.json) print(JSON.stringify({ ...done, practice: evidence.practice }));
    else print(inWords(done, out));
  } finally {
    await evidence.close();
  }
}

function inWords({ month, events, sha256, archive_id }: Archived, out: string): string {
  return [
    `${events} events of ${month} are in ${out}, which was read back and compared with the signed tree. SHA-256 ${sha256}`,
    archive_id === null
      ? 'Nothing was removed from the database: add --yes and another --out to do it.'
      : `They left the database; the trail says so as archive ${archive_id}. Keep the file and a copy: nothing else holds them.`,
    `"python3 verify.py ${out}" checks it without the product; "billing-audit verify --archive ${out}" with the rest of the trail.`,
  ].join('\n');
}
