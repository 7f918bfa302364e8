import { BillingAuditError } from '../lib/errors';

/**
 * An answer that Smartsheet would give to a request it refuses.
 * `status` and `errorCode` are the pair of `shared/reference/smartsheet-api.md` §4; the body is `{errorCode, message, refId}`.
 */
export class SmartsheetRefusal extends BillingAuditError {
  readonly code = 'smartsheet_refusal';
  readonly hint = 'Compare the request with the Smartsheet API: the error code says which rule it broke.';

  constructor(
    readonly status: number,
    readonly errorCode: number,
    message: string,
    readonly detail?: unknown,
  ) {
    super(message, { status, errorCode });
  }
}

/** A request to the control interface `/sandbox/...` that cannot be done. Answered 400 (or 404, 409) with a hint. */
export class ControlRefusal extends BillingAuditError {
  readonly code = 'control_refusal';

  constructor(
    message: string,
    readonly hint: string,
    readonly status = 400,
  ) {
    super(message, { status });
  }
}

/** The saved state of a sandbox cannot be read. Nothing was changed on disk. */
export class SandboxStateDamaged extends BillingAuditError {
  readonly code = 'sandbox_state_damaged';
  readonly hint = 'Move the file away to begin with an empty sandbox, or put back a copy that is whole.';

  constructor(file: string, why: string) {
    super(`The sandbox state in ${file} cannot be read: ${why}.`, { file });
  }
}

/** A CSV file given to `--load`, `--replay` or `/sandbox/load` cannot be used. */
export class UnusableCsv extends BillingAuditError {
  readonly code = 'unusable_csv';

  constructor(
    source: string,
    why: string,
    readonly hint: string,
  ) {
    super(`${source} cannot be used: ${why}.`, { source });
  }
}

/** The address of the sandbox is taken, or not allowed. */
export class SandboxCannotListen extends BillingAuditError {
  readonly code = 'sandbox_cannot_listen';
  readonly hint = 'Choose another port with --port (0 = any free one) or SANDBOX_PORT, or end the program that has it.';

  constructor(host: string, port: number, cause: unknown) {
    super(`The sandbox cannot listen on ${host}:${port}.`, { host, port }, { cause });
  }
}

/** The object is not there, or not visible to this user: Smartsheet says the same for both. */
export function notFound(): SmartsheetRefusal {
  return new SmartsheetRefusal(404, 1006, 'Not Found');
}
