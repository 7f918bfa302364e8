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
  /** By column: the value before the last one. */
  before: Record<string, string | null>;
}

/** Columns of a row whose value before the last one is remembered. */
const MOST_COLUMNS = 40;

/** Of the columns of a row that changed longest ago the value before is forgotten. */
export function rememberBefore({ before }: RowState, column: string, value: string | null): void {
  // eslint-disable-next-line @typescript-eslint/no-dynamic-delete -- the order of the names is the order of writing
  delete before[column];
  before[column] = value;
  const columns = Object.keys(before);
  // eslint-disable-next-line @typescript-eslint/no-dynamic-delete -- as above
  if (columns.length > MOST_COLUMNS) delete before[columns.find((one) => one !== column) as string];
}
