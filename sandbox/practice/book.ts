import type { CellValue, ColumnType } from '../office/types';

export const STATUSES = ['Logged', 'In review', 'Approved', 'Billed', 'On hold'] as const;

/** The columns of each practice sheet, in order; the first is the primary one. */
export const PRACTICE_COLUMNS = [
  { title: 'Work Request #', type: 'TEXT_NUMBER', options: [] },
  { title: 'CU', type: 'TEXT_NUMBER', options: [] },
  { title: 'Description', type: 'TEXT_NUMBER', options: [] },
  { title: 'Quantity', type: 'TEXT_NUMBER', options: [] },
  { title: 'Unit Price', type: 'TEXT_NUMBER', options: [] },
  { title: 'Units Total Price', type: 'TEXT_NUMBER', options: [] },
  { title: 'Redlined Total Price', type: 'TEXT_NUMBER', options: [] },
  { title: 'Foreman', type: 'CONTACT_LIST', options: [] },
  { title: 'Weekly Referenced Logged Date', type: 'DATE', options: [] },
  { title: 'Snapshot Date', type: 'DATE', options: [] },
  { title: 'Status', type: 'PICKLIST', options: STATUSES },
  { title: 'Notes', type: 'TEXT_NUMBER', options: [] },
] as const satisfies readonly { title: string; type: ColumnType; options: readonly string[] }[];

export type Title = (typeof PRACTICE_COLUMNS)[number]['title'];
export type PracticeCells = Readonly<Partial<Record<Title, CellValue>>>;

export interface BookRow {
  readonly key: string;
  readonly sheet: string;
  readonly cells: PracticeCells;
}

/** One save of one person in one sheet. */
export type Save = { readonly person: string; readonly sheet: string } & (
  | { readonly kind: 'add'; readonly rows: readonly PracticeCells[] }
  | { readonly kind: 'change'; readonly edits: readonly { readonly key: string; readonly cells: PracticeCells }[] }
  | { readonly kind: 'delete'; readonly keys: readonly string[] }
);

export interface CellChange {
  readonly key: string;
  readonly title: Title;
  readonly old: CellValue;
  readonly new: CellValue;
}

/** What a save came to: rows that are gone and values that were there already are left out. */
export interface Done {
  readonly person: string;
  readonly sheet: string;
  readonly added: readonly BookRow[];
  readonly changes: readonly CellChange[];
  readonly deleted: readonly string[];
}

/** The rows of the office as the plan knows them. Reading and writing it touches no sheet. */
export class Book {
  private readonly bySheet = new Map<string, Map<string, BookRow>>();
  private made = 0;

  constructor(readonly sheets: readonly string[]) {
    for (const sheet of sheets) this.bySheet.set(sheet, new Map());
  }

  rows(sheet: string): BookRow[] {
    return [...(this.bySheet.get(sheet)?.values() ?? [])];
  }

  /** The row as it is now; undefined when it was deleted. */
  now({ sheet, key }: BookRow): BookRow | undefined {
    return this.bySheet.get(sheet)?.get(key);
  }

  /** Takes a row that exists already, under a key of the caller's. */
  take(row: BookRow): void {
    this.bySheet.get(row.sheet)?.set(row.key, row);
  }

  /** @returns null when the save changes nothing */
  apply(save: Save): Done | null {
    const { person, sheet } = save;
    const rows = this.bySheet.get(sheet) ?? new Map<string, BookRow>();
    const nothing = { person, sheet, added: [], changes: [], deleted: [] };
    if (save.kind === 'add') {
      const added = save.rows.map((cells) => ({ key: `new-${(this.made += 1)}`, sheet, cells }));
      for (const row of added) rows.set(row.key, row);
      return added.length === 0 ? null : { ...nothing, added };
    }
    if (save.kind === 'delete') {
      const deleted = save.keys.filter((key) => rows.delete(key));
      return deleted.length === 0 ? null : { ...nothing, deleted };
    }
    const changes = save.edits.flatMap(({ key, cells }) => changed(rows, key, cells));
    return changes.length === 0 ? null : { ...nothing, changes };
  }
}

function changed(rows: Map<string, BookRow>, key: string, cells: PracticeCells): CellChange[] {
  const row = rows.get(key);
  if (row === undefined) return [];
  rows.set(key, { ...row, cells: { ...row.cells, ...cells } });
  return (Object.keys(cells) as Title[])
    .map((title) => ({ key, title, old: row.cells[title] ?? null, new: cells[title] ?? null }))
    .filter((change) => change.old !== change.new);
}
