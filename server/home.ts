import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { BillingAuditError, messageOf } from '../lib/errors';

/** A folder that local state needs cannot be made or written. */
export class HomeNotWritable extends BillingAuditError {
  readonly code = 'home_not_writable';
  readonly hint = 'Give this user the right to write there, or set BILLING_AUDIT_HOME to another folder.';

  constructor(folder: string, cause: unknown) {
    super(`The folder ${folder} cannot be written: ${messageOf(cause)}.`, { folder }, { cause });
  }
}

/** A home that has watched real sheets must not quietly become a practice home. */
export class TokenMissing extends BillingAuditError {
  readonly code = 'token_missing';
  readonly hint = 'Set SMARTSHEET_ACCESS_TOKEN again, or use another BILLING_AUDIT_HOME to practise.';

  constructor(home: string) {
    super(`The home ${home} has watched real sheets before, and SMARTSHEET_ACCESS_TOKEN is not set now.`, { home });
  }
}

/**
 * Decides between the real thing and practice, and keeps the two apart: practice has a home of its own inside the home.
 * @throws TokenMissing  when a home that once had a token has none now
 * @throws HomeNotWritable
 */
export function openHome(home: string, token: string | null): { readonly folder: string; readonly practice: boolean } {
  const mark = join(home, 'keys', 'had-token');
  if (token === null && existsSync(mark)) throw new TokenMissing(home);
  const folder = token === null ? join(home, 'sandbox') : home;
  try {
    for (const name of ['store', 'keys', 'node-red', 'logs']) mkdirSync(join(folder, name), { recursive: true });
    if (token !== null) writeFileSync(mark, 'A Smartsheet token has been used with this home.\n', { mode: 0o600 });
  } catch (thrown) {
    throw new HomeNotWritable(folder, thrown);
  }
  return { folder, practice: token === null };
}
