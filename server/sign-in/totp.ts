import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';

/** RFC 6238 as authenticator apps know it: HMAC-SHA-1, 30 s, six digits. Other values are not understood by all of them. */
const STEP_MILLISECONDS = 30_000;
const DIGITS = 6;
/** Clocks of phones differ, and people type slowly: one step before and after is taken too (RFC 6238 §5.2). */
const STEPS_BESIDE = 1;
const KEY_BYTES = 20;
const LETTERS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567';

/** A key of 160 bits, as long as the hash (RFC 4226 §4), in Base32 as people type it into an app. */
export function newTotpKey(): string {
  return base32Of(randomBytes(KEY_BYTES));
}

/** The number of the step that an instant lies in. */
export function stepAt(milliseconds: number): number {
  return Math.floor(milliseconds / STEP_MILLISECONDS);
}

/** RFC 4226 §5.3: the code of a step. */
export function codeOf(key: Uint8Array, step: number, digits = DIGITS): string {
  const counter = Buffer.alloc(8);
  counter.writeBigUInt64BE(BigInt(step));
  const hash = createHmac('sha1', key).update(counter).digest();
  const offset = (hash.at(-1) ?? 0) & 0x0f;
  const number = hash.readUInt32BE(offset) & 0x7fff_ffff;
  return String(number % 10 ** digits).padStart(digits, '0');
}

/**
 * The step whose code this is, near an instant. All steps are compared, so that the time it takes says nothing.
 * @param after  the step of the last code that was taken: it, and those before it, are taken by nobody any more
 * @returns null when it is none
 */
export function stepOfCode(
  key: string,
  code: string,
  { at, after }: { readonly at: number; readonly after: number },
): number | null {
  if (!/^\d{6}$/u.test(code)) return null;
  const bytes = bytesOf(key);
  const now = stepAt(at);
  let found: number | null = null;
  for (let step = now - STEPS_BESIDE; step <= now + STEPS_BESIDE; step += 1) {
    const isIt = timingSafeEqual(Buffer.from(codeOf(bytes, step)), Buffer.from(code));
    if (isIt && step > after) found ??= step;
  }
  return found;
}

/** What an app takes instead of the key alone: opened on a phone, it adds the account by itself. */
export function totpLink(key: string, account: string, issuer: string): string {
  const label = `${encodeURIComponent(issuer)}:${encodeURIComponent(account)}`;
  return `otpauth://totp/${label}?secret=${key}&issuer=${encodeURIComponent(issuer)}`;
}

/** Base32 (RFC 4648 §6) without padding, as apps take it. */
export function base32Of(bytes: Uint8Array): string {
  const bits = [...bytes].map((byte) => byte.toString(2).padStart(8, '0')).join('');
  return (bits.match(/.{1,5}/gu) ?? []).map((five) => LETTERS[parseInt(five.padEnd(5, '0'), 2)]).join('');
}

/** @throws RangeError  for a letter that Base32 does not have */
export function bytesOf(base32: string): Uint8Array {
  const bits = [...base32].map((letter) => {
    const value = LETTERS.indexOf(letter);
    if (value < 0) throw new RangeError('A key holds a letter that is none of Base32.');
    return value.toString(2).padStart(5, '0');
  });
  return Uint8Array.from((bits.join('').match(/.{8}/gu) ?? []).map((eight) => parseInt(eight, 2)));
}
