/** A value of a cell: text, or null where the cell is empty. */
export type HistoryCell = string | null;

export interface HistoryRow {
  /** Where people find it: `row 7`. */
  readonly place: string;
  /** By the titles of the table, in their order. */
  readonly cells: readonly HistoryCell[];
}

/** A table of changes that another program recorded. */
export interface HistoryTable {
  /** What it is called in sentences: the file, the sheet. */
  readonly source: string;
  readonly titles: readonly string[];
  readonly rows: Iterable<HistoryRow>;
}
