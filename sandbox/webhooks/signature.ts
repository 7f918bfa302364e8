import { createHmac } from 'node:crypto';

/**
 * The value of `Smartsheet-Hmac-SHA256`: HMAC-SHA-256 in lower-case base 16 over exactly the bytes that are sent.
 * @param stripZeros drop leading zeros, as printing through a big integer does (reference §2.9)
 */
export function signatureOf(body: string, secret: string, stripZeros: boolean): string {
  const digest = createHmac('sha256', secret).update(body, 'utf8').digest('hex');
  return stripZeros ? digest.replace(/^0+/, '') : digest;
}
