import { dirname, join } from 'node:path';
import { z } from 'zod';
import type { Now } from '../../lib/ports';
import { canonicalName, isName, ROLES, type Account, type AccountProvider, type Role } from './account';
import { LastAdmin, NameNotAllowed, NameTaken, PasswordWrong, PersonUnknown } from './account-errors';
import { FirstPasswords, type NewPassword } from './first-passwords';
import { checkChosenPassword, hashPassword, newPassword, PasswordComparer } from './password';
import { readPrivateFile, writePrivateFile } from './private-file';

const accountOnDisk = z.strictObject({
  name: z.string().refine(isName),
  role: z.enum(ROLES),
  passwordHash: z.string().startsWith('$2'),
  disabled: z.boolean(),
  createdAt: z.iso.datetime(),
});
const fileOnDisk = z.strictObject({ version: z.literal(1), accounts: z.array(accountOnDisk) });
type AccountOnDisk = z.infer<typeof accountOnDisk>;

/** Accounts in one file of the home's `keys` folder, readable by its owner only. */
export class AccountFile implements AccountProvider {
  private readonly comparer = new PasswordComparer();

  private constructor(
    private readonly path: string,
    private readonly now: Now,
    /** Compared when a name is unknown, so that an unknown name takes as long as a known one. */
    private readonly nobody: string,
    private readonly firstPasswords: FirstPasswords,
    private accounts: readonly AccountOnDisk[],
  ) {}

  /**
   * @param firstPeople  made when the file does not exist yet; with none, an absent file stays absent
   * @returns the provider, and the passwords of the first people in clear, as long as no admin has signed in
   * @throws KeysUnreadable
   */
  static async open(
    path: string,
    now: Now,
    firstPeople: readonly { readonly name: string; readonly role: Role }[],
  ): Promise<{ readonly accounts: AccountFile; readonly made: readonly NewPassword[] }> {
    const found = readPrivateFile(path, (json) => fileOnDisk.parse(json));
    const first = new FirstPasswords(join(dirname(path), 'first-passwords.json'));
    const accounts = new AccountFile(path, now, await hashPassword(newPassword()), first, found?.accounts ?? []);
    if (found === null && firstPeople.length > 0) await accounts.makeFirst(firstPeople);
    return { accounts, made: await accounts.stillFirst() };
  }

  /**
   * All in one write, and their passwords before that: whenever it is killed, there are either no accounts, and the next
   * start makes them anew, or accounts whose passwords can still be shown.
   */
  private async makeFirst(people: readonly { readonly name: string; readonly role: Role }[]): Promise<void> {
    const made = people.map((person) => ({ ...person, password: newPassword() }));
    const createdAt = new Date(this.now()).toISOString();
    const accounts = await Promise.all(
      made.map(async ({ name, role, password }) => {
        return { name, role, passwordHash: await hashPassword(password), disabled: false, createdAt };
      }),
    );
    this.firstPasswords.keep(made);
    this.write(accounts);
  }

  /** The first passwords that are still to be shown and still hold. */
  private async stillFirst(): Promise<readonly NewPassword[]> {
    const people = this.firstPasswords.read();
    const hold = await Promise.all(
      people.map(({ name, password }) =>
        this.comparer.matches(password, this.lookUp(name)?.passwordHash ?? this.nobody),
      ),
    );
    return people.filter((_person, index) => hold[index]);
  }

  list(): Promise<readonly Account[]> {
    return Promise.resolve(this.accounts.map(withoutHash));
  }

  find(name: string): Promise<Account | null> {
    const found = this.lookUp(name);
    return Promise.resolve(found ? withoutHash(found) : null);
  }

  async verify(name: string, password: string): Promise<Account | null> {
    const found = this.lookUp(name);
    const right = await this.comparer.matches(password, found?.passwordHash ?? this.nobody);
    // Looked up again: the account may have been disabled while we compared.
    const still = this.lookUp(name);
    if (!right || !still || still.disabled || still.passwordHash !== found?.passwordHash) return null;
    if (still.role === 'admin') this.firstPasswords.forget();
    return withoutHash(still);
  }

  async add(text: string, role: Role): Promise<string> {
    const name = canonicalName(text);
    if (!isName(name)) throw new NameNotAllowed();
    const password = newPassword();
    const passwordHash = await hashPassword(password);
    if (this.lookUp(name)) throw new NameTaken(name);
    const createdAt = new Date(this.now()).toISOString();
    this.write([...this.accounts, { name, role, passwordHash, disabled: false, createdAt }]);
    return password;
  }

  async resetPassword(name: string): Promise<string> {
    const password = newPassword();
    this.change(name, { passwordHash: await hashPassword(password) });
    return password;
  }

  async changePassword(name: string, current: string, chosen: string): Promise<void> {
    const found = this.lookUp(name);
    if (!found) throw new PersonUnknown();
    if (!(await this.comparer.matches(current, found.passwordHash))) throw new PasswordWrong();
    checkChosenPassword(found.name, chosen);
    this.change(name, { passwordHash: await hashPassword(chosen) });
  }

  async setRole(name: string, role: Role): Promise<void> {
    if (role !== 'admin') this.keepAnAdmin(name);
    this.change(name, { role });
  }

  async setDisabled(name: string, disabled: boolean): Promise<void> {
    if (disabled) this.keepAnAdmin(name);
    this.change(name, { disabled });
  }

  private keepAnAdmin(text: string): void {
    const admins = this.accounts.filter(({ role, disabled }) => role === 'admin' && !disabled);
    const [only] = admins;
    if (admins.length === 1 && only?.name === canonicalName(text)) throw new LastAdmin(only.name);
  }

  private change(name: string, change: Partial<AccountOnDisk>): void {
    const found = this.lookUp(name);
    if (!found) throw new PersonUnknown();
    this.write(this.accounts.map((account) => (account === found ? { ...account, ...change } : account)));
  }

  private lookUp(text: string): AccountOnDisk | undefined {
    const name = canonicalName(text);
    return this.accounts.find((account) => account.name === name);
  }

  /** The file first: what could not be kept does not hold in memory either. */
  private write(accounts: readonly AccountOnDisk[]): void {
    writePrivateFile(this.path, `${JSON.stringify({ version: 1, accounts }, null, 2)}\n`);
    this.accounts = accounts;
  }
}

function withoutHash({ name, role, disabled, createdAt }: AccountOnDisk): Account {
  return { name, role, disabled, createdAt };
}
