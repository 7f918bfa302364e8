import { BillingAuditError } from '../../errors';

/** Rows can be moved only into a store that holds none. */
export class StoreNotEmpty extends BillingAuditError {
  readonly code = 'store_not_empty';
  readonly hint =
    'Name an empty database. Two trails cannot be made one: each has its own chains and its own signed tree.';

  constructor(readonly tables: readonly string[]) {
    super(`The database holds rows already, in ${tables.slice(0, 5).join(', ')}. Nothing was changed.`, { tables });
  }
}

/** Two stores do not have the same tables. */
export class StoresDiffer extends BillingAuditError {
  readonly code = 'stores_differ';
  readonly hint = 'Bring both to the form of this version: start the server once, and run "billing-audit migrate".';

  constructor(readonly differences: readonly string[]) {
    super(`The two stores do not have the same form: ${differences.slice(0, 5).join('; ')}.`, { differences });
  }
}

/** What arrived is not what was sent. */
export class RowsDiffer extends BillingAuditError {
  readonly code = 'rows_differ';
  readonly hint =
    'Nothing was kept. Try it again with nothing else at work on either store; if it happens again, report it.';

  constructor(readonly differences: readonly string[]) {
    super(`What arrived is not what was sent: ${differences.slice(0, 5).join('; ')}.`, { differences });
  }
}
