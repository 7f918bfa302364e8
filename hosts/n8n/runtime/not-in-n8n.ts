import { BillingAuditError } from '../../../lib/errors';

/** Something that n8n has no place for was asked of it; a mistake in a definition. */
export class NotInN8n extends BillingAuditError {
  readonly code = 'not_in_n8n';
  readonly hint = 'Use a Billing Audit server for this.';

  constructor(what: string) {
    super(`n8n cannot do this: ${what}.`, { what });
  }
}
