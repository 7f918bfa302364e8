import { z } from 'zod';
import { columnView } from './views';
import { COLUMN_TYPES, SYSTEM_COLUMN_TYPES } from '../office/types';
import { paged } from './paging';
import { SmartsheetRefusal } from '../errors';
import { success, type Call } from './call';
import type { NewColumn } from '../office/office';

const columnAttributes = z.object({
  title: z.string().min(1).max(50),
  type: z.enum(COLUMN_TYPES),
  primary: z.boolean().optional(),
  systemColumnType: z.enum(SYSTEM_COLUMN_TYPES).optional(),
  options: z.array(z.string()).optional(),
  locked: z.boolean().optional(),
  width: z.int().min(1).max(2_000).optional(),
  index: z.int().min(0).optional(),
  validation: z.boolean().optional(),
  symbol: z.string().optional(),
  description: z.string().max(250).optional(),
});

export const newColumnSchema = columnAttributes.refine(
  (column) => column.primary !== true || column.type === 'TEXT_NUMBER',
  {
    path: ['type'],
    message: 'the primary column must be of type TEXT_NUMBER',
  },
);

const USUAL_WIDTH = 150;

export function newColumnOf(column: z.infer<typeof newColumnSchema>): NewColumn {
  return {
    title: column.title,
    type: column.type,
    primary: column.primary ?? false,
    options: column.options ?? [],
    locked: column.locked ?? false,
    width: column.width ?? USUAL_WIDTH,
    ...(column.systemColumnType === undefined ? {} : { systemColumnType: column.systemColumnType }),
  };
}

/** `GET /sheets/{id}/columns`. */
export function listColumns(call: Call): object {
  const sheet = call.sheet();
  const page = paged(call, sheet.columns);
  return { ...page, data: page.data.map((column) => columnView(sheet, column)) };
}

export function getColumn(call: Call): object {
  const sheet = call.sheet();
  return columnView(sheet, call.column(sheet));
}

/** `POST /sheets/{id}/columns`: one column or several, at the index of the first (default: the end). */
export function addColumns(call: Call): object {
  const sheet = call.sheet('ADMIN');
  const columns = call.body(
    z.union([newColumnSchema.transform((column) => [column]), z.array(newColumnSchema).min(1)]),
  );
  for (const { title, primary } of columns) {
    if (primary === true) throw new SmartsheetRefusal(400, 1056, 'A sheet has only one primary column.');
    mustBeFree(call, title);
  }
  const index = columns[0]?.index ?? sheet.columns.length;
  const added = call.world.office.addColumns(sheet, columns.map(newColumnOf), index, call.by);
  const views = added.map((column) => columnView(sheet, column));
  return success({ result: Array.isArray(call.json()) ? views : views[0], version: sheet.version });
}

/** `PUT /sheets/{id}/columns/{id}`: title, type, options, width, lock. */
export function updateColumn(call: Call): object {
  const sheet = call.sheet('ADMIN');
  const column = call.column(sheet);
  const { title, type, options, width, locked } = call.body(columnAttributes.partial());
  if (title !== undefined && title !== column.title) mustBeFree(call, title);
  const change = {
    ...(title === undefined ? {} : { title }),
    ...(type === undefined ? {} : { type }),
    ...(options === undefined ? {} : { options }),
    ...(width === undefined ? {} : { width }),
    ...(locked === undefined ? {} : { locked }),
  };
  call.world.office.updateColumn(sheet, column, change, call.by);
  return success({ result: columnView(sheet, column), version: sheet.version });
}

export function deleteColumn(call: Call): object {
  const sheet = call.sheet('ADMIN');
  const column = call.column(sheet);
  if (column.primary) throw new SmartsheetRefusal(400, 1056, 'The primary column cannot be deleted.');
  call.world.office.deleteColumn(sheet, column, call.by);
  return success({ version: sheet.version });
}

function mustBeFree(call: Call, title: string): void {
  if (call.sheet().columnTitled(title) !== undefined) {
    throw new SmartsheetRefusal(400, 1057, `A column with the title '${title}' exists already.`);
  }
}
