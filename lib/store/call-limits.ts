/** How long a call may take; what takes longer is stopped, and nothing of it was done. */
export const CALL_MILLISECONDS = 60_000;

/**
 * What an administrator asks for now and then, and what takes as long as there is much of it: it is all or nothing, so it
 * cannot be done in parts.
 */
const LONG_CALLS: ReadonlySet<string> = new Set(['billing_audit_archivable', 'billing_audit_archive']);
const LONG_CALL_MILLISECONDS = 30 * 60_000;

/** @param usual  what other calls may take */
export function limitOf(name: string, usual: number = CALL_MILLISECONDS): number {
  return LONG_CALLS.has(name) ? Math.max(usual, LONG_CALL_MILLISECONDS) : usual;
}
