/** What a person may do, from least to most. See DESIGN §6 and `rights.ts`. */
export const ROLES = ['viewer', 'auditor', 'manager', 'admin'] as const;
export type Role = (typeof ROLES)[number];

/** A person who may sign in. */
export interface Account {
  /** Canonical: see {@link canonicalName}. */
  readonly name: string;
  readonly role: Role;
  readonly disabled: boolean;
  /** ISO 8601, UTC. */
  readonly createdAt: string;
}

/**
 * Who there is and whether a password is theirs. Kept small, so that another provider (Supabase Auth, a directory) can
 * take its place without anybody getting a new name.
 */
export interface AccountProvider {
  list(): Promise<readonly Account[]>;
  find(name: string): Promise<Account | null>;
  /**
   * The account when the password is right and the account is enabled, else null. Takes as long for a name that does not exist.
   * @throws TooManySignIns  when more passwords wait to be compared than this machine can do in time
   */
  verify(name: string, password: string): Promise<Account | null>;
  /**
   * @returns the new password, in clear, for the last time
   * @throws NameNotAllowed, NameTaken
   */
  add(name: string, role: Role): Promise<string>;
  /**
   * @returns the new password, in clear, for the last time
   * @throws PersonUnknown
   */
  resetPassword(name: string): Promise<string>;
  /** @throws PersonUnknown, PasswordWrong  (`current`), PasswordRefused  (`chosen` is too weak) */
  changePassword(name: string, current: string, chosen: string): Promise<void>;
  /** @throws PersonUnknown, LastAdmin */
  setRole(name: string, role: Role): Promise<void>;
  /** @throws PersonUnknown, LastAdmin */
  setDisabled(name: string, disabled: boolean): Promise<void>;
}

/** Letters, digits and `. _ @ -`, so that a mail address can be a name and no name can break a log line or a page. */
const NAME = /^[a-z0-9][a-z0-9._@-]{0,63}$/;

/** One spelling per person: "Ann " and "ann" are the same. */
export function canonicalName(text: string): string {
  return text.normalize('NFKC').trim().toLowerCase();
}

export function isName(canonical: string): boolean {
  return NAME.test(canonical);
}

export function isRole(text: unknown): text is Role {
  return ROLES.some((role) => role === text);
}
