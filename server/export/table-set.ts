import type { Cell, Column } from './columns';
import { BYTE_ORDER_MARK, csvLine } from './csv';
import { MOST_ROWS, Workbook, type TableWriter } from './workbook';
import { ZipStream, type Sink } from './zip';

type Head = Pick<Column, 'title' | 'width'>;

/** The tables of an export, written one after the other. */
export interface TableSet {
  begin(name: string, columns: readonly Head[]): Promise<TableWriter>;
  /** @param order  as they are shown */
  end(order: readonly string[]): Promise<void>;
}

/** As sheets of one workbook. A table that is longer than a sheet can be goes on in the next: `Changes 2`. */
export function workbookTables(sink: Sink, now: number, mostRows = MOST_ROWS): TableSet {
  const workbook = new Workbook(sink, now);
  const parts = new Map<string, string[]>();
  return {
    begin: async (name, columns) => {
      const head = { titles: columns.map(({ title }) => title), widths: columns.map(({ width }) => width) };
      const names = [name];
      parts.set(name, names);
      let sheet = await workbook.sheet({ name, ...head });
      let rows = 1;
      return {
        row: async (cells) => {
          if (rows >= mostRows) {
            await sheet.end();
            const next = `${name} ${names.length + 1}`;
            names.push(next);
            sheet = await workbook.sheet({ name: next, ...head });
            rows = 1;
          }
          rows += 1;
          await sheet.row(cells);
        },
        end: () => sheet.end(),
      };
    },
    end: (order) => workbook.end(order.flatMap((name) => parts.get(name) ?? [])),
  };
}

/** Where a CSV file goes. */
export interface CsvFile {
  write(text: string): Promise<void>;
  end(): Promise<void>;
}

/**
 * As CSV files, one for each table.
 * @param open  by the name of the table: `changes`, `sample`, `acts`, `coverage`, `about-this-export`
 */
export function csvTables(
  open: (name: string) => CsvFile,
  byteOrderMark: boolean,
  finish: () => Promise<void>,
): TableSet {
  return {
    begin: async (name, columns) => {
      const file = open(name.toLowerCase().replaceAll(' ', '-'));
      const titles: Cell[] = columns.map(({ title }) => ({ text: title }));
      await file.write((byteOrderMark ? BYTE_ORDER_MARK : '') + csvLine(titles));
      let waiting = '';
      const flush = async (): Promise<void> => {
        const text = waiting;
        waiting = '';
        if (text !== '') await file.write(text);
      };
      return {
        row: async (cells) => {
          waiting += csvLine(cells);
          if (waiting.length > 64 * 1024) await flush();
        },
        end: async () => {
          await flush();
          await file.end();
        },
      };
    },
    end: finish,
  };
}

/** As CSV files in one ZIP archive. */
export function zippedCsvTables(sink: Sink, now: number, byteOrderMark: boolean): TableSet {
  const zip = new ZipStream(sink, now);
  return csvTables(
    (name) => zip.file(`${name}.csv`),
    byteOrderMark,
    () => zip.end(),
  );
}
