import type { SheetRead, SmartsheetClient } from '../smartsheet';
import { SmartsheetRefused } from '../smartsheet';
import { eventOf, type ConfigurationChange } from '../weakening';
import type { AuditSheetBook, KnownAuditSheet } from './book';
import { AUDIT_SHEET_NAME, columnsIn, newColumns, type ColumnIds } from './columns';
import type { AuditSheetRequest } from './desk';
import { AuditSheetIsWatched, AuditSheetLacksColumns } from './errors';

/** The sheet that is written now, as it stands. */
export interface CurrentSheet {
  readonly sheetId: string;
  readonly facts: SheetRead;
  readonly ids: ColumnIds;
}

export interface SheetParts {
  readonly client: Pick<SmartsheetClient, 'listSheets' | 'sheetFacts' | 'createSheet'>;
  readonly book: Pick<AuditSheetBook, 'saveSheet' | 'sheetIds'>;
  readonly request: AuditSheetRequest;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  readonly isWatched: (sheetId: string) => boolean;
}

/**
 * The sheet that events are written to: the one known from before, else the one that was chosen or has our name, else a
 * new one.
 * @param known  what was written last; null: nothing yet
 * @param mayReplace  somebody has just deployed the node: a sheet that is gone is replaced by a new one
 * @throws AuditSheetLacksColumns, AuditSheetIsWatched, SmartsheetRefused
 */
export async function currentSheet(
  parts: SheetParts,
  known: KnownAuditSheet | null,
  mayReplace: boolean,
): Promise<CurrentSheet> {
  const { request } = parts;
  const isChosenAnew = known && request.sheetId !== null && !(await isFollowerOf(parts, known.sheet_id));
  if (known && !isChosenAnew) {
    try {
      return await opened(parts, known.sheet_id, known);
    } catch (failure) {
      const isGone = failure instanceof SmartsheetRefused && failure.isNotFound;
      if (!isGone || !mayReplace || request.sheetId !== null) throw failure;
      return replaced(parts, known, 'gone', null);
    }
  }
  if (request.sheetId !== null) return opened(parts, request.sheetId, null);
  const found = await named(parts, AUDIT_SHEET_NAME);
  if (found !== null) return opened(parts, found, null);
  const made = await parts.client.createSheet({ name: AUDIT_SHEET_NAME, columns: newColumns, workspaceId: null });
  return opened(parts, made, null);
}

/** The sheet after one that is full; the old one is kept as it is. */
export function nextSheet(parts: SheetParts, full: CurrentSheet): Promise<CurrentSheet> {
  const known = { sheet_id: full.sheetId, name: full.facts.name, columns: full.ids };
  return replaced(parts, known, 'full', full.facts.workspace?.id ?? null);
}

async function replaced(
  parts: SheetParts,
  before: KnownAuditSheet,
  whyEnded: 'full' | 'gone',
  workspaceId: string | null,
): Promise<CurrentSheet> {
  const name = await freeName(parts);
  const sheetId =
    name.sheetId ?? (await parts.client.createSheet({ name: name.text, columns: newColumns, workspaceId }));
  const why = whyEnded === 'full' ? `"${before.name}" was full` : `"${before.name}" was deleted`;
  const change: ConfigurationChange = {
    subject: 'Audit sheet',
    field: null,
    before: `${before.name} (${before.sheet_id})`,
    after: `${name.text} (${sheetId})`,
    weakens: whyEnded === 'gone',
    because: `${why}; events are written to "${name.text}" from now on.`,
  };
  const at = new Date(parts.now()).toISOString();
  const event = eventOf(change, 1, { scope: `audit-sheet:${sheetId}`, edition: 1, by: null, at });
  return opened(parts, sheetId, null, { whyEnded, events: [{ ...event, changed_by_kind: 'system' }] });
}

/**
 * The name of the month, with a number behind it where such a sheet was written already. A sheet of that name which was
 * never written is ours from a try whose end nobody heard of.
 */
async function freeName(parts: SheetParts): Promise<{ readonly text: string; readonly sheetId: string | null }> {
  const month = new Date(parts.now()).toISOString().slice(0, 7);
  const written = await parts.book.sheetIds();
  for (let number = 1; ; number += 1) {
    const text = `${AUDIT_SHEET_NAME} ${month}${number === 1 ? '' : ` (${number})`}`;
    const sheetId = await named(parts, text);
    if (sheetId === null || !written.includes(sheetId)) return { text, sheetId };
  }
}

async function named({ client }: SheetParts, name: string): Promise<string | null> {
  const listed = await client.listSheets({ name });
  const mayWrite = listed.filter((sheet) => sheet.name === name && sheet.accessLevel !== 'VIEWER');
  return mayWrite[0]?.id ?? null;
}

/** A sheet that came after the chosen one was full is as good as chosen. */
async function isFollowerOf({ book, request }: SheetParts, sheetId: string): Promise<boolean> {
  if (request.sheetId === sheetId) return true;
  const written = await book.sheetIds();
  return request.sheetId !== null && written.includes(request.sheetId) && written.includes(sheetId);
}

async function opened(
  { client, book, isWatched }: SheetParts,
  sheetId: string,
  known: KnownAuditSheet | null,
  told: Pick<Parameters<AuditSheetBook['saveSheet']>[0], 'whyEnded' | 'events'> = { events: [] },
): Promise<CurrentSheet> {
  if (isWatched(sheetId)) throw new AuditSheetIsWatched(sheetId);
  const facts = await client.sheetFacts(sheetId);
  const { ids, missing } = columnsIn(facts, known?.columns ?? {});
  if (missing.length > 0) throw new AuditSheetLacksColumns(facts.name, sheetId, missing);
  const isSame = known?.name === facts.name && JSON.stringify(known.columns) === JSON.stringify(ids);
  if (!isSame) await book.saveSheet({ sheetId, name: facts.name, columns: ids, ...told });
  return { sheetId, facts, ids };
}
