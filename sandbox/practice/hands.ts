import { AREAS, STAFF } from './staff';
import { Book, PRACTICE_COLUMNS, type PracticeCells, type Title } from './book';
import type { CellContent } from '../office/types';
import type { Done } from './book';
import type { Office } from '../office/office';
import type { PlantedDeed } from './planted';
import type { Sheet } from '../office/sheet';

/** Carries what the plan says into the sheets of an office, and knows which row is which. */
export class Hands {
  private readonly sheets = new Map<string, Sheet>();
  private readonly people = new Map<string, number>();
  private readonly rowIds = new Map<string, number>();

  constructor(private readonly office: Office) {
    for (const { email, name, role } of STAFF) {
      this.people.set(email, office.people.add({ email, name, admin: role === 'admin' }).id);
    }
    for (const sheet of office.sheets.values()) if (isArea(sheet.name)) this.sheets.set(sheet.name, sheet);
  }

  /** True when the office has a sheet of its own. */
  get furnished(): boolean {
    return this.sheets.size > 0;
  }

  /** Makes the sheets, without rows. */
  furnish(at: number): void {
    const userId = this.office.people.all()[0]?.id ?? 0;
    for (const name of AREAS) {
      const columns = PRACTICE_COLUMNS.map((column, index) => ({
        ...column,
        primary: index === 0,
        locked: false,
        width: 150,
      }));
      this.sheets.set(name, this.office.createSheet({ name, columns }, { userId, at }));
    }
  }

  /** The rows as they are now. Their keys are their ids. */
  read(): Book {
    const book = new Book(AREAS);
    this.rowIds.clear();
    for (const [name, sheet] of this.sheets) {
      for (const row of sheet.rows) {
        const values = sheet.columns.map(({ id, title }) => [title, row.cells.get(id)?.at(-1)?.value ?? null]);
        const cells = Object.fromEntries(values) as PracticeCells;
        const key = String(row.id);
        this.rowIds.set(key, row.id);
        // The office knows no row by its week when somebody has emptied the date by hand.
        if (isDay(cells['Weekly Referenced Logged Date'])) book.take({ key, sheet: name, cells });
      }
    }
    return book;
  }

  /** One save. What people have deleted by hand meanwhile is left out. @returns what was done, with ids */
  carryOut({ person, sheet: name, added, changes, deleted }: Done, at: number): PlantedDeed[] {
    const sheet = this.sheets.get(name);
    if (sheet === undefined || !this.office.sheets.has(sheet.id)) return [];
    const by = { userId: this.people.get(person) ?? 0, at };
    const common = { at: new Date(at).toISOString(), sheet: name, sheetId: sheet.id };
    const rows = this.office.addRows(
      sheet,
      added.map(({ cells }) => contentsOf(sheet, cells)),
      by,
    );
    added.forEach(({ key }, index) => this.rowIds.set(key, rows[index]?.id ?? 0));
    const goes = deleted.flatMap((key) => this.rowIds.get(key) ?? []);
    this.office.deleteRows(sheet, goes, by);
    for (const key of deleted) this.rowIds.delete(key);
    return [
      ...rows.map(({ id }) => ({ ...common, action: 'row added' as const, rowId: id })),
      ...goes.map((rowId) => ({ ...common, action: 'row deleted' as const, rowId })),
      ...this.change(sheet, changes, by).map((deed) => ({ ...common, ...deed })),
    ];
  }

  private change(
    sheet: Sheet,
    changes: Done['changes'],
    by: { readonly userId: number; readonly at: number },
  ): Omit<PlantedDeed, 'at' | 'sheet' | 'sheetId'>[] {
    const edits = new Map<number, PracticeCells>();
    const deeds = changes.flatMap(({ key, title, old, new: value }) => {
      const rowId = this.rowIds.get(key);
      const column = sheet.columnTitled(title);
      if (rowId === undefined || column === undefined || sheet.row(rowId) === undefined) return [];
      edits.set(rowId, { ...edits.get(rowId), [title]: value });
      return [{ action: 'cell changed' as const, rowId, column: title, columnId: column.id, old, new: value }];
    });
    this.office.updateRows(
      sheet,
      [...edits].map(([rowId, cells]) => ({ rowId, cells: contentsOf(sheet, cells) })),
      by,
    );
    return deeds;
  }
}

function contentsOf(sheet: Sheet, cells: PracticeCells): Map<number, CellContent> {
  const contents = (Object.keys(cells) as Title[]).flatMap((title): [number, CellContent][] => {
    const column = sheet.columnTitled(title);
    const value = cells[title] ?? null;
    if (column === undefined) return [];
    if (column.type !== 'CONTACT_LIST' || typeof value !== 'string') return [[column.id, { value }]];
    return [[column.id, { value, displayValue: nameOf(value) }]];
  });
  return new Map(contents);
}

function nameOf(email: string): string {
  return STAFF.find((person) => person.email === email)?.name ?? email;
}

function isDay(value: unknown): boolean {
  return typeof value === 'string' && /^\d{4}-\d{2}-\d{2}$/.test(value);
}

function isArea(name: string): boolean {
  return AREAS.some((area) => area === name);
}
