/** What every write of ours says in `Smartsheet-Change-Agent`, so that it is recognised when Smartsheet tells of it. */
export const OUR_CHANGE_AGENT = 'billing-audit';

/** The programs through whose hands a change went, the first one first (reference §2.8). */
export function agentsIn(changeAgent: string | null): readonly string[] {
  return (changeAgent ?? '')
    .split(',')
    .map((agent) => agent.trim())
    .filter((agent) => agent !== '');
}
