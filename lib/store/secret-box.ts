import { createCipheriv, createDecipheriv, hkdfSync, randomBytes } from 'node:crypto';
import { SecretUnreadable } from './store-errors';

/** Seals short secrets for storage, each bound to what it belongs to: a sealed text moved elsewhere does not open. */
export interface SecretBox {
  seal(secret: string, about: string): string;
  /** @throws SecretUnreadable */
  open(sealed: string, about: string): string;
}

export const KEY_BYTES = 32;
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
 * The box of a host that knows nothing but the key of the store, such as n8n: each of its processes comes to the same
 * box, and nobody without the key does. A new key opens none of the old boxes: such a webhook is made anew.
 */
export function secretBoxOfStoreKey(storeKey: string): SecretBox {
  return secretBox(new Uint8Array(hkdfSync('sha256', storeKey, '', 'billing-audit webhook secrets v1', KEY_BYTES)));
}
