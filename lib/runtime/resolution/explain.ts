import type { SmartsheetClient } from '../../smartsheet';
import type { Observation, Store, UnexplainedRow } from '../../store/store';
import { factsOf } from './sheet-facts';
import { observeRows, readAt, readRows, type Sources } from './resolver';

/** Rows that are looked at again together: one read of the sheet serves them all. */
const ROWS_AT_ONCE = 20;
/** After this the net change is recorded, and never split later (DESIGN §5). */
export const MOST_WAITING_MINUTES = 30;

export interface ExplainParts extends Sources {
  readonly store: Pick<Store, 'knownRows' | 'resolve' | 'unexplained'>;
  readonly now: () => number;
  /** The history of a cell, in its turn: what is worth most comes first. */
  readonly historyInTurn: (stake: number) => SmartsheetClient['cellHistory'];
  /** What was learned has been recorded. */
  readonly onExplained?: (observation: Observation) => void;
}

export interface Explained {
  /** Rows that were looked at. */
  readonly rows: number;
  /** Changes that came of it. */
  readonly changes: number;
}

/**
 * Looks again at rows of a sheet that wait for their cells' history, those first on which most hangs, and records their
 * changes as the steps that they were. One that has waited for too long is recorded as its net change.
 */
export async function explainSome(sheetId: string, parts: ExplainParts, most = ROWS_AT_ONCE): Promise<Explained> {
  const lateBefore = new Date(parts.now() - MOST_WAITING_MINUTES * 60_000).toISOString();
  const waiting = await parts.store.unexplained({ sheetId, limit: most, lateBefore });
  if (waiting.length === 0) return { rows: 0, changes: 0 };
  const isLate = ({ since }: UnexplainedRow): boolean => Date.parse(since) <= Date.parse(lateBefore);
  const late = waiting.filter(isLate);
  const turn = late.length > 0 ? late : waiting;
  const sheet = await readRows(
    parts.client,
    sheetId,
    turn.map(({ row_id }) => row_id),
  );
  let changes = 0;
  // One by one: each is recorded as soon as it is known, and what is worth more meanwhile comes before the rest.
  for (const row of late.length > 0 ? [turn] : turn.map((one) => [one])) {
    const ids = new Set(row.map(({ row_id }) => row_id));
    const stake = row[0]?.stake ?? 0;
    const client = { ...parts.client, cellHistory: parts.historyInTurn(stake) };
    const observedAt = readAt(sheet, parts.now());
    const reading = { sheet, rows: sheet.rows.filter(({ id }) => ids.has(id)), events: [], observedAt };
    const observed = await observeRows(reading, { ...parts, client }, late.length > 0 ? 'without history' : 'now');
    const gone = row.filter(({ row_id }) => !reading.rows.some(({ id }) => id === row_id));
    const observation: Observation = {
      ...factsOf(sheet, observedAt),
      ...observed,
      // As of before the sheet was read: what a callback has said since is not in it.
      explained: row.map(({ row_id, round }) => ({ row_id, round })),
      // Of a row that is gone by now nobody can read more: what was known of its change is recorded with its end.
      given_up: gone.map(({ row_id, round }) => ({ row_id, round })),
      ...{ version: null, removed: [], baseline: false, callback_ids: [] },
      audit_run_id: row[0]?.audit_run_id ?? `history:${sheetId}`,
      found_by: row[0]?.found_by ?? 'backfill',
    };
    changes += (await parts.store.resolve(observation)).event_keys.length;
    parts.onExplained?.(observation);
  }
  return { rows: turn.length, changes };
}
