import type { Cell } from './columns';

/** What a spreadsheet takes for the beginning of a formula. */
const BEGINS_A_FORMULA = /^[=+\-@\t\r]/;

/** Excel reads a CSV as UTF-8 only with this in front. */
export const BYTE_ORDER_MARK = '\uFEFF';

/**
 * One line as RFC 4180 has it, with its line break. Text that a spreadsheet would run as a formula gets an apostrophe in
 * front; numbers, negative ones too, stay as they are.
 */
export function csvLine(cells: readonly Cell[]): string {
  return `${cells.map(csvCell).join(',')}\r\n`;
}

function csvCell(cell: Cell): string {
  if (cell === null) return '';
  if ('number' in cell) return cell.number;
  const safe = BEGINS_A_FORMULA.test(cell.text) ? `'${cell.text}` : cell.text;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}
