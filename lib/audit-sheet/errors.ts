import { BillingAuditError } from '../errors';

/** The sheet lacks what a row needs. It is the user's: no column is added to it. */
export class AuditSheetLacksColumns extends BillingAuditError {
  readonly code = 'audit_sheet_lacks_columns';
  readonly hint: string;

  constructor(name: string, sheetId: string, missing: readonly string[]) {
    const named = missing.map((title) => `"${title}"`).join(', ');
    super(`The audit sheet "${name}" (${sheetId}) has no column ${named}.`, { sheet_id: sheetId, missing });
    this.hint = `Add ${named} to the sheet. Events wait and are written then; a column that was only renamed is found by itself.`;
  }
}

/** The sheet is one of those that are watched: rows of ours would be changes to be audited. */
export class AuditSheetIsWatched extends BillingAuditError {
  readonly code = 'audit_sheet_is_watched';
  readonly hint = 'Choose another sheet in Audit Trail, or have one made. A billing sheet is never written to.';

  constructor(sheetId: string) {
    super(`The sheet ${sheetId} is watched for changes and cannot be the audit sheet.`, { sheet_id: sheetId });
  }
}

/** Only one node says where events go. */
export class SecondAuditSheet extends BillingAuditError {
  readonly code = 'second_audit_sheet';
  readonly hint = 'All recorded events go to one sheet, whichever node recorded them: switch it on in one node only.';

  constructor() {
    super('Another Audit Trail node writes events to another sheet already.');
  }
}

/** Another process has taken over writing; what this one has not marked is looked for in the sheet by the other. */
export class WritingTaken extends BillingAuditError {
  readonly code = 'writing_taken';
  readonly hint = 'Nothing to do.';

  constructor() {
    super('Another process writes to the audit sheet now.');
  }
}

/** A newer program recorded these events; what they are is not known here, so they are not written. */
export class UnreadableEvents extends BillingAuditError {
  readonly code = 'unreadable_events';
  readonly hint = 'Update this installation of Billing Audit to the version of the others that use this store.';

  constructor(eventKeys: readonly string[]) {
    const named = eventKeys.slice(0, 3).join(', ') + (eventKeys.length > 3 ? ', ...' : '');
    super(`${eventKeys.length} events cannot be read and wait for the audit sheet: ${named}.`, {
      event_keys: eventKeys,
    });
  }
}
