import { readFileSync } from 'node:fs';
import readXlsxFile from 'read-excel-file/universal';
import { messageOf } from '../../lib/errors';
import { HistoryUnreadable, unreadableFile } from './errors';
import { knownTitles } from './history-columns';
import type { HistoryCell, HistoryTable } from './history-table';

/** Titles stand within the first rows; what is above them is a heading. */
const FARTHEST_TITLES = 20;

interface Found {
  readonly sheet: string;
  readonly data: readonly (readonly unknown[])[];
  readonly titlesAt: number;
  readonly known: number;
}

/**
 * The changes in a workbook: in that of its sheets, and below that of its first rows, that has most of the titles.
 * Numbers are read as they are written, not as the nearest binary fraction.
 * @throws HistoryUnreadable  it is not there, no workbook, or has no row
 */
export async function workbookHistory(file: string): Promise<HistoryTable> {
  const sheets = await readSheets(file);
  const places = sheets.flatMap(({ sheet, data }) =>
    data.slice(0, FARTHEST_TITLES).map((row, titlesAt): Found => ({
      sheet,
      data,
      titlesAt,
      known: knownTitles(row.map((one) => textOf(one) ?? '')),
    })),
  );
  const [best] = places.sort((left, right) => right.known - left.known || left.titlesAt - right.titlesAt);
  if (!best) throw new HistoryUnreadable(file, 'holds no row', 'Name a workbook with the columns of the audit sheet.');
  const { sheet, data, titlesAt } = best;
  return {
    source: sheets.length === 1 ? file : `The sheet "${sheet}" of ${file}`,
    titles: (data[titlesAt] ?? []).map((title) => textOf(title) ?? ''),
    rows: data.slice(titlesAt + 1).flatMap((cells, index) => {
      const texts = cells.map(textOf);
      return texts.every((text) => text === null) ? [] : [{ place: `row ${titlesAt + index + 2}`, cells: texts }];
    }),
  };
}

async function readSheets(file: string): Promise<{ sheet: string; data: readonly (readonly unknown[])[] }[]> {
  let bytes: Uint8Array;
  try {
    bytes = readFileSync(file);
  } catch (thrown) {
    throw unreadableFile(file, thrown);
  }
  try {
    const whole = Uint8Array.from(bytes).buffer;
    return await readXlsxFile<string>(whole, { parseNumber: (text) => text, trim: false });
  } catch (thrown) {
    throw new HistoryUnreadable(
      file,
      `is no workbook that can be read (${messageOf(thrown)})`,
      'Give a file in the format .xlsx: open it in a spreadsheet program, and save it as such.',
      thrown,
    );
  }
}

/** A date has no zone in a workbook: it is given as a wall clock shows it, and taken for business time. */
function textOf(value: unknown): HistoryCell {
  if (value === null || value === undefined || value === '') return null;
  if (value instanceof Date) return value.toISOString().replace('Z', '');
  return String(value);
}
