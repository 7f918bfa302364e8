import { BillingAuditError, messageOf } from '../../../lib/errors';

/**
 * An error in the form that Node-RED carries to a Catch node: `msg.error.message` says what and what to do,
 * `msg.error.code` is the stable code, and `msg.error.cause` holds code, message, hint and context apart.
 */
export class CatchableError extends Error {
  readonly code: string;
  readonly hint: string;
  readonly context: Readonly<Record<string, unknown>>;
  override readonly cause: ReturnType<BillingAuditError['toJSON']>;

  constructor(thrown: unknown) {
    const known = describeError(thrown);
    super(known.hint ? `${known.message} ${known.hint}` : known.message);
    this.name = thrown instanceof Error ? thrown.name : 'Error';
    this.code = known.code;
    this.hint = known.hint;
    this.context = known.context;
    this.cause = known;
    if (thrown instanceof Error && thrown.stack) this.stack = thrown.stack;
  }
}

/** Code, message, hint and context of whatever was thrown. */
export function describeError(thrown: unknown): ReturnType<BillingAuditError['toJSON']> {
  if (thrown instanceof BillingAuditError) return thrown.toJSON();
  return { code: 'unexpected_error', message: messageOf(thrown), hint: '', context: {} };
}
