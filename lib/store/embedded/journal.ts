import { messageOf } from '../../errors';
import { groupCommit } from '../group-commit';
import { StoreNotSynced, StoreUnavailable } from '../store-errors';
import type { JournalFile, JournalFiles } from './journal-files';
import { encodeRecord, HEADING, readSegment } from './journal-record';

/** A file of the journal, and which of its records have not been drained. */
export interface Segment {
  readonly name: string;
  /** Where the records are that were acknowledged and not drained, oldest first. */
  readonly waiting: { readonly from: number; readonly to: number }[];
  /** Nothing is appended to it any more. */
  isSealed: boolean;
  /** It holds something that cannot be read or stored: the file is put aside when the rest is drained, not deleted. */
  isKept: boolean;
}

/** What a start found in the journal besides callbacks that wait. */
export interface JournalFindings {
  /** Sentences about what could not be read; each may be a callback that was acknowledged. */
  readonly damages: readonly string[];
  /** Sentences about writes that a power failure cut short: they were never acknowledged. */
  readonly torn: readonly string[];
  /** Files that were put aside, now or earlier. */
  readonly kept: readonly string[];
}

const SEGMENT = /^inbox-(\d{8,})\.journal$/;
const KEPT = /^inbox-(\d{8,})\.journal\.kept$/;
/** A segment is deleted as a whole, so it is not long. */
const SEGMENT_BYTES = 8 * 1024 * 1024;
const MOST_IN_ONE_SYNC = 500;

/**
 * Opens the journal of an inbox: reads what the last process left behind and sees that a new file really syncs.
 * The caller holds the lock of the store that it belongs to.
 * @throws StoreNotSynced  writes do not reach the disk
 * @throws StoreUnavailable  the folder cannot be read or written
 */
export async function openJournal(files: JournalFiles): Promise<{ journal: Journal; findings: JournalFindings }> {
  try {
    const { segments, findings, lastNumber } = await readLeftBehind(files);
    const journal = new Journal(files, segments, lastNumber);
    await journal.provesSynced();
    return { journal, findings };
  } catch (thrown) {
    if (thrown instanceof StoreNotSynced) throw thrown;
    throw new StoreUnavailable(`the journal of its inbox cannot be opened (${messageOf(thrown)})`, { cause: thrown });
  }
}

async function readLeftBehind(
  files: JournalFiles,
): Promise<{ segments: Segment[]; findings: JournalFindings; lastNumber: number }> {
  const names = await files.list();
  const segments: Segment[] = [];
  const damages: string[] = [];
  const torn: string[] = [];
  let lastNumber = 0;
  for (const name of names) {
    lastNumber = Math.max(lastNumber, Number((SEGMENT.exec(name) ?? KEPT.exec(name))?.[1] ?? 0));
    if (!SEGMENT.test(name)) continue;
    const bytes = await files.read(name);
    const reading = readSegment(bytes);
    if (reading.tornBytes > 0)
      torn.push(`${name} ends with ${reading.tornBytes} bytes of a callback that was cut short`);
    for (const { from, to } of reading.damages) damages.push(`${name} is damaged from byte ${from} to ${to}`);
    segments.push({
      name,
      waiting: reading.records.map(({ content, end }) => ({ from: end - content.length - FRAME, to: end })),
      isSealed: true,
      isKept: reading.damages.length > 0,
    });
  }
  return { segments, lastNumber, findings: { damages, torn, kept: names.filter((name) => KEPT.test(name)) } };
}

/** Before the content of a record. */
const FRAME = encodeRecord(1, Buffer.alloc(0))[0]?.byteLength ?? 0;

interface Writing {
  readonly segment: Segment;
  readonly file: JournalFile;
  length: number;
  lastNumber: number;
}

/**
 * Keeps what it is given: on the disk when `keep` resolves. Callers at the same time share one sync. After any failed
 * write or sync the file is given up, since nobody can say what of it is on the disk; the next `keep` begins another.
 */
export class Journal {
  readonly #files: JournalFiles;
  readonly #segments: Segment[];
  readonly #append: (contents: readonly Uint8Array[]) => Promise<readonly null[]>;
  #writing: Writing | null = null;
  #lastSegment: number;
  #closed: Error | null = null;
  #turn: Promise<unknown> = Promise.resolve();

