import { BillingAuditError } from '../../lib/errors';

/** An alert about something that nobody could look up later would prove nothing. */
export class EventNotRecorded extends BillingAuditError {
  readonly code = 'event_not_recorded';
  readonly hint = 'Connect this node behind Audit Trail. The event is told by itself once it is recorded.';

  constructor(eventKey: string) {
    super(`The event ${eventKey} is not in the audit trail, so nobody was told of it.`, { event_key: eventKey });
  }
}

/** Nothing here can keep and send mails. */
export class AlertingMissing extends BillingAuditError {
  readonly code = 'alerting_missing';
  readonly hint = 'Run this node where a Billing Audit server or its store is.';

  constructor() {
    super('Alerts need a Billing Audit server, and there is none behind this node.');
  }
}
