import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import { chmodSync, closeSync, fsyncSync, mkdirSync, openSync, readFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { codeOf } from './error-code';
import { SecretUnreadable } from './store-errors';

/** Seals short secrets for storage, each bound to what it belongs to: a sealed text moved elsewhere does not open. */
export interface SecretBox {
  seal(secret: string, about: string): string;
  /** @throws SecretUnreadable */
  open(sealed: string, about: string): string;
}

const KEY_BYTES = 32;
const NONCE_BYTES = 12;
const TAG_BYTES = 16;
/** First part of a sealed text: the way it was sealed. */
const VERSION = 'v1';

/** AES-256-GCM. A sealed text is `v1.<base64url of nonce, tag, ciphertext>`. */
export function secretBox(key: Uint8Array): SecretBox {
  if (key.length !== KEY_BYTES) throw new SecretUnreadable('the key file', { cause: new Error('not 32 bytes') });
  return {
    seal(secret, about) {
      const nonce = randomBytes(NONCE_BYTES);
      const cipher = createCipheriv('aes-256-gcm', key, nonce).setAAD(Buffer.from(about));
      const text = Buffer.concat([cipher.update(secret, 'utf8'), cipher.final()]);
      return `${VERSION}.${Buffer.concat([nonce, cipher.getAuthTag(), text]).toString('base64url')}`;
    },
    open(sealed, about) {
      try {
        const [version, encoded = ''] = sealed.split('.');
        if (version !== VERSION) throw new Error(`sealed in a way unknown here: ${version}`);
        const bytes = Buffer.from(encoded, 'base64url');
        const decipher = createDecipheriv('aes-256-gcm', key, bytes.subarray(0, NONCE_BYTES), {
          authTagLength: TAG_BYTES,
        });
        decipher.setAAD(Buffer.from(about)).setAuthTag(bytes.subarray(NONCE_BYTES, NONCE_BYTES + TAG_BYTES));
        return decipher.update(bytes.subarray(NONCE_BYTES + TAG_BYTES), undefined, 'utf8') + decipher.final('utf8');
      } catch (thrown) {
        throw new SecretUnreadable(about, { cause: thrown });
      }
    },
  };
}

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
