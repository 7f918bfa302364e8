import { constants } from 'node:fs';
import { mkdir, open, readdir, readFile, rename, rm, type FileHandle } from 'node:fs/promises';
import { join } from 'node:path';

/** One segment that is being written. */
export interface JournalFile {
  /** Writes all of it at the end, or throws; then a part of it may be there. */
  append(parts: readonly Uint8Array[]): Promise<void>;
  /** Resolves when what was appended is on the disk. */
  sync(): Promise<void>;
  /** Drops what is after the first `length` bytes. */
  cutTo(length: number): Promise<void>;
  close(): Promise<void>;
}

/** The folder of a journal. A port, so that tests can fill the disk, or end the process at a certain point. */
export interface JournalFiles {
  list(): Promise<readonly string[]>;
  /** Makes a file that only the owner may read; its name is on the disk when this resolves. */
  create(name: string): Promise<JournalFile>;
  read(name: string): Promise<Buffer>;
  readPart(name: string, from: number, length: number): Promise<Buffer>;
  rename(name: string, other: string): Promise<void>;
  remove(name: string): Promise<void>;
  /** How often the disk was told to keep what was written, and agreed. */
  syncs(): number;
}

const OWNER_ONLY_FOLDER = 0o700;
const OWNER_ONLY_FILE = 0o600;

export function journalFilesIn(folder: string): JournalFiles {
  return new FilesOnDisk(folder);
}

class FilesOnDisk implements JournalFiles {
  #syncs = 0;

  constructor(private readonly folder: string) {}

  async list(): Promise<readonly string[]> {
    await mkdir(this.folder, { recursive: true, mode: OWNER_ONLY_FOLDER });
    return (await readdir(this.folder)).sort();
  }

  async create(name: string): Promise<JournalFile> {
    const { O_APPEND, O_CREAT, O_EXCL, O_WRONLY } = constants;
    const handle = await open(join(this.folder, name), O_APPEND | O_CREAT | O_EXCL | O_WRONLY, OWNER_ONLY_FILE);
    try {
      await this.syncFolder();
    } catch (thrown) {
      await handle.close();
      await rm(join(this.folder, name), { force: true });
      throw thrown;
    }
    return {
      append: (parts) => writeAll(handle, parts),
      sync: async () => {
        await handle.datasync();
        this.#syncs += 1;
      },
      cutTo: (length) => handle.truncate(length),
      close: () => handle.close(),
    };
  }

  read(name: string): Promise<Buffer> {
    return readFile(join(this.folder, name));
  }

  async readPart(name: string, from: number, length: number): Promise<Buffer> {
    const handle = await open(join(this.folder, name), 'r');
    try {
      const { buffer, bytesRead } = await handle.read(Buffer.allocUnsafe(length), 0, length, from);
      return buffer.subarray(0, bytesRead);
    } finally {
      await handle.close();
    }
  }

  async rename(name: string, other: string): Promise<void> {
    await rename(join(this.folder, name), join(this.folder, other));
    await this.syncFolder();
  }

  async remove(name: string): Promise<void> {
    await rm(join(this.folder, name), { force: true });
  }

  syncs(): number {
    return this.#syncs;
  }

  /** Windows cannot sync a directory, and need not. */
  private async syncFolder(): Promise<void> {
    if (process.platform === 'win32') return;
    const handle = await open(this.folder, 'r');
    try {
      await handle.sync();
    } finally {
      await handle.close();
    }
  }
}

/** The system may write less than it was given, above all when the disk fills up. */
async function writeAll(handle: FileHandle, parts: readonly Uint8Array[]): Promise<void> {
  let left: readonly Uint8Array[] = parts;
  while (left.length > 0) {
    // At most so many at once: the system takes 1024.
    const some = left.slice(0, 1000);
    const { bytesWritten } = await handle.writev(some);
    if (bytesWritten === 0) throw new Error('the system took no bytes');
    left = [...after(some, bytesWritten), ...left.slice(some.length)];
  }
}

function after(parts: readonly Uint8Array[], written: number): readonly Uint8Array[] {
  let passed = 0;
  const index = parts.findIndex((part) => {
    if (passed + part.byteLength > written) return true;
    passed += part.byteLength;
    return false;
  });
  const first = parts[index];
  return first === undefined ? [] : [first.subarray(written - passed), ...parts.slice(index + 1)];
}
