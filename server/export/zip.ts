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

  /**
   * @param changedAt  of all files, in milliseconds
   * @param limit      from which number on ZIP64 is used; tests set it lower
   */
  constructor(
    private readonly sink: Sink,
    private readonly changedAt: number,
    private readonly limit = ZIP_LIMIT,
  ) {}

  /** Adds a file; the one before must have ended. */
  file(name: string): { write(text: string): Promise<void>; end(): Promise<void> } {
    const offset = this.at;
    const deflated = new Deflated((bytes) => this.give(bytes));
    let isBegun = false;
    const begun = async (): Promise<void> => {
      if (isBegun) return;
      isBegun = true;
      await this.give(localHeader(name, this.changedAt));
    };
    return {
      write: async (text) => {
        await begun();
        await deflated.write(Buffer.from(text));
      },
      end: async () => {
        await begun();
        const sizes = await deflated.end();
        await this.give(dataDescriptor(sizes, this.limit));
        this.entries.push({ name, offset, ...sizes });
      },
    };
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

  constructor(private readonly give: Sink) {
    this.deflate.on('data', (bytes: Buffer) => this.made.push(bytes));
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
    await this.flush();
    return { crc: this.crc, bytes: this.bytes, packed: this.packed };
  }

  private async pack(): Promise<void> {
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
