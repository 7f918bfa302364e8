import type { Cell } from './columns';
import { ZipStream, type Sink } from './zip';

/** A table that is written row by row. */
export interface TableWriter {
  row(cells: readonly Cell[]): Promise<void>;
  end(): Promise<void>;
}

export interface TableHead {
  readonly name: string;
  readonly titles: readonly string[];
  /** In characters. */
  readonly widths: readonly number[];
}

const HEADER = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n';
const MAIN = 'http://schemas.openxmlformats.org/spreadsheetml/2006/main';
const OFFICE = 'http://schemas.openxmlformats.org/officeDocument/2006/relationships';
const PACKAGE = 'http://schemas.openxmlformats.org/package/2006';
const SPREADSHEET = 'application/vnd.openxmlformats-officedocument.spreadsheetml';
/** Of one sheet, by the file format. */
export const MOST_ROWS = 1_048_576;
const LONGEST_TEXT = 32_767;
const ROWS_AT_ONCE = 200;

/**
 * An Office Open XML workbook, written as a stream. Sheets are shown in another order than they are written: the one that
 * tells of all others can only be written last.
 */
export class Workbook {
  private readonly zip: ZipStream;
  private readonly names: string[] = [];

  constructor(sink: Sink, changedAt: number) {
    this.zip = new ZipStream(sink, changedAt);
  }

  /** Begins a sheet; the one before must have ended. */
  async sheet({ name, titles, widths }: TableHead): Promise<TableWriter> {
    this.names.push(name);
    const file = this.zip.file(`xl/worksheets/sheet${this.names.length}.xml`);
    const columns = widths.map(
      (width, index) => `<col min="${index + 1}" max="${index + 1}" width="${width}" customWidth="1"/>`,
    );
    await file.write(
      `${HEADER}<worksheet xmlns="${MAIN}"><sheetViews><sheetView workbookViewId="0">` +
        '<pane ySplit="1" topLeftCell="A2" activePane="bottomLeft" state="frozen"/></sheetView></sheetViews>' +
        `<cols>${columns.join('')}</cols><sheetData>${rowXml(
          titles.map((text) => ({ text })),
          1,
          1,
        )}`,
    );
    let waiting: string[] = [];
    let rows = 1;
    const flush = async (): Promise<void> => {
      const text = waiting.join('');
      waiting = [];
      if (text !== '') await file.write(text);
    };
    return {
      row: async (cells) => {
        rows += 1;
        waiting.push(rowXml(cells, 0, rows));
        if (waiting.length >= ROWS_AT_ONCE) await flush();
      },
      end: async () => {
        await flush();
        await file.write(`</sheetData><autoFilter ref="A1:${columnName(titles.length)}${rows}"/></worksheet>`);
        await file.end();
      },
    };
  }

  /** @param order  names of sheets as they are shown; those not named come after */
  async end(order: readonly string[]): Promise<void> {
    const shown = [
      ...order.filter((name) => this.names.includes(name)),
      ...this.names.filter((name) => !order.includes(name)),
    ];
    const sheets = shown.map((name, index) => {
      const id = this.names.indexOf(name) + 1;
      return `<sheet name="${escaped(name)}" sheetId="${index + 1}" r:id="rId${id}"/>`;
    });
    const relations = this.names.map((_, index) =>
      relation(`rId${index + 1}`, 'worksheet', `worksheets/sheet${index + 1}.xml`),
    );
    const parts = this.names.map((_, index) => override(`/xl/worksheets/sheet${index + 1}.xml`, 'worksheet'));
    await this.part(
      'xl/workbook.xml',
      `<workbook xmlns="${MAIN}" xmlns:r="${OFFICE}"><sheets>${sheets.join('')}</sheets></workbook>`,
    );
    await this.part('xl/styles.xml', STYLES);
    await this.part(
      'xl/_rels/workbook.xml.rels',
      relationships([...relations, relation('rIdStyles', 'styles', 'styles.xml')]),
    );
    await this.part('_rels/.rels', relationships([relation('rId1', 'officeDocument', 'xl/workbook.xml')]));
    await this.part(
      '[Content_Types].xml',
      `<Types xmlns="${PACKAGE}/content-types"><Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>` +
        `<Default Extension="xml" ContentType="application/xml"/><Override PartName="/xl/workbook.xml" ContentType="${SPREADSHEET}.sheet.main+xml"/>` +
        `${override('/xl/styles.xml', 'styles')}${parts.join('')}</Types>`,
    );
    await this.zip.end();
  }

  private async part(name: string, text: string): Promise<void> {
    const file = this.zip.file(name);
    await file.write(HEADER + text);
    await file.end();
  }
}

/** Two styles: 0 plain, 1 a title. */
const STYLES =
  `<styleSheet xmlns="${MAIN}"><fonts count="2"><font><sz val="11"/><name val="Calibri"/></font>` +
  '<font><b/><sz val="11"/><name val="Calibri"/></font></fonts><fills count="2"><fill><patternFill patternType="none"/></fill>' +
  '<fill><patternFill patternType="gray125"/></fill></fills><borders count="1"><border/></borders>' +
  '<cellStyleXfs count="1"><xf/></cellStyleXfs><cellXfs count="2"><xf fontId="0"/><xf fontId="1" applyFont="1"/></cellXfs></styleSheet>';

/** Each cell with its address: the format lets it out, but not every reader does. */
function rowXml(cells: readonly Cell[], style: 0 | 1, row: number): string {
  const written = cells.map((cell, index) => {
    if (cell === null) return '';
    const place = `r="${columnName(index + 1)}${row}"${style === 0 ? '' : ` s="${style}"`}`;
    if ('number' in cell) return `<c ${place}><v>${cell.number}</v></c>`;
    // A text of its own kind: no spreadsheet takes it for a formula.
    return `<c ${place} t="inlineStr"><is><t xml:space="preserve">${escaped(cell.text.slice(0, LONGEST_TEXT))}</t></is></c>`;
  });
  return `<row r="${row}">${written.join('')}</row>`;
}

const ENTITIES: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' };

/** Without what XML cannot carry: control characters and halves of surrogate pairs. */
function escaped(text: string): string {
  return text
    .replace(/[^\t\n\r\u0020-\uD7FF\uE000-\uFFFD\u{10000}-\u{10FFFF}]/gu, '')
    .replace(/[&<>"]/g, (letter) => ENTITIES[letter] ?? letter);
}

function columnName(number: number): string {
  const rest = (number - 1) % 26;
  const before = Math.floor((number - 1) / 26);
  return (before > 0 ? columnName(before) : '') + String.fromCharCode(65 + rest);
}

function relationships(relations: readonly string[]): string {
  return `<Relationships xmlns="${PACKAGE}/relationships">${relations.join('')}</Relationships>`;
}

function relation(id: string, type: string, target: string): string {
  return `<Relationship Id="${id}" Type="${OFFICE}/${type}" Target="${target}"/>`;
}

function override(part: string, type: string): string {
  return `<Override PartName="${part}" ContentType="${SPREADSHEET}.${type}+xml"/>`;
}
