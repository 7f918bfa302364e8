import {
  closeSync,
  existsSync,
  fdatasyncSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import type { NewAccessEvent } from '../../lib/access';
import { newAccessEventSchema } from '../../lib/access';

const AT_ONCE = 100;

/** Takes events for good. @throws StoreRefused  for events that it will never take */
export type Take = (events: readonly NewAccessEvent[]) => Promise<void>;

export interface SpoolOptions {
  /** Of the home's journals. */
  readonly folder: string;
  /** Whether a failure is about the events and not about the store. */
  readonly isFaultOfEvent: (failure: unknown) => boolean;
  /** What was put aside or cut short, in a sentence. */
  readonly onTrouble: (why: string) => void;
}

/**
 * Access events until the trail has them, a line each in `access.jsonl`: the store may be closed while somebody signs in,
 * and what happened just before a crash matters most. On disk when `add` returns. An event may be handed out twice after a
 * crash; its id makes that one entry.
 */
export class AccessSpool {
  private readonly file: string;
  private readonly sending: string;
  private readonly refused: string;
  private descriptor: number | null = null;
  private written = 0;

  constructor(private readonly options: SpoolOptions) {
    mkdirSync(options.folder, { recursive: true, mode: 0o700 });
    this.file = join(options.folder, 'access.jsonl');
    this.sending = join(options.folder, 'access.sending.jsonl');
    this.refused = join(options.folder, 'access.refused.jsonl');
  }

  /** @throws what the file system says when it cannot be written */
  add(event: NewAccessEvent): void {
    this.descriptor ??= openSync(this.file, 'a', 0o600);
    writeSync(this.descriptor, `${JSON.stringify(event)}\n`);
    fdatasyncSync(this.descriptor);
    this.written += 1;
  }

  get isEmpty(): boolean {
    return this.written === 0 && !existsSync(this.sending) && !existsSync(this.file);
  }

  /** Hands out all there is, in order. Rejects when the store is away; then nothing is lost. */
  async drain(take: Take): Promise<void> {
    while (this.next()) {
      const events = this.read();
      for (let from = 0; from < events.length; from += AT_ONCE)
        await this.give(events.slice(from, from + AT_ONCE), take);
      rmSync(this.sending);
    }
  }

  close(): void {
    if (this.descriptor !== null) closeSync(this.descriptor);
    this.descriptor = null;
  }

  /** What was left over from before goes first. */
  private next(): boolean {
    if (existsSync(this.sending)) return true;
    if (!existsSync(this.file)) return false;
    this.close();
    this.written = 0;
    renameSync(this.file, this.sending);
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
      this.options.onTrouble(`An access event was refused and put aside in ${this.refused}: ${String(failure)}`);
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
        this.options.onTrouble(`A line of the access journal cannot be read and was put aside in ${this.refused}.`);
        return [];
      }
    });
  }

  private putAside(line: string): void {
    const descriptor = openSync(this.refused, 'a', 0o600);
    writeSync(descriptor, `${line}\n`);
    closeSync(descriptor);
  }
}
