/** What the directory says of a person. */
export interface PersonContext {
  readonly kind: 'person';
  readonly person: string;
  readonly role?: string | null;
  readonly access_level?: number | null;
  readonly last_review_at?: string | null;
  readonly raised_at?: string | null;
  readonly service?: boolean | null;
  readonly leave?: readonly (readonly [from: string, to: string])[] | null;
  readonly valid_from?: string | null;
}

/** What a row is about. */
export interface RowContext {
  readonly kind: 'row';
  readonly sheet_id: string;
  readonly row_id: string;
  readonly unit_code?: string | null;
  readonly quantity?: number | null;
  readonly price?: number | null;
  readonly valid_from?: string | null;
}

/** What a unit of work costs by the book. */
export interface PriceContext {
  readonly kind: 'price';
  readonly unit_code: string;
  readonly price: number;
  readonly valid_from?: string | null;
}

export type ContextLine = PersonContext | RowContext | PriceContext;

/** What a reviewer said of an event. */
export interface Verdict {
  readonly at: number;
  readonly isFinding: boolean;
  readonly person: string | null;
  readonly sheet: string | null;
  readonly workRequest: string | null;
}

/** What is known of a row beside its cells. */
export interface RowState {
  quantity: number | null;
  price: number | null;
  unit: string | null;
  lastAt: number;
  /** When unit, quantity and price were last written; 0 = never. */
  written: { unit: number; quantity: number; price: number };
  /** Times of edits, the newest last, at most 20. */
  edits: number[];
  persons: string[];
  /** The value before the last one of each column, the one written last at the end. */
  before: [column: string, value: string | null][];
}

/** Columns of a row whose value before the last one is remembered. */
const MOST_COLUMNS = 40;

/** Of the columns of a row that changed longest ago the value before is forgotten. */
export function rememberBefore(row: RowState, column: string, value: string | null): void {
  row.before = row.before.filter(([one]) => one !== column);
  row.before.push([column, value]);
  if (row.before.length > MOST_COLUMNS) row.before.shift();
}

/** @returns undefined where it is not known */
export function valueBefore({ before }: RowState, column: string): string | null | undefined {
  return before.find(([one]) => one === column)?.[1];
}
