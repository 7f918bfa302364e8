import { closeSync, fstatSync, mkdirSync, openSync, renameSync, rmSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { messageOf } from '../../lib/errors';
import type { Now } from '../../lib/ports';
import type { Redact } from './secrets';

export type LogLevel = 'error' | 'warn' | 'info' | 'debug' | 'audit';

/** One line of the log. Further fields say what it is about. */
export interface LogLine {
  readonly level: LogLevel;
  /** Which part speaks: `server`, `node-red`, `access`. */
  readonly from: string;
  readonly message: string;
  readonly [field: string]: unknown;
}

export interface LogFileOptions {
  /** Made when it is not there. */
  readonly folder: string;
  readonly redact: Redact;
  readonly now: Now;
  readonly largestBytes?: number;
  /** With the one that is written to. */
  readonly files?: number;
  /** Told once when the log cannot be written: a full disk must not end the watch. */
  readonly onFailure: (why: string) => void;
}

const TEN_MEGABYTES = 10 * 1024 * 1024;
const NAME = 'billing-audit.log';
const LONGEST_LINE = 64 * 1024;

/**
 * The log of the server: JSON lines in `billing-audit.log`, at most five files of 10 MB, the older ones with a number.
 * Written at once and in order, so that the last line before a crash is there.
 */
export class LogFile {
  private readonly path: string;
  private readonly largest: number;
  private readonly files: number;
  private descriptor: number | null = null;
  private size = 0;
  private failed = false;

  constructor(private readonly options: LogFileOptions) {
    this.path = join(options.folder, NAME);
    this.largest = options.largestBytes ?? TEN_MEGABYTES;
    this.files = options.files ?? 5;
  }

  /** Never throws. */
  write({ level, from, message, ...fields }: LogLine): void {
    const at = new Date(this.options.now()).toISOString();
    const text = this.options.redact(textOf({ at, level, from, message, ...fields }));
    const line = Buffer.from(`${shortened(text, { at, level, from })}\n`);
    try {
      this.descriptor ??= this.open();
      if (this.size > 0 && this.size + line.byteLength > this.largest) this.rotate();
      writeSync(this.descriptor ?? this.open(), line);
      this.size += line.byteLength;
      this.failed = false;
    } catch (failure) {
      this.close();
      if (!this.failed) this.options.onFailure(messageOf(failure));
      this.failed = true;
    }
  }

  close(): void {
    if (this.descriptor !== null) closeSync(this.descriptor);
    this.descriptor = null;
  }

  private open(): number {
    mkdirSync(this.options.folder, { recursive: true, mode: 0o700 });
    this.descriptor = openSync(this.path, 'a', 0o600);
    this.size = fstatSync(this.descriptor).size;
    return this.descriptor;
  }

  /** billing-audit.log becomes .1, .1 becomes .2, ...; the last one is dropped. Closed first, as Windows wants it. */
  private rotate(): void {
    this.close();
    rmSync(`${this.path}.${this.files - 1}`, { force: true });
    for (let number = this.files - 2; number >= 0; number -= 1) {
      const from = number === 0 ? this.path : `${this.path}.${number}`;
      try {
        renameSync(from, `${this.path}.${number + 1}`);
      } catch (failure) {
        if ((failure as NodeJS.ErrnoException).code !== 'ENOENT') throw failure;
      }
    }
    this.open();
  }
}

/** Whatever is handed in becomes one line of JSON. */
function textOf(fields: Readonly<Record<string, unknown>>): string {
  try {
    return JSON.stringify(fields, (_name, value: unknown) => (typeof value === 'bigint' ? String(value) : value));
  } catch {
    return JSON.stringify({
      ...fields,
      ...Object.fromEntries(
        Object.keys(fields)
          .slice(4)
          .map((name) => [name, '[unreadable]']),
      ),
    });
  }
}

/** A line stays JSON, however much somebody wants to say. */
function shortened(text: string, about: Readonly<Record<string, unknown>>): string {
  if (text.length <= LONGEST_LINE) return text;
  return JSON.stringify({ ...about, message: `${text.slice(0, LONGEST_LINE / 2)} [shortened]` });
}
