import type { Pattern } from './config';
import type { Person, Row } from './world';

export type Column = 'Quantity' | 'Units Total Price' | 'CU' | 'Status' | 'Notes' | 'Snapshot Date' | 'Foreman';

export type Severity = 'easy' | 'medium' | 'hard';

/** What the truth file says of an event; never in the event itself. */
export interface Truth {
  readonly pattern: Pattern;
  readonly incident: string;
  readonly severity: Severity;
  /** Features by which somebody should see it. */
  readonly reasons: readonly string[];
}

/** What somebody is going to write, and when; what it becomes depends on what stands in the row then. */
export interface Intent {
  readonly at: number;
  readonly person: Person;
  readonly row: Row;
  readonly column: Column;
  readonly value: (row: Row) => string | number | null;
  readonly truth?: Truth;
}
