import { createHash, randomInt } from 'node:crypto';

/** For whoever lost the phone; one for each time. */
const HOW_MANY = 10;
/** As in passwords: no 0/O, 1/l/I. Fifteen are 74 bits: too many to try, so a plain hash keeps them. */
const LETTERS = 'abcdefghjkmnpqrstuvwxyz23456789';
const FORM = /^[a-z2-9]{15}$/u;

/** Codes in groups that can be read aloud, and what is kept of each. */
export function newRecoveryCodes(): { readonly codes: readonly string[]; readonly hashes: readonly string[] } {
  const group = (): string => Array.from({ length: 5 }, () => LETTERS[randomInt(LETTERS.length)]).join('');
  const codes = Array.from({ length: HOW_MANY }, () => `${group()}-${group()}-${group()}`);
  return { codes, hashes: codes.map((code) => hashOf(plain(code))) };
}

/** What is kept of a typed code, whatever its case, spaces and dashes; null: it cannot be one. */
export function recoveryHash(typed: string): string | null {
  const code = plain(typed);
  return FORM.test(code) ? hashOf(code) : null;
}

function plain(code: string): string {
  return code.toLowerCase().replace(/[\s-]/gu, '');
}

function hashOf(code: string): string {
  return createHash('sha256').update(code).digest('hex');
}
