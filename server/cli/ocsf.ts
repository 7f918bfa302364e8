import {
  closeSync,
  existsSync,
  fsyncSync,
  openSync,
  readFileSync,
  renameSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { z } from 'zod';
import { BadSetting, messageOf } from '../../lib/errors';
import { SealBook } from '../../lib/seal';
import { readConfiguration } from '../configuration';
import { openTrail, writeOcsf, type OcsfCursor } from '../export';
import { version } from '../version';
import { loadDotEnv, print } from './run';

export interface OcsfFlags {
  /** A file, or - for standard output. */
  readonly ocsf: string;
  readonly cursor?: string;
  readonly home?: string;
  readonly json?: boolean;
}

const cursorForm = z.object({ form: z.literal(1), origin: z.string(), streams: z.record(z.string(), z.number()) });

/**
 * `export --ocsf`: JSON lines for a SIEM. With a cursor file it writes what is new since the last time, and goes on where a
 * run was broken off: at most one page is written twice then, and `metadata.uid` tells which.
 */
export async function runOcsf(flags: OcsfFlags): Promise<void> {
  loadDotEnv();
  const cursor = flags.cursor === undefined ? null : readCursor(flags.cursor);
  const { home } = readConfiguration({ ...(flags.home !== undefined && { home: flags.home }) }, process.env);
  const trail = await openTrail(home, process.env);
  const out = flags.ocsf === '-' ? 1 : openSync(flags.ocsf, 'a', 0o600);
  const archived: string[] = [];
  try {
    const written = await writeOcsf({
      book: new SealBook(trail.driver),
      cursor,
      version,
      onArchived: ({ month, file }) => void archived.push(`${month} (${file})`),
      write: async (lines) => writeAll(out, Buffer.from(lines)),
      keep: async (reached) => {
        if (out !== 1) fsyncSync(out);
        if (flags.cursor !== undefined) keepCursor(flags.cursor, reached);
      },
    });
    const told = { written, cursor: flags.cursor ?? null, practice: trail.practice, archived };
    if (archived.length > 0)
      process.stderr.write(`Not written, since they were archived before: ${archived.join(', ')}.\n`);
    // Standard output may carry the events.
    if (out === 1) process.stderr.write(`${written} events.\n`);
    else if (flags.json) print(JSON.stringify(told));
    else print(`${written} events${trail.practice ? ' (practice data)' : ''}: ${flags.ocsf}`);
  } finally {
    if (out !== 1) closeSync(out);
    await trail.close();
  }
}

function readCursor(path: string): OcsfCursor | null {
  if (!existsSync(path)) return null;
  try {
    return cursorForm.parse(JSON.parse(readFileSync(path, 'utf8')));
  } catch (thrown) {
    const why = messageOf(thrown).split('\n')[0] ?? '';
    throw new BadSetting('--cursor', `names ${path}, which is no cursor: ${why}`, 'Remove the file to begin anew.');
  }
}

function keepCursor(path: string, cursor: OcsfCursor): void {
  writeFileSync(`${path}.part`, `${JSON.stringify(cursor)}\n`, { mode: 0o600, flush: true });
  renameSync(`${path}.part`, path);
}

function writeAll(descriptor: number, bytes: Uint8Array): void {
  for (let written = 0; written < bytes.byteLength;) written += writeSync(descriptor, bytes, written);
}
