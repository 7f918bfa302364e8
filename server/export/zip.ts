import { Zip, ZipDeflate } from 'fflate';

/** Takes bytes as they come; resolves when more may come. */
export type Sink = (bytes: Uint8Array) => Promise<void>;

/** A ZIP archive that is written while its files are: never more than a piece of it is in memory. */
export class ZipStream {
  private readonly zip: Zip;
  private pending: Uint8Array[] = [];
  private failure: Error | null = null;

  constructor(
    private readonly sink: Sink,
    private readonly changedAt: number,
  ) {
    this.zip = new Zip((failure, bytes) => {
      if (failure) this.failure = failure;
      else this.pending.push(bytes);
    });
  }

  /** Adds a file; the one before must have ended. */
  file(name: string): { write(text: string): Promise<void>; end(): Promise<void> } {
    const entry = new ZipDeflate(name, { level: 6 });
    entry.mtime = new Date(this.changedAt);
    this.zip.add(entry);
    return {
      write: (text) => {
        entry.push(Buffer.from(text));
        return this.flush();
      },
      end: () => {
        entry.push(new Uint8Array(0), true);
        return this.flush();
      },
    };
  }

  async end(): Promise<void> {
    this.zip.end();
    await this.flush();
  }

  private async flush(): Promise<void> {
    if (this.failure) throw this.failure;
    const pieces = this.pending;
    this.pending = [];
    for (const piece of pieces) await this.sink(piece);
  }
}
