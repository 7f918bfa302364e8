import { parse } from 'csv-parse/sync';
import { UnusableCsv } from '../errors';
import { sheetView } from './office';
import type { CellContent, CellValue } from '../office/types';
import type { NewColumn } from '../office/office';
import type { SaveBy } from '../office/types';
import type { Sheet } from '../office/sheet';
import type { Visit } from './visit';
import type { World } from '../world';

const ROWS_PER_SAVE = 500;

/** `POST /sandbox/load?name=...&by=...` with a CSV body: a new sheet, one row for each line. -> the sheet */
export function loadCsv(visit: Visit): object {
  const name = visit.request.query.get('name') ?? 'Loaded sheet';
  const by = visit.request.query.get('by') ?? 'counter@example.com';
  const sheet = sheetFromCsv(visit.world, name, visit.request.body.toString('utf8'), visit.saveBy({ by }), 'The body');
  return sheetView(sheet, sheet.rows);
}

/**
 * Makes a sheet from a CSV with a heading line. Columns are TEXT_NUMBER, or DATE when every filled cell is `YYYY-MM-DD`;
 * the first is the primary one. Texts that are plain numbers become numbers, except in the primary column.
 * @param source what the text is, for the error message
 * @throws UnusableCsv
 */
export function sheetFromCsv(world: World, name: string, text: string, by: SaveBy, source: string): Sheet {
  const [titles, ...lines] = parsed(text, source);
  if (titles === undefined || titles.length === 0)
    throw new UnusableCsv(source, 'it has no heading line', 'Give a CSV whose first line names the columns.');
  if (new Set(titles).size < titles.length || titles.includes('')) {
    throw new UnusableCsv(
      source,
      'two columns have the same name, or one has none',
      'Give each column a name of its own.',
    );
  }
  const columns = titles.map((title, index): NewColumn => ({
    title,
    type: index > 0 && isDateColumn(lines.map((line) => line[index] ?? '')) ? 'DATE' : 'TEXT_NUMBER',
    primary: index === 0,
    options: [],
    locked: false,
    width: 150,
  }));
  const sheet = world.office.createSheet({ name, columns }, by);
  const drafts = lines.map(
    (line) => new Map(sheet.columns.map(({ id }, index) => [id, contentOf(line[index] ?? '', index)])),
  );
  for (let first = 0; first < drafts.length; first += ROWS_PER_SAVE) {
    world.office.addRows(sheet, drafts.slice(first, first + ROWS_PER_SAVE), by);
  }
  return sheet;
}

function parsed(text: string, source: string): string[][] {
  try {
    return parse(text, { bom: true, skip_empty_lines: true });
  } catch (cause) {
    throw new UnusableCsv(
      source,
      String(cause),
      'Give a CSV with commas, in UTF-8, each line with as many cells as the first.',
    );
  }
}

function isDateColumn(texts: readonly string[]): boolean {
  const filled = texts.filter((text) => text !== '');
  return filled.length > 0 && filled.every((text) => /^\d{4}-\d{2}-\d{2}$/.test(text));
}

function contentOf(text: string, index: number): CellContent {
  const isNumber = index > 0 && /^-?(0|[1-9]\d{0,14})(\.\d+)?$/.test(text);
  const value: CellValue = text === '' ? null : isNumber ? Number(text) : text;
  return { value };
}
