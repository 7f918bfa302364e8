import { createHmac, timingSafeEqual } from 'node:crypto';

/** Why a callback's signature was not accepted. */
export type SignatureProblem = 'missing' | 'malformed' | 'mismatch';

export type SignatureVerdict =
  | { readonly authentic: true; readonly matched: 'current' | 'previous' }
  | { readonly authentic: false; readonly why: SignatureProblem };

/** The header in which Smartsheet sends the signature, as Node spells header names. */
export const SIGNATURE_HEADER = 'smartsheet-hmac-sha256';

const HEX_DIGITS = 64;

/**
 * Checks that a callback was signed with a webhook's secret: HMAC-SHA256 over the bytes as received, in base 16.
 *
 * Smartsheet's own example prints the digest through a big integer, which drops leading zeros, so a shorter header is
 * padded on the left (reference §2.9). Both secrets are always tried and compared in constant time.
 * @param body    the exact bytes of the request
 * @param header  the value of `Smartsheet-Hmac-SHA256`; a repeated header (an array, or joined by commas) is malformed
 * @param secrets the webhook's secret, and the one before it while that is still accepted
 */
export function checkSignature(
  body: Uint8Array,
  header: string | readonly string[] | undefined,
  secrets: { readonly current: string; readonly previous: string | null },
): SignatureVerdict {
  if (header === undefined || header === '') return { authentic: false, why: 'missing' };
  if (typeof header !== 'string') return { authentic: false, why: 'malformed' };
  const given = header.trim().toLowerCase();
  if (!/^[0-9a-f]{1,64}$/.test(given)) return { authentic: false, why: 'malformed' };
  const padded = Buffer.from(given.padStart(HEX_DIGITS, '0'), 'hex');
  const isCurrent = timingSafeEqual(padded, digest(body, secrets.current));
  const isPrevious = timingSafeEqual(padded, digest(body, secrets.previous ?? secrets.current));
  if (isCurrent) return { authentic: true, matched: 'current' };
  if (isPrevious) return { authentic: true, matched: 'previous' };
  return { authentic: false, why: 'mismatch' };
}

function digest(body: Uint8Array, secret: string): Buffer {
  return createHmac('sha256', secret).update(body).digest();
}
