import { BillingAuditError, messageOf } from '../../../lib/errors';

/**
 * Two polls of one workflow ran at the same time. n8n lends all of them one sandbox for expressions, those of credentials
 * too, and takes it away when the first of them is over.
 */
export class PollOvertaken extends BillingAuditError {
  readonly code = 'poll_overtaken';
  readonly hint = 'Nothing is lost: the next poll goes on. If it happens often, poll less often.';

  constructor(cause: unknown) {
    super('Another poll of this workflow ended while this one was at work.', {}, { cause });
  }
}

/** How n8n says that the sandbox is gone. */
const SANDBOX_IS_GONE = /No bridge acquired for this context|Isolate for this caller is no longer available/;

/** The failure by its cause: whoever was asked when the sandbox went away is not to blame. */
export function orOvertaken(thrown: unknown): unknown {
  return SANDBOX_IS_GONE.test(messageOf(thrown)) ? new PollOvertaken(thrown) : thrown;
}
