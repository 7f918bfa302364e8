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
  const { current, previous } = secrets;
  return compareSignature(header, {
    current: digest(body, current),
    previous: previous === null ? null : digest(body, previous),
  });
}

/** The same with digests that were made already, as of a body that is too long to be held. */
export function compareSignature(
  header: string | readonly string[] | undefined,
  digests: { readonly current: Uint8Array; readonly previous: Uint8Array | null },
): SignatureVerdict {
  const problem = signatureProblem(header);
  if (problem !== null) return { authentic: false, why: problem };
  const padded = Buffer.from(String(header).trim().padStart(HEX_DIGITS, '0'), 'hex');
  const isCurrent = timingSafeEqual(padded, digests.current);
  const isPrevious = timingSafeEqual(padded, digests.previous ?? digests.current);
  if (isCurrent) return { authentic: true, matched: 'current' };
  if (isPrevious) return { authentic: true, matched: 'previous' };
  return { authentic: false, why: 'mismatch' };
}

/** What is wrong with the form of a signature, before any byte of the body is read; null: nothing. */
export function signatureProblem(header: string | readonly string[] | undefined): 'missing' | 'malformed' | null {
  if (header === undefined || header === '') return 'missing';
  return typeof header === 'string' && /^[0-9a-f]{1,64}$/i.test(header.trim()) ? null : 'malformed';
}

function digest(body: Uint8Array, secret: string): Buffer {
  return createHmac('sha256', secret).update(body).digest();
}
