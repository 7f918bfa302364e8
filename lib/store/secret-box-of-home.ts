import { randomBytes } from 'node:crypto';
import { chmodSync, closeSync, fsyncSync, mkdirSync, openSync, readFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { codeOf } from './error-code';
import { KEY_BYTES, secretBox, type SecretBox } from './secret-box';

/**
 * The box of a home. Its key is `store.key` in the folder `keys/`, made at the first use, readable by its owner alone.
 * @throws SecretUnreadable  when the key file is not a key
 */
export function openSecretBox(keysDirectory: string): SecretBox {
  mkdirSync(keysDirectory, { recursive: true, mode: 0o700 });
  const file = join(keysDirectory, 'store.key');
  makeKey(file);
  return secretBox(Buffer.from(readFileSync(file, 'utf8').trim(), 'base64'));
}

/** Exclusive, so that two processes at their first start agree on one key; synced, so that no secret outlives its key. */
function makeKey(file: string): void {
  let descriptor: number;
  try {
    descriptor = openSync(file, 'wx', 0o600);
  } catch (thrown) {
    if (codeOf(thrown) === 'EEXIST') return;
    throw thrown;
  }
  try {
    writeSync(descriptor, `${randomBytes(KEY_BYTES).toString('base64')}\n`);
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
  chmodSync(file, 0o600);
}
