import { BillingAuditError } from '../errors';

/** A mail that is ready to leave. */
export interface OutgoingMail {
  readonly from: string;
  readonly to: string;
  readonly subject: string;
  readonly text: string;
  readonly html: string;
  /** With its angle brackets; the same at each try. */
  readonly messageId: string;
  readonly inReplyTo: string | null;
  /** The first try: the same at each. Milliseconds since 1970. */
  readonly date: number;
}

/** Carries mails out of the house. */
export interface MailTransport {
  /**
   * Resolves when the other side has taken the mail.
   * @param handOver  called once, right before the text leaves; false = another sender has the mail, so it must not
   * @param signal    gives up
   * @throws MailFailure
   */
  deliver(mail: OutgoingMail, handOver: () => Promise<boolean>, signal: AbortSignal): Promise<void>;
}

/**
 * Why a mail was not delivered, and what that means for it.
 * `later`: nothing was delivered, another try may work. `refused`: this mail will never be taken. `cut`: it may have been
 * delivered; nobody can know. `lost`: another sender has it.
 */
export class MailFailure extends BillingAuditError {
  readonly code = 'mail_failure';

  constructor(
    readonly kind: 'later' | 'refused' | 'cut' | 'lost',
    why: string,
    readonly hint: string,
    options?: { cause?: unknown },
  ) {
    super(why, { kind }, options);
  }
}
