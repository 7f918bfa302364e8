import { z, type ZodType } from 'zod';
import { SmartsheetAnswerUnknown } from './errors';
import { cellText } from './cell-text';
import { toInstant } from './instants';

const id = z.union([z.number(), z.string()]).transform(String);
const instant = z.unknown().transform(toInstant);
const person = z
  .looseObject({ email: z.string().nullish() })
  .nullish()
  .transform((value) => value?.email ?? null);
const optionalText = z
  .string()
  .nullish()
  .transform((value) => value ?? null);

const content = {
  value: z.unknown().optional(),
  objectValue: z.unknown().optional(),
  displayValue: z.unknown().optional(),
};

const cell = z
  .object({ ...content, columnId: id, formula: z.string().optional() })
  .transform((read) => ({ columnId: read.columnId, value: cellText(read), hasFormula: read.formula !== undefined }));

const row = z
  .object({
    id,
    version: z.number().nullish(),
    createdAt: instant,
    createdBy: person,
    modifiedAt: instant,
    modifiedBy: person,
    permalink: optionalText,
    cells: z.array(cell).default([]),
  })
  .transform(({ version, ...read }) => ({ ...read, version: version ?? null }));

export const sheetAnswer = z.object({
  id,
  name: z.string(),
  version: z.number(),
  totalRowCount: z.number().nullish(),
  modifiedAt: instant,
  workspace: z.object({ id }).nullish(),
  columns: z.array(
    z.object({
      id,
      title: z.string(),
      type: z.string().optional(),
      primary: z.boolean().optional(),
      systemColumnType: z.string().optional(),
    }),
  ),
  rows: z.array(row).default([]),
});

export const newSheetResult = z.object({ result: z.object({ id, name: z.string() }) });

export const rowsResult = z.object({ result: z.array(z.object({ id })) });

export const versionAnswer = z.object({ version: z.number() });

const historyEntry = z
  .object({ ...content, modifiedAt: instant, modifiedBy: person })
  .transform((read) => ({ value: cellText(read), at: read.modifiedAt, by: read.modifiedBy }));

export const historyAnswer = z.object({ data: z.array(historyEntry) });

export const userAnswer = z.object({ id, email: z.string(), name: optionalText });

const webhook = z.object({
  id,
  name: optionalText,
  scopeObjectId: id,
  callbackUrl: z.string(),
  enabled: z.boolean(),
  status: z.string(),
  sharedSecret: optionalText,
  subscope: z.object({ columnIds: z.array(id).optional() }).nullish(),
  disabledDetails: optionalText,
});

export const webhookAnswer = webhook;
export const webhookResult = z.object({ result: webhook });
export const webhookPage = z.object({ data: z.array(webhook) });

/** One read of a sheet, or of a part of it. */
export type SheetRead = z.output<typeof sheetAnswer>;
/** A row as read; `cells` lists only what is not empty, `version` is null where Smartsheet did not say. */
export type RowRead = SheetRead['rows'][number];
/** One value that a cell held, with the writer's address. */
export type HistoryEntry = z.output<typeof historyEntry>;
export type SmartsheetUser = z.output<typeof userAnswer>;
export type SmartsheetWebhook = z.output<typeof webhook>;

/** @throws SmartsheetAnswerUnknown  naming the first fields that are not as documented */
export function understood<Schema extends ZodType>(schema: Schema, value: unknown, what: string): z.output<Schema> {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const problems = parsed.error.issues.slice(0, 3).map(({ path, message }) => `\`${path.join('.')}\`: ${message}`);
  throw new SmartsheetAnswerUnknown(what, problems.join('; '));
}