  constructor(files: JournalFiles, segments: Segment[], lastSegment: number) {
    this.#files = files;
    this.#segments = segments;
    this.#lastSegment = lastSegment;
    const send = (contents: readonly Uint8Array[]): Promise<readonly null[]> =>
      this.#inTurn(() => this.#write(contents));
    this.#append = groupCommit({ send, most: MOST_IN_ONE_SYNC, isFaultOfValue: () => false });
  }

  /** @throws StoreUnavailable  it is not kept, and nothing of it is left behind */
  async keep(content: Uint8Array): Promise<void> {
    await this.#append([content]);
  }

  /** The oldest segment; it may be the one that is being written. */
  oldest(): Segment | undefined {
    return this.#segments[0];
  }

  waiting(): number {
    return this.#segments.reduce((sum, { waiting }) => sum + waiting.length, 0);
  }

  /** Lets go of a drained segment: deleted, or put aside where it holds something that could not be stored. */
  retire(segment: Segment): Promise<void> {
    return this.#inTurn(async () => {
      if (segment.waiting.length > 0) return;
      if (this.#writing?.segment === segment) await this.#seal();
      if (segment.isKept) await this.#files.rename(segment.name, `${segment.name}.kept`);
      else await this.#files.remove(segment.name);
      this.#segments.splice(this.#segments.indexOf(segment), 1);
    });
  }

  /** Takes nothing more, with this error. What is under way is finished first. */
  async close(why: Error): Promise<void> {
    this.#closed ??= why;
    await this.#inTurn(() => this.#seal());
  }

  /** @throws StoreNotSynced */
  async provesSynced(): Promise<void> {
    const before = this.#files.syncs();
    const { segment } = await this.#inTurn(() => this.#open());
    const written = await this.#files.read(segment.name);
    if (this.#files.syncs() > before && written.equals(HEADING)) return;
    await this.close(new StoreUnavailable('its inbox is not synced'));
    throw new StoreNotSynced('a write to the journal of its inbox caused no sync of the disk');
  }

  async #write(contents: readonly Uint8Array[]): Promise<readonly null[]> {
    if (this.#closed) throw this.#closed;
    let writing: Writing | null = null;
    try {
      writing = await this.#open();
      const number = writing.lastNumber;
      await writing.file.append(contents.flatMap((content, index) => encodeRecord(number + index + 1, content)));
      await writing.file.sync();
      this.#acknowledge(writing, contents);
      return contents.map(() => null);
    } catch (thrown) {
      if (writing) await this.#giveUp(writing);
      throw new StoreUnavailable(`its inbox cannot be written (${messageOf(thrown)})`, { cause: thrown });
    }
  }

  #acknowledge(writing: Writing, contents: readonly Uint8Array[]): void {
    for (const content of contents) {
      const to = writing.length + FRAME + content.byteLength;
      writing.segment.waiting.push({ from: writing.length, to });
      writing.length = to;
    }
    writing.lastNumber += contents.length;
  }

  async #open(): Promise<Writing> {
    if (this.#writing && this.#writing.length >= SEGMENT_BYTES) await this.#seal();
    if (this.#writing) return this.#writing;
    this.#lastSegment += 1;
    const name = `inbox-${String(this.#lastSegment).padStart(8, '0')}.journal`;
    const file = await this.#files.create(name);
    try {
      await file.append([HEADING]);
      await file.sync();
    } catch (thrown) {
      await file.close().catch(() => undefined);
      await this.#files.remove(name).catch(() => undefined);
      throw thrown;
    }
    const segment: Segment = { name, waiting: [], isSealed: false, isKept: false };
    this.#segments.push(segment);
    this.#writing = { segment, file, length: HEADING.length, lastNumber: 0 };
    return this.#writing;
  }

  async #seal(): Promise<void> {
    const writing = this.#writing;
    if (!writing) return;
    this.#writing = null;
    writing.segment.isSealed = true;
    await writing.file.close();
  }

  /** What was not acknowledged is cut off; where even that fails, the next start finds it, and a copy does no harm. */
  async #giveUp(writing: Writing): Promise<void> {
    await writing.file.cutTo(writing.length).catch(() => undefined);
    await this.#seal().catch(() => undefined);
  }

  /** One at a time: writing, sealing and deleting must not overtake each other. */
  #inTurn<Result>(work: () => Promise<Result>): Promise<Result> {
    const done = this.#turn.then(work);
    this.#turn = done.catch(() => undefined);
    return done;
  }
}
