import type { BillingAuditError } from '../../lib/errors';

/** The hints of these speak of a server that tries again by itself; in the set-up nobody does. */
const WAYS_OUT: Readonly<Record<string, string>> = {
  smartsheet_unavailable:
    'Look at the API address, at the network of this machine and at https://status.smartsheet.com; then try again.',
};
const BY_ITSELF = 'It is tried again by itself.';

/** What somebody can do who sits in front of the set-up. */
export function wayOut({ code, hint }: BillingAuditError): string {
  return WAYS_OUT[code] ?? hint.replace(BY_ITSELF, 'Check server, port and user; then try again.');
}
