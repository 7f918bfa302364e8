import { z } from 'zod';
import type { Account } from './account';
import { readPrivateFile, writePrivateFile } from './private-file';
import { newRecoveryCodes, recoveryHash } from './recovery-codes';
import { stepOfCode } from './totp';

const factorOnDisk = z.strictObject({
  name: z.string().min(1),
  /** Of the account: one that was made anew under the same name has none. */
  accountCreatedAt: z.iso.datetime(),
  /** Base32. */
  key: z.string().regex(/^[A-Z2-7]{32}$/),
  since: z.iso.datetime(),
  /** Of the last code that was taken: no code is taken twice. */
  lastStep: z.number().int(),
  /** SHA-256 of each recovery code that was not used, hexadecimal. */
  recovery: z.array(z.string().regex(/^[0-9a-f]{64}$/)),
});
const fileOnDisk = z.strictObject({ version: z.literal(1), factors: z.array(factorOnDisk) });
type Factor = z.infer<typeof factorOnDisk>;

/** Whose factor it is. */
export type Owner = Pick<Account, 'name' | 'createdAt'>;

export interface FactorState {
  /** ISO 8601, UTC. */
  readonly since: string;
  readonly recoveryCodesLeft: number;
}

/**
 * Second factors in one file of the home's `keys` folder, readable by its owner only. It is read at each question: the
 * command line resets a factor while the server runs. Nothing is awaited between reading and writing, so that of two
 * requests with one code a single one is taken.
 */
export class SecondFactorFile {
  /** @throws KeysUnreadable  when it is there and damaged */
  constructor(private readonly path: string) {
    this.read();
  }

  /** @returns null where the account has none */
  of(owner: Owner): FactorState | null {
    const factor = find(this.read(), owner);
    return factor ? { since: factor.since, recoveryCodesLeft: factor.recovery.length } : null;
  }

  /** Names of the accounts that have one. */
  names(): readonly string[] {
    return this.read().map(({ name }) => name);
  }

  /**
   * Sets a factor up, in place of one that was there, once its owner has shown a code of the key.
   * @returns its recovery codes, in clear, for the last time; null when the code is not of the key
   */
  setUp(owner: Owner, key: string, code: string, at: number): readonly string[] | null {
    const lastStep = stepOfCode(key, code.replace(/\s/gu, ''), { at, after: -1 });
    if (lastStep === null) return null;
    const { codes, hashes } = newRecoveryCodes();
    const since = new Date(at).toISOString();
    const factor = { name: owner.name, accountCreatedAt: owner.createdAt, key, since, lastStep, recovery: [...hashes] };
    this.write([...this.read().filter(({ name }) => name !== owner.name), factor]);
    return codes;
  }

  /** Takes a code of the app, or a recovery code; either once. @returns which it was, null: neither */
  take(owner: Owner, typed: string, at: number): 'code' | 'recovery_code' | null {
    const factors = this.read();
    const factor = find(factors, owner);
    if (!factor) return null;
    const step = stepOfCode(factor.key, typed.replace(/\s/gu, ''), { at, after: factor.lastStep });
    if (step !== null) {
      this.write(replaced(factors, { ...factor, lastStep: step }));
      return 'code';
    }
    const hash = recoveryHash(typed);
    if (hash === null || !factor.recovery.includes(hash)) return null;
    this.write(replaced(factors, { ...factor, recovery: factor.recovery.filter((each) => each !== hash) }));
    return 'recovery_code';
  }

  /** Recovery codes in place of those that were there. @returns them, in clear, for the last time; null: no factor */
  renewRecovery(owner: Owner): readonly string[] | null {
    const factors = this.read();
    const factor = find(factors, owner);
    if (!factor) return null;
    const { codes, hashes } = newRecoveryCodes();
    this.write(replaced(factors, { ...factor, recovery: [...hashes] }));
    return codes;
  }

  /** @returns whether there was one */
  remove(name: string): boolean {
    const factors = this.read();
    const left = factors.filter((factor) => factor.name !== name);
    if (left.length === factors.length) return false;
    this.write(left);
    return true;
  }

  private read(): readonly Factor[] {
    return readPrivateFile(this.path, (json) => fileOnDisk.parse(json))?.factors ?? [];
  }

  private write(factors: readonly Factor[]): void {
    writePrivateFile(this.path, `${JSON.stringify({ version: 1, factors }, null, 2)}\n`);
  }
}

function find(factors: readonly Factor[], { name, createdAt }: Owner): Factor | undefined {
  return factors.find((factor) => factor.name === name && factor.accountCreatedAt === createdAt);
}

function replaced(factors: readonly Factor[], factor: Factor): readonly Factor[] {
  return factors.map((each) => (each.name === factor.name ? factor : each));
}
