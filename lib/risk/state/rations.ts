import type { RiskEvent } from '../features/risk-event';
import type { Weights } from './counts';
import type { PersonContext, RowState } from './context';

const MEGABYTE = 2 ** 20;

/**
 * How many megabytes each part of a state may come to; counted high (`BoundedMap`), all of it is 256 at most. Of more,
 * what was touched longest ago is forgotten, as of more than the parts may count.
 */
export const RATIONS = {
  ...{ persons: 92, rows: 64, waiting: 27, values: 16, pairs: 14, units: 12 },
  ...{ directory: 8, workRequests: 6, sheets: 2, columns: 1, sheetVerdicts: 2, workRequestVerdicts: 5, book: 3 },
  roles: 3,
} as const;

export type Ration = keyof typeof RATIONS;

/** Maps that are saved as they are; those of persons, roles and rows are read into what they were. */
export const SAVED_AS_THEY_ARE = [
  ...(['workRequests', 'columnScales', 'pairs', 'units', 'values'] as const),
  ...(['sheetVerdicts', 'workRequestVerdicts', 'directory', 'book'] as const),
];

/** Bytes that a whole state may come to; `columns` counts twice, as what is done in them and how much. */
export const MOST_STATE_BYTES =
  Object.values(RATIONS).reduce((sum, megabytes) => sum + megabytes, RATIONS.columns) * MEGABYTE;

/** The bounds of a part; `share` of it, where less is wanted. */
export function rationOf<Value>(
  part: Ration,
  share: number,
  bytesOf: (value: Value) => number = () => 0,
): Weights<Value> {
  return { mostBytes: RATIONS[part] * MEGABYTE * share, bytesOf };
}

const EVENT_BYTES = 500;
const ROW_BYTES = 700;
const CELL_BYTES = 60;

/** Of an event that waits to become a habit. */
export function bytesOfEvent(event: RiskEvent): number {
  const { person, sheet, row, workRequest, column, oldText, newText, kind } = event;
  return EVENT_BYTES + 2 * letters([person, sheet, row, workRequest, column, oldText, newText, kind]);
}

/** Of what is known of a row: times, persons, and the values before. */
export function bytesOfRow({ unit, persons, before, edits }: RowState): number {
  let bytes = ROW_BYTES + 20 * edits.length + 2 * letters([unit, ...persons]);
  for (const [column, value] of before) bytes += CELL_BYTES + 2 * letters([column, value]);
  return bytes;
}

export function bytesOfPersonContext({ person, role, leave }: PersonContext): number {
  return 300 + 2 * letters([person, role ?? null]) + 150 * (leave?.length ?? 0);
}

/** Of a list of texts. */
export function bytesOfTexts(texts: readonly string[]): number {
  return 20 * texts.length + 2 * letters(texts);
}

function letters(texts: readonly (string | null)[]): number {
  return texts.reduce((sum, text) => sum + (text?.length ?? 0), 0);
}
