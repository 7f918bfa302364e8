import { z } from 'zod';
import { SmartsheetRefusal } from '../errors';
import type { CellContent, CellValue, Column } from './types';

/** Longer text is cut without a word, as Smartsheet does (reference §7.1). */
const MOST_CHARACTERS = 4_000;
const LARGEST_NUMBER = 9_007_199_254_740_992;

/** A cell of a write request. `strict` is true when absent. */
export const cellToWrite = z.looseObject({
  columnId: z.int(),
  value: z.union([z.string(), z.number(), z.boolean(), z.null()]).optional(),
  objectValue: z.unknown().optional(),
  displayValue: z.string().optional(),
  hyperlink: z.unknown().optional(),
  formula: z.string().optional(),
  linkInFromCell: z.unknown().optional(),
  strict: z.boolean().optional(),
});
export type CellToWrite = z.infer<typeof cellToWrite>;

/**
 * What a cell holds after a write.
 * @throws SmartsheetRefusal 1042 when the value breaks the strict rule of the column type, 1046 for a system column,
 *         1148 for a number out of range, 1032 for what this sandbox does not calculate (formulas, cell links)
 */
export function contentToWrite(column: Column, cell: CellToWrite): CellContent {
  if (column.systemColumnType !== undefined || column.type === 'DATETIME') {
    throw new SmartsheetRefusal(
      400,
      1046,
      `Value provided for column ${column.id} is read-only: it is a system column.`,
    );
  }
  if (cell.formula !== undefined || cell.linkInFromCell !== undefined) {
    throw new SmartsheetRefusal(
      400,
      1032,
      'The attribute(s) formula, linkInFromCell are not allowed: this sandbox does not calculate.',
    );
  }
  if (typeof cell.value === 'number' && Math.abs(cell.value) > LARGEST_NUMBER) {
    throw new SmartsheetRefusal(400, 1148, 'Number values must be between -9007199254740992 and 9007199254740992.');
  }
  if (column.type === 'MULTI_CONTACT_LIST' || column.type === 'MULTI_PICKLIST') return severalValues(column, cell);
  const value = cut(cell.value ?? null);
  if (value !== null && value !== '' && (cell.strict ?? true)) mustFit(column, value);
  if (value === '' && cell.hyperlink === undefined) return { value: null };
  return {
    value: cell.strict === false ? loosely(column, value) : value,
    ...(cell.displayValue === undefined || column.type !== 'CONTACT_LIST' ? {} : { displayValue: cell.displayValue }),
    ...(cell.hyperlink === undefined || cell.hyperlink === null ? {} : { hyperlink: cell.hyperlink }),
  };
}

/** True when saving `next` over `present` would change nothing. */
export function sameContent(present: CellContent, next: CellContent): boolean {
  if (present.value !== next.value) return false;
  return same(present.objectValue, next.objectValue) && same(present.hyperlink, next.hyperlink);
}

/** What a person reads in the cell. */
export function displayText(content: CellContent): string {
  return content.displayValue ?? (content.value === null ? '' : String(content.value));
}

function same(left: unknown, right: unknown): boolean {
  return left === right || JSON.stringify(left) === JSON.stringify(right);
}

function cut(value: CellValue): CellValue {
  return typeof value === 'string' ? value.slice(0, MOST_CHARACTERS) : value;
}

/** UI-like parsing of `strict: false`: a text that is a number becomes one in a TEXT_NUMBER column. */
function loosely(column: Column, value: CellValue): CellValue {
  if (column.type !== 'TEXT_NUMBER' || typeof value !== 'string') return value;
  return /^-?\d+(\.\d+)?$/.test(value.trim()) ? Number(value) : value;
}

function mustFit(column: Column, value: string | number | boolean): void {
  const fits = {
    TEXT_NUMBER: true,
    CHECKBOX: typeof value === 'boolean',
    DATE: typeof value === 'string' && isDate(value),
    ABSTRACT_DATETIME: typeof value === 'string' && !Number.isNaN(Date.parse(value)),
    CONTACT_LIST: typeof value === 'string' && /^[^@\s]+@[^@\s]+\.[^@\s]+$/.test(value),
    PICKLIST: column.options.length === 0 || column.options.includes(String(value)),
    DATETIME: false,
    MULTI_CONTACT_LIST: false,
    MULTI_PICKLIST: false,
  }[column.type];
  if (!fits) throw strictBreach(column, value);
}

function isDate(text: string): boolean {
  if (!/^\d{4}-\d{2}-\d{2}$/.test(text)) return false;
  const time = Date.parse(`${text}T00:00:00Z`);
  return !Number.isNaN(time) && new Date(time).toISOString().startsWith(text);
}

const severalSchema = z.looseObject({
  objectType: z.enum(['MULTI_CONTACT', 'MULTI_PICKLIST']),
  values: z.array(z.union([z.string(), z.looseObject({ email: z.string(), name: z.string().optional() })])),
});

function severalValues(column: Column, cell: CellToWrite): CellContent {
  if (cell.objectValue === undefined || cell.objectValue === null) {
    if (cell.value === undefined || cell.value === null || cell.value === '') return { value: null };
    throw strictBreach(column, cell.value);
  }
  const several = severalSchema.safeParse(cell.objectValue);
  if (!several.success || `${several.data.objectType}_LIST`.replace('PICKLIST_LIST', 'PICKLIST') !== column.type) {
    throw strictBreach(column, 'objectValue');
  }
  const names = several.data.values.map((each) => (typeof each === 'string' ? each : (each.name ?? each.email)));
  return { value: cut(names.join(', ')), objectValue: cell.objectValue };
}

function strictBreach(column: Column, value: unknown): SmartsheetRefusal {
  return new SmartsheetRefusal(
    400,
    1042,
    `The value for cell in column ${column.id}, ${JSON.stringify(value)}, did not conform to the strict requirements for type ${column.type}.`,
  );
}
