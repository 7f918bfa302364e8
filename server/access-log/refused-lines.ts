import { closeSync, existsSync, openSync, renameSync, statSync, writeSync } from 'node:fs';
import { join } from 'node:path';

/** Of one file; the one before it is kept too. */
const MOST_BYTES = 1024 * 1024;

/**
 * Lines that the trail can never take, where people find them. Bounded: strangers must not fill a disk by what is refused,
 * so the file is begun anew at its limit, and the one before that goes.
 */
export class RefusedLines {
  readonly path: string;
  private readonly before: string;

  constructor(
    folder: string,
    private readonly mostBytes = MOST_BYTES,
  ) {
    this.path = join(folder, 'access.refused.jsonl');
    this.before = join(folder, 'access.refused.1.jsonl');
  }

  /** @returns whether older lines had to go for it */
  add(line: string): boolean {
    // One line is never longer than all that is kept.
    const kept = Buffer.from(line).subarray(0, this.mostBytes);
    const isFull = existsSync(this.path) && statSync(this.path).size + kept.length > this.mostBytes;
    const forgets = isFull && existsSync(this.before);
    if (isFull) renameSync(this.path, this.before);
    const descriptor = openSync(this.path, 'a', 0o600);
    writeSync(descriptor, kept);
    writeSync(descriptor, '\n');
    closeSync(descriptor);
    return forgets;
  }
}
