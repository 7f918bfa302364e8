import type { IPollFunctions } from 'n8n-workflow';
import { NOTHING_REMEMBERED, type LookMemory } from '../../../lib/runtime/look-once';

const kept = new Map<string, Map<string, LookMemory>>();

/** What earlier polls of a node left for the next one, by sheet. */
export interface LookMemories {
  of(sheetId: string): LookMemory;
  keep(sheetId: string, memory: LookMemory): void;
}

/**
 * Kept in memory, not in n8n's static data: n8n saves that of a whole workflow at once, and a poll that goes on through a
 * publication would put back the webhooks of before. After a restart a deleted row is only reported a little later.
 * @param sheetIds  those that are looked at now: what was kept of others is dropped
 */
export function lookMemories(context: IPollFunctions, sheetIds: readonly string[]): LookMemories {
  const name = `${context.getWorkflow().id} ${context.getNode().id}`;
  const isTrying = context.getMode() === 'manual';
  const before = isTrying ? undefined : kept.get(name);
  const memories = new Map(sheetIds.map((id) => [id, before?.get(id) ?? NOTHING_REMEMBERED]));
  if (!isTrying) kept.set(name, memories);
  return {
    of: (sheetId) => memories.get(sheetId) ?? NOTHING_REMEMBERED,
    keep: (sheetId, memory) => void memories.set(sheetId, memory),
  };
}
