import { closeSync, existsSync, fsyncSync, openSync, readFileSync, renameSync, writeSync } from 'node:fs';
import { dirname } from 'node:path';
import { KeysUnreadable } from './account-errors';

/**
 * Replaces a file that only its owner may read, all or nothing: after a crash it holds the old text or the new one.
 * @throws the file system's error; the old text is then still there
 */
export function writePrivateFile(path: string, text: string): void {
  const temporary = `${path}.new`;
  const file = openSync(temporary, 'w', 0o600);
  try {
    writeSync(file, text);
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
  renameSync(temporary, path);
  syncFolder(dirname(path));
}

/**
 * @returns null when there is no such file
 * @throws KeysUnreadable  when it is there and cannot be read, or `parse` refuses it
 */
export function readPrivateFile<Value>(path: string, parse: (json: unknown) => Value): Value | null {
  if (!existsSync(path)) return null;
  try {
    return parse(JSON.parse(readFileSync(path, 'utf8')));
  } catch (thrown) {
    throw new KeysUnreadable(path, thrown);
  }
}

/** Makes the rename last through a power cut. Windows cannot open a folder, and its rename is durable without it. */
export function syncFolder(folder: string): void {
  if (process.platform === 'win32') return;
  const handle = openSync(folder, 'r');
  try {
    fsyncSync(handle);
  } finally {
    closeSync(handle);
  }
}
