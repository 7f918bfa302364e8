import type { IPollFunctions } from 'n8n-workflow';
import { NOTHING_REMEMBERED, type LookMemory } from '../../../lib/runtime/look-once';

const kept = new Map<string, LookMemory>();

/** What earlier polls of a node left for the next one, by sheet. */
export interface LookMemories {
  of(sheetId: string): LookMemory;
  keep(sheetId: string, memory: LookMemory): void;
}

/**
 * Kept in memory, not in n8n's static data: n8n saves that of a whole workflow at once, and a poll that goes on through a
 * publication would put back the webhooks of before. After a restart a deleted row is only reported a little later.
 */
export function lookMemories(context: IPollFunctions): LookMemories {
  const name = (sheetId: string): string => `${context.getWorkflow().id} ${context.getNode().id} ${sheetId}`;
  const isTrying = context.getMode() === 'manual';
  return {
    of: (sheetId) => (isTrying ? undefined : kept.get(name(sheetId))) ?? NOTHING_REMEMBERED,
    keep: (sheetId, memory) => {
      if (!isTrying) kept.set(name(sheetId), memory);
    },
  };
}
