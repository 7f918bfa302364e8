import { BadSetting, BillingAuditError } from '../../lib/errors';
import { wrongInWords, type TrailReport } from '../../lib/seal';

/** What works on a store as a whole needs it for itself. */
export class ServerRuns extends BillingAuditError {
  readonly code = 'server_runs';
  readonly hint = 'Stop it, run this again, and start it afterwards.';

  constructor(home: string, pid: number) {
    super(`A server has ${home} open (process ${pid}).`, { home, pid });
  }
}

/** There is nothing to move. */
export class NothingToMove extends BillingAuditError {
  readonly code = 'nothing_to_move';
  readonly hint =
    'Name the home with --home or BILLING_AUDIT_HOME. Practice data is not moved: it never touches the real thing.';

  constructor(home: string) {
    super(`The folder ${home} holds no embedded store of its own.`, { home });
  }
}

/** The trail does not hold: it must not be taken along as if it did. */
export class TrailBroken extends BillingAuditError {
  readonly code = 'trail_broken';
  readonly hint = 'Look at it first: billing-audit verify. To take it along as it is, damage and all: --as-it-is.';

  constructor({ found, findings }: TrailReport) {
    super(`The trail of this store does not hold: ${wrongInWords(found)}. ${findings[0]?.text ?? ''}`, { found });
  }
}

/** What was copied does not verify as its original did. */
export class CopyDiffers extends BillingAuditError {
  readonly code = 'copy_differs';
  readonly hint =
    'Nothing was kept. Try it again with nothing else at work on either store; if it happens again, report it.';

  constructor(text: string) {
    super(`The copy does not verify as its original: ${text}`, {});
  }
}

/** @throws BadSetting  an address through which nobody can fill tables */
export function refuseApiAddress(to: string): void {
  if (!/^https?:/i.test(to.trim())) return;
  throw new BadSetting(
    '--to',
    'is the address of an API, which is no way to fill tables',
    'Give the connection string of the project, postgresql://... (Project Settings > Database), directly or with the session pooler.',
  );
}
