import type { IPollFunctions } from 'n8n-workflow';
import type { Look } from '../../../lib/runtime/look-once';

type Missing = Look['missingSince'];

const kept = new Map<string, Missing>();

/** Rows that earlier polls of a node missed and did not report yet, by sheet. */
export interface MissingRows {
  of(sheetId: string): Missing;
  keep(sheetId: string, missing: Missing): void;
}

/**
 * Kept in memory, not in n8n's static data: n8n saves that of a whole workflow at once, and a poll that goes on through a
 * publication would put back the webhooks of before. After a restart a deleted row is only reported a little later.
 */
export function missingRows(context: IPollFunctions): MissingRows {
  const name = (sheetId: string): string => `${context.getWorkflow().id} ${context.getNode().id} ${sheetId}`;
  const isTrying = context.getMode() === 'manual';
  return {
    of: (sheetId) => (isTrying ? {} : (kept.get(name(sheetId)) ?? {})),
    keep: (sheetId, missing) => {
      if (isTrying) return;
      if (Object.keys(missing).length === 0) kept.delete(name(sheetId));
      else kept.set(name(sheetId), missing);
    },
  };
}
