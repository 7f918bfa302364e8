import { BillingAuditError } from '../errors';

/** Numbers that a model shall learn from, or judge, cannot be used. */
export class BadNumbers extends BillingAuditError {
  readonly code = 'bad_numbers';

  constructor(
    message: string,
    readonly hint: string,
    context: Record<string, unknown> = {},
  ) {
    super(message, context);
  }
}

/** Labels that a model shall learn from are not classes 0, 1, ..., K-1 with at least two of them present. */
export class BadLabels extends BillingAuditError {
  readonly code = 'bad_labels';
  readonly hint = 'Give one whole number for each row, 0 to K-1, with every class present at least once.';
}

/** A saved model is damaged, or was written by another version. */
export class BadModel extends BillingAuditError {
  readonly code = 'bad_model';
  readonly hint = 'Train it again with this version, or go back to the version that wrote it.';

  constructor(kind: string, why: string, context: Record<string, unknown> = {}) {
    super(`This is not a ${kind} that can be used: ${why}.`, { kind, ...context });
  }
}
