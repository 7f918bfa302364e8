import { BillingAuditError } from '../errors';
import { regionOf, REGIONS } from './addresses';

/** Smartsheet answered, and said no. Trying again without changing something will not help. */
export class SmartsheetRefused extends BillingAuditError {
  readonly code = 'smartsheet_refused';
  readonly hint: string;

  /**
   * @param what       what was asked, as a phrase ("read sheet 123")
   * @param status     the HTTP status
   * @param errorCode  Smartsheet's own number for the reason; null when the answer had none
   * @param refId      the reference that Smartsheet's support asks for
   * @param base       the API's address, by which a token of another region is explained
   */
  constructor(
    readonly what: string,
    readonly status: number,
    readonly errorCode: number | null,
    reason: string,
    readonly refId: string | null,
    base = '',
  ) {
    const number = errorCode === null ? `HTTP ${status}` : `${errorCode}`;
    super(`Smartsheet refused to ${what}: ${reason.replace(/\.$/, '')} (${number}).`, {
      what,
      status,
      errorCode,
      refId,
    });
    this.hint = `${hintFor(status, errorCode)}${this.isAboutToken ? regionHint(base) : ''}`;
  }

  /** The token itself was refused, whatever was asked. */
  get isAboutToken(): boolean {
    return this.status === 401 || (this.errorCode !== null && TOKEN_CODES.has(this.errorCode));
  }

  get isNotFound(): boolean {
    return this.status === 404;
  }
}

/** No answer, or only answers that say "later": the network, maintenance, rate limits. Nothing is wrong with the request. */
export class SmartsheetUnavailable extends BillingAuditError {
  readonly code = 'smartsheet_unavailable';
  readonly hint =
    'It is tried again by itself. If it stays, look at https://status.smartsheet.com and at the network of this machine.';

  constructor(what: string, why: string, attempts: number, cause?: unknown) {
    super(
      `Smartsheet could not be asked to ${what} (${attempts === 1 ? '1 try' : `${attempts} tries`}): ${why}.`,
      { what, attempts },
      { cause },
    );
  }
}

/** Smartsheet answered with something that is not what its documentation promises. */
export class SmartsheetAnswerUnknown extends BillingAuditError {
  readonly code = 'smartsheet_answer_unknown';
  readonly hint =
    'Check the API address (SMARTSHEET_API_BASE): is it Smartsheet that answers there? Else report this message.';

  constructor(what: string, why: string) {
    super(`The answer to "${what}" was not understood: ${why}.`, { what });
  }
}

const TOKEN_CODES = new Set([1001, 1002, 1003, 1030]);

/** What a person can do, by Smartsheet's error number (reference §4) and then by status. */
function hintFor(status: number, errorCode: number | null): string {
  const byCode = errorCode === null ? undefined : HINTS[errorCode];
  if (byCode !== undefined) return byCode;
  if (status === 401) return TOKEN_HINT;
  if (status === 403) return HINTS[1004] ?? '';
  if (status === 404) return HINTS[1006] ?? '';
  return 'Smartsheet names the reason above; with the reference id its support can find the request.';
}

/** Smartsheet says of a token of another region only that it is not valid. */
function regionHint(base: string): string {
  const region = regionOf(base);
  if (region === null) return '';
  const others = Object.entries(REGIONS).filter(([name]) => name !== region);
  return ` ${base} is the ${region} region; a token of another region is refused there: ${others
    .map(([name, address]) => `${name} is ${address}`)
    .join(', ')}.`;
}

const TOKEN_HINT =
  'Look at the token in the Smartsheet credential, or SMARTSHEET_ACCESS_TOKEN: make a new one in Smartsheet under ' +
  'Personal Settings > API Access, and check that SMARTSHEET_API_BASE is the address of its region.';

const HINTS: Readonly<Record<number, string>> = {
  1001: TOKEN_HINT,
  1002: TOKEN_HINT,
  1003: TOKEN_HINT,
  1004: 'Share the sheet with the account that owns the token (SMARTSHEET_ACCESS_TOKEN), at least as viewer; webhooks need ADMIN_WEBHOOKS.',
  1006: 'Check the sheet id in the node (File > Properties in Smartsheet shows it), and that the sheet is shared with the account that owns the token.',
  1013: 'The Smartsheet plan does not include this; webhooks need a Business or Enterprise plan.',
  1151: 'The webhook names a sheet that Smartsheet cannot find: check the sheet id in the node.',
  1152: 'Smartsheet calls back over HTTPS only: check the public address in the node, or PUBLIC_URL.',
  1153: 'The app that owns the webhook was revoked: authorise it again, or use a personal token.',
  1154: "Smartsheet has disabled the webhook for administrative reasons: ask Smartsheet's support, with the webhook's id.",
};
