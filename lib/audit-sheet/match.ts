import { EVENT_KEY, type AuditRow } from './columns';

/** A row that stands in the sheet. */
export interface StandingRow {
  readonly rowId: string;
  readonly row: AuditRow;
}

/** An event that waits, as the row it would be. */
export interface WaitingRow {
  readonly eventKey: string;
  readonly row: AuditRow;
}

export interface FoundRow {
  readonly eventKey: string;
  readonly rowId: string;
  /** `written`: it is ours. `theirs`: `audit_billing_changes.py` told of the same change. */
  readonly state: 'written' | 'theirs';
}

/** Both tell of one change when all of these say the same. */
const SAME_CHANGE = ['Source Sheet ID', 'Source Row ID', 'Column', 'Old Value', 'New Value'] as const;
/** Rows of one run have these alike too. */
const SAME_RUN = ['Run ID', 'Changed At', 'Note'] as const;
/** Cell history and callbacks give the time of the same change a little apart. */
const APART_MILLISECONDS = 2 * 60_000;

/**
 * Which of the waiting rows stand in the sheet already. Every row of the sheet answers for one event only: two changes
 * that look alike are two rows.
 */
export function findStanding(waiting: readonly WaitingRow[], standing: readonly StandingRow[]): readonly FoundRow[] {
  const taken = new Set<string>();
  const take = (isIt: (row: AuditRow) => boolean): string | null => {
    const found = standing.find(({ rowId, row }) => !taken.has(rowId) && isIt(row));
    if (!found) return null;
    taken.add(found.rowId);
    return found.rowId;
  };
  const found: FoundRow[] = [];
  // Ours first, all of them: a row of ours must not answer for another event as if it were the script's.
  for (const { eventKey, row } of waiting) {
    const rowId = take((each) => isOurs(eventKey, row, each));
    if (rowId !== null) found.push({ eventKey, rowId, state: 'written' });
  }
  const open = waiting.filter(({ eventKey }) => found.every((each) => each.eventKey !== eventKey));
  for (const { eventKey, row } of open) {
    const rowId = take((each) => isTheirs(row, each));
    if (rowId !== null) found.push({ eventKey, rowId, state: 'theirs' });
  }
  return found;
}

function isOurs(eventKey: string, row: AuditRow, each: AuditRow): boolean {
  const key = each[EVENT_KEY];
  if (key !== undefined) return key === eventKey;
  return isAlike(row, each, SAME_CHANGE) && isAlike(row, each, SAME_RUN);
}

function isTheirs(row: AuditRow, each: AuditRow): boolean {
  // What is about Billing Audit itself the script does not know.
  if (each[EVENT_KEY] !== undefined || row['Source Row ID'] === undefined) return false;
  const [ours, theirs] = [row['Changed At'], each['Changed At']].map((at) => Date.parse(at ?? ''));
  const isNear = Math.abs((ours ?? Number.NaN) - (theirs ?? Number.NaN)) <= APART_MILLISECONDS;
  return isNear && each['Run ID'] !== row['Run ID'] && isAlike(row, each, SAME_CHANGE);
}

function isAlike(one: AuditRow, other: AuditRow, titles: readonly string[]): boolean {
  return titles.every((title) => (one[title] ?? '').trim() === (other[title] ?? '').trim());
}
