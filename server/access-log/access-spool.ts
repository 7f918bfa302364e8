import {
  closeSync,
  existsSync,
  fdatasync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { NewAccessEvent } from '../../lib/access';
import { newAccessEventSchema } from '../../lib/access';
import { messageOf } from '../../lib/errors';
import { hasRoom, LeftOut } from './left-out';
import { RefusedLines } from './refused-lines';

const AT_ONCE = 100;
const MOST_WAITING = 10_000;
const fdatasyncSoon = promisify(fdatasync);

/** Takes events for good. @throws StoreRefused  for events that it will never take */
export type Take = (events: readonly NewAccessEvent[]) => Promise<void>;

export interface SpoolOptions {
  /** Of the home's journals. */
  readonly folder: string;
  /** Whether a failure is about the events and not about the store. */
  readonly isFaultOfEvent: (failure: unknown) => boolean;
  /** What was put aside or cut short, in a sentence. */
  readonly onTrouble: (why: string) => void;
  /** How many lines may wait, so that nobody fills the disk by failing to sign in; see `hasRoom`. */
  readonly mostWaiting?: number;
  /** How much is kept of what the store refuses, in each of two files. */
  readonly mostRefusedBytes?: number;
  /** Puts what was written on the disk. */
  readonly sync?: (descriptor: number) => Promise<void>;
}

/**
 * Access events until the trail has them, a line each in `access.jsonl`: the store may be closed while somebody signs in,
 * and what happened just before a crash matters most. When `add` returns, an event outlives this process; it outlives the
 * machine once it is synced, which is done at once for all that wait, beside the requests. An event may be handed out twice
 * after a crash; its id makes that one entry.
 */
export class AccessSpool {
  private readonly file: string;
  private readonly sending: string;
  private readonly refused: RefusedLines;
  private readonly leftOut = new LeftOut();
  private descriptor: number | null = null;
  /** Lines of `file`, those of an earlier process too. */
  private waiting: number;
  /** There are lines that the running sync may not have taken. */
  private isUnsynced = false;
  private syncing: Promise<void> | null = null;

  constructor(private readonly options: SpoolOptions) {
    mkdirSync(options.folder, { recursive: true, mode: 0o700 });
    this.file = join(options.folder, 'access.jsonl');
    this.sending = join(options.folder, 'access.sending.jsonl');
    this.refused = new RefusedLines(options.folder, options.mostRefusedBytes);
    this.waiting = this.textOfFile().split('\n').length - 1;
  }

  /** @throws what the file system says when it cannot be written */
  add(event: NewAccessEvent): void {
    const { mostWaiting = MOST_WAITING, onTrouble } = this.options;
    if (hasRoom(event, this.waiting, mostWaiting)) {
      this.write(event);
      return;
    }
    if (this.leftOut.isEmpty) onTrouble(`${this.waiting} access events wait for the trail: others are only counted.`);
    this.leftOut.add(event);
  }

  get isEmpty(): boolean {
    return this.waiting === 0 && this.leftOut.isEmpty && !existsSync(this.sending) && !existsSync(this.file);
  }

  /** Hands out all there is, in order. Rejects when the store is away; then nothing is lost. */
  async drain(take: Take): Promise<void> {
    while (await this.next()) {
      const events = this.read();
      for (let from = 0; from < events.length; from += AT_ONCE)
        await this.give(events.slice(from, from + AT_ONCE), take);
      rmSync(this.sending);
    }
  }

  /** What was left out is told in the file, and all of it on disk. */
  async close(): Promise<void> {
    this.writeLeftOut();
    while (this.syncing) await this.syncing;
    this.closeFile();
  }

  private write(event: NewAccessEvent): void {
    this.descriptor ??= this.openFile();
    writeSync(this.descriptor, `${JSON.stringify(event)}\n`);
    this.waiting += 1;
    this.isUnsynced = true;
    this.syncing ??= this.syncAll();
  }

  private writeLeftOut(): void {
    const event = this.leftOut.take();
    if (event) this.write(event);
  }

  /** A line that was cut short by a crash must not swallow the next one. */
  private openFile(): number {
    const isTorn = !/(^|\n)$/.test(this.textOfFile());
    const descriptor = openSync(this.file, 'a', 0o600);
    if (isTorn) writeSync(descriptor, '\n');
    return descriptor;
  }

  private textOfFile(): string {
    return existsSync(this.file) ? readFileSync(this.file, 'utf8') : '';
  }

  /** One sync for all that was written until it begins, and the next for what came meanwhile. Never rejects. */
  private async syncAll(): Promise<void> {
    const { sync = fdatasyncSoon, onTrouble } = this.options;
    try {
      // Not before the request that wrote has gone on, with those beside it.
      await new Promise((resolve) => void setImmediate(resolve));
      while (this.isUnsynced && this.descriptor !== null) {
        this.isUnsynced = false;
        await sync(this.descriptor);
      }
    } catch (thrown) {
      onTrouble(`Access events are written, but it is not sure that they are on the disk: ${messageOf(thrown)}`);
    } finally {
      this.syncing = null;
    }
  }

  private closeFile(): void {
    if (this.descriptor !== null) closeSync(this.descriptor);
    this.descriptor = null;
  }

  /** What was left over from before goes first. */
  private async next(): Promise<boolean> {
    if (existsSync(this.sending)) return true;
    // A descriptor is not closed under a sync.
    while (this.syncing) await this.syncing;
    if (!existsSync(this.file)) return false;
    this.closeFile();
    renameSync(this.file, this.sending);
    this.waiting = 0;
    // Now there is room for it.
    this.writeLeftOut();
    return true;
  }

  /** One event that the store will never take does not keep the others back; it is put aside where people find it. */
  private async give(events: readonly NewAccessEvent[], take: Take): Promise<void> {
    try {
      await take(events);
    } catch (failure) {
      if (!this.options.isFaultOfEvent(failure)) throw failure;
      const [only, ...others] = events;
      if (only === undefined) return;
      if (others.length > 0) {
        for (const event of events) await this.give([event], take);
        return;
      }
      this.putAside(JSON.stringify(only));
      this.options.onTrouble(`An access event was refused and put aside in ${this.refused.path}: ${String(failure)}`);
    }
  }

  private read(): readonly NewAccessEvent[] {
    const lines = readFileSync(this.sending, 'utf8').split('\n');
    return lines.flatMap((line) => {
      if (line === '') return [];
      try {
        return [newAccessEventSchema.parse(JSON.parse(line))];
      } catch {
        this.putAside(line);
        this.options.onTrouble(
          `A line of the access journal cannot be read and was put aside in ${this.refused.path}.`,
        );
        return [];
      }
    });
  }

  private putAside(line: string): void {
    if (this.refused.add(line))
      this.options.onTrouble('The oldest of the access events put aside were removed for newer ones.');
  }
}
