import { rmSync } from 'node:fs';
import { z } from 'zod';
import { ROLES, type Role } from './account';
import { readPrivateFile, writePrivateFile } from './private-file';

/** A person who has just got a password; to be shown. */
export interface NewPassword {
  readonly name: string;
  readonly role: Role;
  readonly password: string;
}

const personOnDisk = z.strictObject({ name: z.string(), role: z.enum(ROLES), password: z.string() });
const fileOnDisk = z.strictObject({ version: z.literal(1), people: z.array(personOnDisk) });

/**
 * The passwords of the first people in clear, until an admin has signed in: a start that died before anybody could read
 * them would otherwise leave accounts that nobody can enter. The file lies beside the accounts, for its owner only.
 */
export class FirstPasswords {
  constructor(private readonly path: string) {}

  /** @throws KeysUnreadable */
  read(): readonly NewPassword[] {
    return readPrivateFile(this.path, (json) => fileOnDisk.parse(json))?.people ?? [];
  }

  keep(people: readonly NewPassword[]): void {
    writePrivateFile(this.path, `${JSON.stringify({ version: 1, people })}\n`);
  }

  /** Once somebody who can make new passwords is in, these are needed by nobody. */
  forget(): void {
    rmSync(this.path, { force: true });
  }
}
