/**
 * How long a call may take. What takes longer is given up by whoever asked, and stopped by a database that was told the same
 * limit; but it may have been done by then, or be done yet where the answer alone was given up: over HTTP a connection can end
 * before the database does.
 */
export const CALL_MILLISECONDS = 60_000;

/**
 * What an administrator asks for now and then, and what takes as long as there is much of it: it is all or nothing, so it
 * cannot be done in parts. Over HTTP the platform's fetch waits five minutes for an answer, however much longer it is told to; what
 * then is done is found out afterwards (server/archive/remove-archived.ts).
 */
const LONG_CALLS: ReadonlySet<string> = new Set(['billing_audit_archivable', 'billing_audit_archive']);
const LONG_CALL_MILLISECONDS = 30 * 60_000;

/** @param usual  what other calls may take */
export function limitOf(name: string, usual: number = CALL_MILLISECONDS): number {
  return LONG_CALLS.has(name) ? Math.max(usual, LONG_CALL_MILLISECONDS) : usual;
}
