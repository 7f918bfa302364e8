import { BillingAuditError } from '../../lib/errors';
import { wrongInWords, type TrailReport } from '../../lib/seal';

/** After the upgrade the trail did not verify, and the upgrade was taken back. */
export class UpgradeTakenBack extends BillingAuditError {
  readonly code = 'upgrade_taken_back';
  readonly hint: string;

  constructor({ found, findings }: TrailReport, aside: string | null) {
    const first = findings[0]?.text ?? '';
    super(
      `After the upgrade the trail does not hold: ${wrongInWords(found)}. ${first} The store is as it was before.`,
      {
        found,
        ...(aside !== null && { aside }),
      },
    );
    const looked = aside === null ? '' : ` What the upgrade made of it is in ${aside}.`;
    this.hint = `Run "billing-audit verify" with the version that you had, to see whether it held before; to upgrade all the same: --as-it-is.${looked}`;
  }
}
