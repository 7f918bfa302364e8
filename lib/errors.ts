/**
 * The base of every failure that this product knows about: a fact, a place and a way out.
 *
 * `code` is stable and in snake_case (tests, metrics and hosts look at it, never at the message), `hint` says what a
 * person can do now, `context` carries the ids that the message mentions. Nothing here knows a host; the host turns it
 * into a Catch message, a NodeApiError, an HTTP status or a line of the CLI, and logs it once.
 */
export abstract class BillingAuditError extends Error {
  abstract readonly code: string;
  abstract readonly hint: string;
  readonly context: Readonly<Record<string, unknown>>;

  constructor(message: string, context: Record<string, unknown> = {}, options?: { cause?: unknown }) {
    super(message, options);
    this.name = new.target.name;
    this.context = context;
  }

  /** A plain object for wires, logs and answers: no stack, no cause. */
  toJSON(): { code: string; message: string; hint: string; context: Readonly<Record<string, unknown>> } {
    return { code: this.code, message: this.message, hint: this.hint, context: this.context };
  }
}

/** A message on a wire is not of the type that the node takes. */
export class WrongMessageType extends BillingAuditError {
  readonly code = 'wrong_message_type';
  readonly hint: string;

  constructor(
    readonly expected: string,
    readonly found: string,
    readonly problems: readonly string[],
  ) {
    super(`Expected ${withArticle(expected)}, got ${found}: ${problems.join('; ')}.`, { expected, found, problems });
    this.hint = `Connect this node to one that gives ${withArticle(expected)}, or look at the message with a debug node.`;
  }
}

/** A field of a node, or an environment variable, holds something that cannot be used. */
export class BadSetting extends BillingAuditError {
  readonly code = 'bad_setting';

  constructor(
    readonly field: string,
    why: string,
    readonly hint: string,
  ) {
    super(`"${field}" ${why}.`, { field });
  }
}

/** The text of any thrown value, for logs and messages. */
export function messageOf(thrown: unknown): string {
  return thrown instanceof Error ? thrown.message : String(thrown);
}

function withArticle(noun: string): string {
  return `${/^[aeiou]/i.test(noun) ? 'an' : 'a'} ${noun}`;
}
