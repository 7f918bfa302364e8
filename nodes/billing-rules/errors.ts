import { BillingAuditError } from '../../lib/errors';

/** A sheet was to be checked that nothing is known of. */
export class UnknownSheet extends BillingAuditError {
  readonly code = 'unknown_sheet';
  readonly hint = 'Watch the sheet with a Smartsheet Trigger first, and check the id: it is under File > Properties.';

  constructor(readonly sheetId: string) {
    super(`Nothing is known of the sheet ${sheetId}.`, { sheet_id: sheetId });
  }
}

/** A sheet lacks columns that the rules need. */
export class MissingColumns extends BillingAuditError {
  readonly code = 'missing_columns';
  readonly hint: string;

  /** @param missing  the columns, each with the sheet's title that was most likely meant */
  constructor(sheet: { readonly id: string; readonly name: string }, missing: readonly MissingColumn[]) {
    super(`The sheet "${sheet.name}" (${sheet.id}) lacks ${missing.map(({ column }) => `"${column}"`).join(', ')}.`, {
      sheet_id: sheet.id,
      missing,
    });
    const near = missing.filter(({ suggestion }) => suggestion !== null);
    this.hint = near.length
      ? `Did you mean ${near.map(({ column, suggestion }) => `"${suggestion}" for "${column}"`).join(', ')}? Rename it, or add it to Other column names in Billing settings.`
      : 'Add the columns to the sheet, or name the ones it uses under Other column names in Billing settings.';
  }
}

export interface MissingColumn {
  readonly column: string;
  readonly suggestion: string | null;
}

/** Somebody would approve what they changed themselves. */
export class OwnCorrection extends BillingAuditError {
  readonly code = 'own_correction';
  readonly hint = 'Let somebody else approve, or take the approver off the list of people.';

  constructor(approver: string) {
    super(`${approver} cannot approve their own corrections.`, { approver });
  }
}

/** Somebody is signed in who may look, but not decide. */
export class MayNotApprove extends BillingAuditError {
  readonly code = 'may_not_approve';
  readonly hint = 'Ask a manager or an administrator to record the approval.';

  constructor(approver: string, role: string) {
    super(`${approver} may look, but not approve: that takes a manager.`, { approver, role });
  }
}

/** An approval that could never be in force. */
export class ApprovalEndsBeforeItBegins extends BillingAuditError {
  readonly code = 'approval_ends_before_it_begins';
  readonly hint = 'Swap "from" and "to".';

  constructor(from: string, to: string) {
    super(`The approval ends (${to}) before it begins (${from}).`, { from, to });
  }
}
