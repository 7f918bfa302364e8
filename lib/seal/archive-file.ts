import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { basename } from 'node:path';
import { createInterface } from 'node:readline';
import { z } from 'zod';
import { messageOf } from '../errors';
import { ArchiveUnreadable } from './errors';
import type { Findings } from './finding';
import type { LeafList } from './leaf-list';
import type { ArchivedSpan, StoredArchive } from './seal-book';
import { chainHash } from './seal-next';
import { openZipped } from './zipped';

/** A file that holds a month, as `export --archive` wrote it. */
export interface ArchiveFile {
  readonly path: string;
  /** Of the file's bytes, in hex. */
  readonly sha256: string;
  events(): AsyncGenerator<ArchivedEvent>;
}

const archivedEvent = z.object({
  leaf_index: z.number().nullable(),
  stream: z.string(),
  seq: z.number(),
  event_key: z.string(),
  previous_hash: z.string(),
  preimage: z.string(),
  hash: z.string(),
  salt: z.string().nullable(),
  payload: z.string().nullable(),
});
export type ArchivedEvent = z.infer<typeof archivedEvent>;

/** @throws ArchiveUnreadable  it is not there, or no archive */
export async function readArchive(path: string): Promise<ArchiveFile> {
  const hash = createHash('sha256');
  try {
    for await (const bytes of createReadStream(path)) hash.update(bytes as Uint8Array);
    const zipped = await openZipped(path);
    if (!zipped.names.includes('events.jsonl')) throw new Error('it holds no events.jsonl');
    return { path, sha256: hash.digest('hex'), events: () => eventsIn(path) };
  } catch (thrown) {
    throw new ArchiveUnreadable(path, messageOf(thrown), { cause: thrown });
  }
}

async function* eventsIn(path: string): AsyncGenerator<ArchivedEvent> {
  try {
    const lines = createInterface({ input: (await openZipped(path)).stream('events.jsonl'), crlfDelay: Infinity });
    for await (const line of lines) if (line !== '') yield archivedEvent.parse(JSON.parse(line));
  } catch (thrown) {
    throw new ArchiveUnreadable(path, messageOf(thrown), { cause: thrown });
  }
}

/**
 * Compares a file with the archive whose file it should be, and with the leaves of the signed tree.
 * @returns the archive's id; null when the file is of none
 */
export async function compareFile(
  file: ArchiveFile,
  archives: readonly StoredArchive[],
  leaves: LeafList,
  findings: Findings,
): Promise<string | null> {
  const archive = archives.find(({ sha256 }) => sha256 === file.sha256);
  if (archive === undefined) {
    const text = `${file.path} is not the file of any archive: it has the SHA-256 ${file.sha256}.`;
    findings.add('archive_differs', {}, text);
    return null;
  }
  const erased = Object.values(archive.erased).reduce((sum, events) => sum + events, 0);
  for (const text of await flawsOf(file, { spans: archive.spans, erased }, leaves))
    findings.add('archive_differs', {}, text);
  return archive.id;
}

const MOST_FLAWS = 20;

export interface ArchivedPart {
  readonly spans: readonly ArchivedSpan[];
  /** How many of its events have no values any more: their erasures stand in the trail. */
  readonly erased: number;
}

/** Whether a file holds exactly these spans, as they were sealed: in sentences what does not fit. */
export async function flawsOf(
  file: ArchiveFile,
  { spans, erased }: ArchivedPart,
  leaves: Pick<LeafList, 'size' | 'eventAt' | 'entry'>,
): Promise<readonly string[]> {
  const flaws: string[] = [];
  const next = new Map(spans.map((span) => [span.stream, { seq: span.first_seq, hash: null as string | null, span }]));
  let empty = 0;
  for await (const event of file.events()) {
    if (event.payload === null) empty += 1;
    if (flaws.length >= MOST_FLAWS) return flaws;
    const { stream, seq, previous_hash, hash } = event;
    const place = next.get(stream);
    const name = `Event ${seq} of ${stream} in ${basename(file.path)}`;
    if (place === undefined || seq !== place.seq || seq > place.span.last_seq) {
      flaws.push(`${name} does not belong there.`);
    } else {
      if (place.hash !== null && place.hash !== previous_hash) flaws.push(`${name} does not follow the one before it.`);
      const flaw = flawOf(event, leaves);
      if (flaw !== null) flaws.push(`${name} ${flaw}.`);
      next.set(stream, { ...place, seq: seq + 1, hash });
    }
  }
  for (const [stream, { seq, span }] of next) {
    if (seq <= span.last_seq) flaws.push(`Events ${seq} to ${span.last_seq} of ${stream} are not in ${file.path}.`);
  }
  if (empty !== erased) {
    flaws.push(`${empty} events in ${basename(file.path)} have no values, and ${erased} were erased.`);
  }
  return flaws;
}

function flawOf(event: ArchivedEvent, leaves: Pick<LeafList, 'size' | 'eventAt' | 'entry'>): string | null {
  const { leaf_index: index, stream, seq, previous_hash, preimage, hash, salt, payload } = event;
  if (chainHash(previous_hash, preimage) !== hash) return 'was altered: its text does not have its hash';
  if (index === null || index >= leaves.size) return 'has no place in the tree';
  const leaf = leaves.eventAt(index);
  if (leaf.stream !== stream || leaf.seq !== seq) return 'has the place of another event in the tree';
  if (leaves.entry(index).toString('hex') !== hash) return 'is not the one that was sealed';
  const told = JSON.parse(preimage) as readonly unknown[];
  if (told[1] !== stream || told[2] !== seq || told[4] !== event.event_key) return 'tells another place than its text';
  if (payload === null) return null;
  const digest = createHash('sha256')
    .update(Buffer.from(salt ?? '', 'hex'))
    .update(payload, 'utf8')
    .digest('hex');
  return digest === told.at(-1) ? null : 'was altered: its values are not those that were recorded';
}
