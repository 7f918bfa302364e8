import { z } from 'zod';
import { wire } from '../define/wire';
import { cellText, id, instant } from './formats';

/** What changed: a cell, a whole row or column, or what hangs on a row or the sheet. */
export const changeKind = z.enum([
  'cell_changed',
  'row_added',
  'row_deleted',
  'row_moved',
  'column_added',
  /** Also a column that was deleted: it has no new title. */
  'column_renamed',
  'column_retyped',
  'attachment_created',
  'attachment_updated',
  'attachment_deleted',
  'discussion_created',
  'discussion_updated',
  'discussion_deleted',
  'comment_created',
  'comment_updated',
  'comment_deleted',
  'watch_gap',
]);

/** What made the change; `api_client` is a program with a person's token. `unknown` is said, never guessed. */
export const actorKind = z.enum(['person', 'api_client', 'automation', 'form', 'cell_link', 'system', 'unknown']);

/** How the change was found. */
export const foundBy = z.enum(['callback', 'poll', 'backfill']);

/**
 * One change, as the Smartsheet Trigger emits it. `values` are the row's cells by column title as they stood right
 * after the change (before it, for a deleted row), so that whoever judges it needs no further read.
 */
export const changeSchema = z.object({
  /** `sheet:row:column:revision` for a cell, `sheet:type:object:action:version` for all else. Unique for ever. */
  event_key: z.string().min(1),
  kind: changeKind,
  sheet_id: id,
  sheet_name: z.string(),
  row_id: id.nullable(),
  column_id: id.nullable(),
  column_name: z.string().nullable(),
  old_value: cellText,
  new_value: cellText,
  values: z.record(z.string(), cellText),
  /** E-mail of the person, or the name of the system actor; null when nobody knows. */
  changed_by: z.string().nullable(),
  changed_by_kind: actorKind,
  changed_at: instant,
  /** What the program that wrote it calls itself, where one said so (`Smartsheet-Change-Agent`). */
  change_agent: z.string().optional(),
  /** The callback, compare or backfill that found it: `callback:<nonce>`, `poll:<sheet>:<version>`, ... */
  audit_run_id: z.string(),
  found_by: foundBy,
  /** True when the cell may have held other values in between that nobody can read any more. */
  intermediate_unknown: z.boolean(),
  sheet_reference: z.string().nullable(),
});

export type Change = z.infer<typeof changeSchema>;
export type ChangeKind = z.infer<typeof changeKind>;
export type ActorKind = z.infer<typeof actorKind>;

export const change = wire('change', changeSchema);
