import { BillingAuditError, messageOf } from '../../lib/errors';
import { wrongInWords, type TrailReport } from '../../lib/seal';

/** A copy could not be made. */
export class CopyFailed extends BillingAuditError {
  readonly code = 'copy_failed';
  readonly hint =
    'Look at the free space and the rights of the folder (BACKUP_DIR); then try again: billing-audit backup.';

  constructor(folder: string, cause: unknown) {
    super(`No copy could be made in ${folder}: ${messageOf(cause)}.`, { folder }, { cause });
  }
}

/** The home has only practised so far: what is there is made up. */
export class PracticeNotCopied extends BillingAuditError {
  readonly code = 'practice_not_copied';
  readonly hint = 'To watch real sheets: billing-audit setup. Another home is named with --home.';

  constructor(home: string) {
    super(`The home ${home} holds practice data alone, which is not copied.`, { home });
  }
}

/** A copy was made and is none: it cannot be opened, or does not verify. */
export class CopyNotGood extends BillingAuditError {
  readonly code = 'copy_not_good';
  readonly hint =
    'Earlier copies are kept. Run "billing-audit verify" on the store itself, then "billing-audit backup" again.';

  constructor(copy: string, why: unknown) {
    const report = why as Partial<TrailReport>;
    const told = Array.isArray(report.findings)
      ? `${wrongInWords(report.found ?? report.findings.length)}. ${report.findings[0]?.text ?? ''}`
      : `${messageOf(why)}.`;
    super(`The copy ${copy} cannot be relied on: ${told}`, { copy }, why instanceof Error ? { cause: why } : {});
  }
}
