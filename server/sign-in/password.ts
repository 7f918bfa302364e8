import { randomInt } from 'node:crypto';
import { compare, hash, truncates } from 'bcryptjs';
import { PasswordRefused, TooManySignIns } from './account-errors';

/** Doubles the work with each step; 11 is about a tenth of a second of one core. */
const COST = 11;
const SHORTEST = 12;
/** No 0/O, 1/l/I: people read these from a screen and type them. */
const LETTERS = 'abcdefghjkmnpqrstuvwxyz23456789';
const AT_ONCE = 2;
const WAITING_AT_MOST = 40;

/** A password of 20 letters (99 bits) in groups that can be read aloud. */
export function newPassword(): string {
  const group = (): string => Array.from({ length: 5 }, () => LETTERS[randomInt(LETTERS.length)]).join('');
  return [group(), group(), group(), group()].join('-');
}

/**
 * Whether a person may have chosen this one.
 * @throws PasswordRefused  naming what is wrong with it
 */
export function checkChosenPassword(name: string, chosen: string): void {
  const hint = `Choose at least ${SHORTEST} characters; a few words in a row are easy to remember.`;
  if ([...chosen].length < SHORTEST) throw new PasswordRefused('The new password is too short.', hint);
  // bcrypt looks at 72 bytes only; what comes behind would be a password in appearance.
  if (truncates(chosen))
    throw new PasswordRefused('The new password is too long.', 'Keep it to 72 characters or fewer.');
  if (chosen.toLowerCase().includes(name) || new Set(chosen).size < 5) {
    throw new PasswordRefused('The new password is too easy to guess.', hint);
  }
}

export function hashPassword(password: string): Promise<string> {
  return hash(password, COST);
}

/** Compares passwords a few at a time, so that guessing cannot take the whole process. */
export class PasswordComparer {
  private running = 0;
  private readonly waiting: (() => void)[] = [];

  /** @throws TooManySignIns  when too many wait already */
  async matches(password: string, passwordHash: string): Promise<boolean> {
    if (this.running >= AT_ONCE) await this.turn();
    else this.running += 1;
    try {
      return await compare(password, passwordHash);
    } finally {
      // The place is handed over, not given back, while somebody waits.
      const next = this.waiting.shift();
      if (next) next();
      else this.running -= 1;
    }
  }

  private turn(): Promise<void> {
    if (this.waiting.length >= WAITING_AT_MOST) throw new TooManySignIns();
    return new Promise((resolve) => this.waiting.push(resolve));
  }
}
