import { z } from 'zod';
import { understood } from './answers';
import { ask, type Exchange } from './exchange';

/** A sheet as a list shows it. */
export interface ListedSheet {
  readonly id: string;
  readonly name: string;
  /** VIEWER, EDITOR, ADMIN, OWNER ...; null where Smartsheet did not say. */
  readonly accessLevel: string | null;
  readonly workspace: string | null;
}

export interface SheetFilter {
  /** Only sheets whose name, id or workspace holds this, whatever its case; empty: all. */
  readonly name?: string;
}

/** A column as a list shows it. */
export interface ListedColumn {
  readonly id: string;
  readonly title: string;
  /** TEXT_NUMBER, DATE, CHECKBOX ... */
  readonly type: string;
  readonly isPrimary: boolean;
  /** Smartsheet fills it by itself: nobody can change it. */
  readonly isSystem: boolean;
}

const id = z.union([z.number(), z.string()]).transform(String);
const sheetPage = z.object({
  data: z.array(
    z.object({
      id,
      name: z.string(),
      accessLevel: z.string().nullish(),
      workspace: z.object({ name: z.string() }).nullish(),
    }),
  ),
});
const columnPage = z.object({
  data: z.array(
    z.object({
      id,
      title: z.string(),
      type: z.string(),
      primary: z.boolean().nullish(),
      systemColumnType: z.string().nullish(),
    }),
  ),
});

const PAGE_SIZE = 500;
const MOST_PAGES = 40;

/**
 * The sheets that a token can see, in the order in which Smartsheet lists them; at most 20,000 are looked at. Smartsheet
 * has no search by name that sees new sheets at once, so the list is read whole and filtered here.
 * @param exchange  `oneTry` where a person waits; the client's own where a flow asks
 * @throws SmartsheetRefused, SmartsheetUnavailable, SmartsheetAnswerUnknown
 */
export async function listSheets(exchange: Exchange, { name = '' }: SheetFilter = {}): Promise<readonly ListedSheet[]> {
  const listed = await everyPage(exchange, 'sheets?', 'list the sheets', sheetPage);
  const sheets = listed.map((sheet): ListedSheet => ({
    id: sheet.id,
    name: sheet.name,
    accessLevel: sheet.accessLevel ?? null,
    workspace: sheet.workspace?.name ?? null,
  }));
  const wanted = name.trim().toLowerCase();
  return sheets.filter((sheet) =>
    `${sheet.name}\n${sheet.id}\n${sheet.workspace ?? ''}`.toLowerCase().includes(wanted),
  );
}

/**
 * The columns of a sheet, in its order.
 * @param exchange  as for `listSheets`
 * @throws SmartsheetRefused, SmartsheetUnavailable, SmartsheetAnswerUnknown
 */
export async function listColumns(exchange: Exchange, sheetId: string): Promise<readonly ListedColumn[]> {
  const what = `list the columns of sheet ${sheetId}`;
  const listed = await everyPage(exchange, `sheets/${sheetId}/columns?`, what, columnPage);
  return listed.map((column) => ({
    id: column.id,
    title: column.title,
    type: column.type,
    isPrimary: column.primary ?? false,
    isSystem: (column.systemColumnType ?? null) !== null,
  }));
}

/** A page may be short, empty, or repeat the last one when there is nothing more (reference §1): stop at no news. */
async function everyPage<Item extends { readonly id: string }>(
  exchange: Exchange,
  path: string,
  what: string,
  schema: z.ZodType<{ data: Item[] }>,
): Promise<readonly Item[]> {
  const found = new Map<string, Item>();
  for (let page = 1; page <= MOST_PAGES; page += 1) {
    const call = { method: 'GET', path: `${path}page=${page}&pageSize=${PAGE_SIZE}`, what } as const;
    const { data } = understood(schema, await ask(exchange, call), what);
    const before = found.size;
    for (const item of data) found.set(item.id, item);
    if (data.length < PAGE_SIZE || found.size === before) break;
  }
  return [...found.values()];
}
