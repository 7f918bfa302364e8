import { randomUUID } from 'node:crypto';
import { closeSync, existsSync, fsyncSync, mkdirSync, openSync, rmSync, statfsSync, writeSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { HomeNotWritable } from '../home';

/**
 * Proves that a folder can be made and written, by doing so; what was made for the proof is taken away again.
 * @throws HomeNotWritable
 */
export function proveWritable(folder: string): void {
  const made = firstMissing(folder);
  const file = join(folder, `.write-${randomUUID()}`);
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    try {
      const handle = openSync(file, 'wx', 0o600);
      writeSync(handle, 'x');
      fsyncSync(handle);
      closeSync(handle);
    } finally {
      rmSync(made ?? file, { recursive: true, force: true });
    }
  } catch (thrown) {
    throw new HomeNotWritable(folder, thrown);
  }
}

/** Bytes that this user may still write where the folder is or will be. @throws the file system's error */
export function freeBytes(folder: string): number {
  const { bavail, bsize } = statfsSync(nearestFolder(folder));
  return bavail * bsize;
}

function firstMissing(folder: string): string | null {
  if (existsSync(folder)) return null;
  const parent = dirname(folder);
  return existsSync(parent) || parent === folder ? folder : firstMissing(parent);
}

function nearestFolder(folder: string): string {
  return existsSync(folder) || dirname(folder) === folder ? folder : nearestFolder(dirname(folder));
}
