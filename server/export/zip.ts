import { crc32, createDeflateRaw, type DeflateRaw } from 'node:zlib';
import { centralEntry, dataDescriptor, endOfDirectory, localHeader, ZIP_LIMIT, type ZipEntry } from './zip-records';

/** Takes bytes as they come; resolves when more may come. */
export type Sink = (bytes: Uint8Array) => Promise<void>;

/** What is written is gathered up to so many bytes: each step of the compressor costs a turn of the program. */
const PORTION = 64 * 1024;

/**
 * A ZIP archive that is written while its files are: never more than a piece of it is in memory. What is too large for the
 * old form (4 GiB) is told in that of ZIP64, and only that, so that a small archive is read by every program.
 */
export class ZipStream {
  private readonly entries: ZipEntry[] = [];
  private at = 0;
  private current: Deflated | null = null;

  /**
   * @param changedAt  of all files, in milliseconds
   * @param limit      from which number on ZIP64 is used; tests set it lower
   */
  constructor(
    private readonly sink: Sink,
    private readonly changedAt: number,
    private readonly limit = ZIP_LIMIT,
  ) {}

  /** Adds a file; the one before must have ended. What fails of it closes its compressor. */
  file(name: string): { write(text: string): Promise<void>; end(): Promise<void> } {
    const offset = this.at;
    const deflated = new Deflated((bytes) => this.give(bytes));
    this.current = deflated;
    let isBegun = false;
    const step = async (act: () => Promise<void>): Promise<void> => {
      try {
        if (!isBegun) await this.give(localHeader(name, this.changedAt));
        isBegun = true;
        await act();
      } catch (thrown) {
        deflated.close();
        throw thrown;
      }
    };
    return {
      write: (text) => step(() => deflated.write(Buffer.from(text))),
      end: () =>
        step(async () => {
          const sizes = await deflated.end();
          await this.give(dataDescriptor(sizes, this.limit));
          this.entries.push({ name, offset, ...sizes });
        }),
    };
  }

  /** Lets go of a file that will not end, since what was to be written failed elsewhere. */
  abandon(): void {
    this.current?.close();
  }

  async end(): Promise<void> {
    const offset = this.at;
    for (const entry of this.entries) await this.give(centralEntry(entry, this.changedAt, this.limit));
    const list = { offset, bytes: this.at - offset, entries: this.entries.length };
    await this.give(endOfDirectory(list, this.limit));
  }

  private async give(bytes: Uint8Array): Promise<void> {
    this.at += bytes.byteLength;
    await this.sink(bytes);
  }
}

/** One file's bytes, compressed and counted. */
class Deflated {
  private readonly deflate: DeflateRaw = createDeflateRaw({ level: 6 });
  private made: Buffer[] = [];
  private waiting: Buffer[] = [];
  private waitingBytes = 0;
  private crc = 0;
  private bytes = 0;
  private packed = 0;
  private failure: Error | null = null;

  constructor(private readonly give: Sink) {
    this.deflate.on('data', (bytes: Buffer) => this.made.push(bytes));
    // Always heard: between two writes nobody else listens, and an unheard error ends the program.
    this.deflate.on('error', (failure) => (this.failure = failure));
  }

  /** Gives back the memory of the compressor, which it has outside of JavaScript's; again: nothing. */
  close(): void {
    this.deflate.destroy();
  }

  async write(bytes: Buffer): Promise<void> {
    this.waiting.push(bytes);
    this.waitingBytes += bytes.byteLength;
    if (this.waitingBytes >= PORTION) await this.pack();
  }

  async end(): Promise<Pick<ZipEntry, 'crc' | 'bytes' | 'packed'>> {
    await this.pack();
    await new Promise<void>((resolve, reject) => {
      this.deflate.once('end', resolve).once('error', reject);
      this.deflate.end();
    });
    this.close();
    await this.flush();
    return { crc: this.crc, bytes: this.bytes, packed: this.packed };
  }

  private async pack(): Promise<void> {
    if (this.failure !== null) throw this.failure;
    const portion = Buffer.concat(this.waiting);
    [this.waiting, this.waitingBytes] = [[], 0];
    this.crc = crc32(portion, this.crc);
    this.bytes += portion.byteLength;
    await new Promise<void>((resolve, reject) => {
      this.deflate.write(portion, (failure) => (failure ? reject(failure) : resolve()));
    });
    await this.flush();
  }

  private async flush(): Promise<void> {
    const made = this.made;
    this.made = [];
    for (const piece of made) {
      this.packed += piece.byteLength;
      await this.give(piece);
    }
  }
}
