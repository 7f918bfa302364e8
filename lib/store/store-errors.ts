import { BillingAuditError, messageOf } from '../errors';

/** The store cannot be reached, is closed, or did not answer in time: the call may have been done. It is safe to repeat. */
export class StoreUnavailable extends BillingAuditError {
  readonly code = 'store_unavailable';
  readonly hint: string;

  constructor(why: string, { hint = UNAVAILABLE, ...options }: { cause?: unknown; hint?: string } = {}) {
    super(`The store is not available: ${why}.`, {}, options);
    this.hint = hint;
  }
}

const UNAVAILABLE = 'The call is safe to repeat. If this goes on, look at the log and at the free space of the disk.';

/** The store is there, and does not let us in as we are set up. Waiting does not help; somebody has to change something. */
export class StoreMisconfigured extends BillingAuditError {
  readonly code = 'store_misconfigured';

  constructor(
    readonly why: 'password' | 'database' | 'rights' | 'tls' | 'roles' | 'version' | 'key',
    message: string,
    readonly hint: string,
    options?: { cause?: unknown },
  ) {
    super(message, { why }, options);
  }
}

/** What every driver says of a function that the database does not have. */
export function missingFunction(name: string, where: string): StoreRefused {
  return new StoreRefused(
    '42883',
    `The function ${name} is missing in ${where}.`,
    `Run "billing-audit migrate" on that database; if it has been run, this program is older or newer than the database.`,
  );
}

/** A function of the store raised an error: nothing of the call was done. */
export class StoreRefused extends BillingAuditError {
  readonly code = 'store_refused';

  /**
   * @param sqlstate  five characters; `BAnnn` are ours (see the first migration), the rest are PostgreSQL's
   */
  constructor(
    readonly sqlstate: string,
    message: string,
    readonly hint: string,
    readonly detail: string | null = null,
    /** Of several statements the one that was refused, from 0. */
    readonly statement: number | null = null,
  ) {
    super(message, { sqlstate, ...(detail === null ? {} : { detail }) });
  }
}

/** Another process has this embedded store open; two would destroy each other's rows. */
export class StoreLocked extends BillingAuditError {
  readonly code = 'store_locked';
  readonly hint: string;

  constructor(
    readonly directory: string,
    readonly holder: { readonly pid: number; readonly host: string; readonly since: string },
    lockFile: string,
  ) {
    super(`The store in ${directory} is in use by process ${holder.pid} on ${holder.host} since ${holder.since}.`, {
      directory,
      ...holder,
    });
    this.hint = `Stop that process, or give this one another BILLING_AUDIT_HOME. Only if you are sure that nothing uses the store: delete ${lockFile}.`;
  }
}

/** The embedded store would lose acknowledged rows when the power fails: its writes do not reach the disk. */
export class StoreNotSynced extends BillingAuditError {
  readonly code = 'store_not_synced';
  readonly hint = 'Install the version of @electric-sql/pglite that this package names, or set DATABASE_URL.';

  constructor(why: string) {
    super(`The embedded store was not opened: ${why}.`);
  }
}

/** The SQL files do not fit the database: there are none, or the database was made by a newer program. */
export class MigrationMissing extends BillingAuditError {
  readonly code = 'migration_missing';

  constructor(
    message: string,
    readonly hint: string,
    context: Record<string, unknown>,
  ) {
    super(message, context);
  }
}

/** A sealed secret cannot be opened: the key is another one, or the text was altered. */
export class SecretUnreadable extends BillingAuditError {
  readonly code = 'secret_unreadable';
  readonly hint =
    'Restore the folder keys/ that belongs to this store (servers that share a database need the same keys/store.key), or remove the webhook and let it be made anew.';

  constructor(about: string, options?: { cause?: unknown }) {
    super(`The stored secret of ${about} cannot be read with the key of this home.`, { about }, options);
  }
}

/** A file of an upgrade was refused, and with it the whole of it: the database is as it was. */
export class MigrationRefused extends BillingAuditError {
  readonly code = 'migration_refused';
  readonly hint = 'Nothing was changed: go on with the version of Billing Audit that you had, and report this message.';

  constructor(file: string, from: string | null, cause: Error) {
    const stays = from === null ? 'It stays empty' : `It stays at ${from}, with all that it holds`;
    super(`The store was not upgraded: ${file} was refused (${cause.message}). ${stays}.`, { file, from }, { cause });
  }
}

/** A store is not upgraded without a copy of it. */
export class CopyNotMade extends BillingAuditError {
  readonly code = 'copy_not_made';
  readonly hint = 'Make room there, or give this user the right to write there; then try again. Nothing was changed.';

  constructor(folder: string, cause: unknown) {
    super(`The store could not be copied to ${folder}: ${messageOf(cause)}.`, { folder }, { cause });
  }
}
