import { BillingAuditError, messageOf } from '../errors';
import { SmartsheetRefused, SmartsheetUnavailable, type CallbackEvent } from '../smartsheet';

/**
 * What goes wrong with the watch of a sheet: the token, the sheet itself, its webhook, callbacks that cannot be resolved;
 * `watch` is all else, as when nobody answers.
 */
export type TroubleKind = 'token' | 'sheet' | 'webhook' | 'callbacks' | 'watch';

/** A callback that was signed by its webhook and says nothing that this program knows. */
export class CallbackNotUnderstood extends BillingAuditError {
  readonly code = 'callback_not_understood';
  readonly hint = 'Smartsheet may have changed its callbacks: look for a newer version, else report this message.';

  constructor(sheetId: string, why: string) {
    super(`The callback cannot be understood: ${why}.`, { sheetId });
  }
}

/** The webhook is enabled, as far as Smartsheet says, and yet no callback tells of what changes. */
export class CallbackMissing extends BillingAuditError {
  readonly code = 'callback_missing';
  readonly hint =
    'Check that PUBLIC_URL/webhook reaches this server from outside, and that nothing in between answers in its place.';
  /** For the trail. */
  readonly brief: string;

  constructor(sheetId: string, patienceSeconds: number) {
    const brief = `a change was found, and no callback told of it within ${patienceSeconds} seconds`;
    super(`The webhook of sheet ${sheetId} does not tell of changes: ${brief}.`, { sheetId });
    this.brief = brief;
  }
}

/** Which trouble a failure of the watch is; null when it is the store's, which cannot keep a notice either. */
export function kindOfTrouble(failure: unknown): TroubleKind | null {
  if (failure instanceof SmartsheetRefused) return failure.isAboutToken ? 'token' : 'sheet';
  return failure instanceof BillingAuditError && failure.code === 'store_unavailable' ? null : 'watch';
}

/**
 * The other side is away, or refuses the token whatever is asked, or the sheet is not shared any more; the callback is not
 * at fault, so it costs it no try.
 */
export function isOutage(failure: unknown): boolean {
  if (failure instanceof SmartsheetUnavailable) return true;
  if (failure instanceof SmartsheetRefused) return failure.isAboutToken || failure.isNotFound || failure.status === 403;
  return failure instanceof BillingAuditError && failure.code === 'store_unavailable';
}

/** Says that something happened to a cell or row, but not to which: the sheet has to be compared. */
export function isVague({ objectType, id, rowId }: CallbackEvent): boolean {
  return (objectType === 'cell' && rowId === null) || (objectType === 'row' && id === null);
}

/** What stands under a node. */
export function shortProblem(failure: unknown): string {
  if (failure instanceof SmartsheetRefused) {
    if (failure.isAboutToken) return 'the token is refused';
    return failure.isNotFound ? 'sheet not found' : `refused (${failure.errorCode ?? failure.status})`;
  }
  if (failure instanceof SmartsheetUnavailable) return 'Smartsheet cannot be reached';
  return messageOf(failure).slice(0, 40);
}

/** A number as people read it. */
export function count(value: number): string {
  return value.toLocaleString('en-US');
}
