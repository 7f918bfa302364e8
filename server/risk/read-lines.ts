import { z } from 'zod';
import type { ContextLine, EventLine } from '../../lib/risk';
import { BadLines } from './lines';

const text = z.union([z.string(), z.number().transform(String)]).nullish();

const event = z.looseObject({
  event_key: text,
  kind: text,
  sheet_id: text,
  row_id: text,
  work_request: text,
  column_name: text,
  old_value: text,
  new_value: text,
  delta: text,
  changed_by: text,
  changed_at: z.string(),
  week_ending: z.string().nullish(),
  is_historical: z.boolean().nullish(),
});

const context = z.discriminatedUnion('kind', [
  z.looseObject({ kind: z.literal('person'), person: z.string() }),
  z.looseObject({ kind: z.literal('row'), sheet_id: z.string(), row_id: z.string() }),
  z.looseObject({ kind: z.literal('price'), unit_code: z.string(), price: z.number() }),
]);

const label = z.looseObject({
  event_key: z.string(),
  label: z.union([z.literal(0), z.literal(1), z.boolean().transform(Number)]),
  incident: z.string().nullish(),
  category: z.string().nullish(),
  pattern: z.string().nullish(),
});

/** What a reviewer said of one event. */
export interface LabelLine {
  readonly event_key: string;
  readonly label: number;
  readonly incident: string | null;
  readonly category: string | null;
}

/** An event as the features take it; the rest of its line is not looked at. */
export function eventOf(value: Record<string, unknown>, file: string, line: number): EventLine {
  return checked(event, value, 'event', file, line) as EventLine;
}

export function contextOf(value: Record<string, unknown>, file: string, line: number): ContextLine {
  return checked(context, value, 'context line', file, line) as ContextLine;
}

export function labelOf(value: Record<string, unknown>, file: string, line: number): LabelLine {
  const { event_key, label: given, incident, category, pattern } = checked(label, value, 'label', file, line);
  return { event_key, label: Number(given), incident: incident ?? null, category: category ?? pattern ?? null };
}

function checked<T>(schema: z.ZodType<T>, value: unknown, what: string, file: string, line: number): T {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw new BadLines(
    `Line ${line} of ${file === '-' ? 'standard input' : file} is not an ${what}: ${issue?.path.join('.') ?? ''} ${issue?.message ?? ''}.`
      .replace('an context', 'a context')
      .replace('an label', 'a label'),
    'See docs/risk.md for the fields of each line.',
    { file, line },
  );
}
