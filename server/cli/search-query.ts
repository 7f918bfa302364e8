import { z } from 'zod';
import { BadSetting } from '../../lib/errors';
import { actorKind, KINDS_IN_TRAIL, severity, violationType } from '../../lib/event';
import type { TrailQuery } from '../../lib/store';
import { instantOf, isDay, refuseBackwards } from './instant';

/** A field of the trail and what it takes; the flag has its name with dashes. */
export const FIELDS = {
  text: 'a part of any text',
  from: 'changed at or after, like 2026-01-31T09:00:00Z',
  to: 'changed before',
  recorded_from: 'recorded at or after',
  recorded_to: 'recorded before',
  sheet_id: 'sheet',
  row_id: 'row',
  work_request: 'work request, up to the first dot',
  column_name: 'column',
  changed_by: 'e-mail of who changed it',
  changed_by_kind: `${actorKind.options.slice(0, -1).join(', ')} or ${actorKind.options.at(-1)}`,
  violation_type: 'like HISTORICAL_CHANGE',
  severity: 'LOW, MEDIUM or HIGH',
  kind: 'like cell_changed, row_deleted or coverage',
  is_historical: 'true or false',
  week_ending: 'like 2026-01-25',
  risk_from: 'least risk, 0..1',
  predicted_category: 'category',
  approval_id: 'approval',
  audit_run_id: 'callback, compare or backfill that found it',
  event_key: 'key of the event',
  rules_hash: 'hash of the rules that judged it',
  currency: 'like USD',
  old_value: 'whole value before',
  new_value: 'whole value after',
  ip_address: 'address',
  session_id: 'session',
} as const satisfies Partial<Record<keyof TrailQuery, string>>;

type Field = keyof typeof FIELDS;
/** Fields that take one of a few words. Another word fits no event: "nothing was found" would then be a false all-clear. */
const WORDS: Partial<Record<Field, readonly string[]>> = {
  severity: severity.options,
  violation_type: violationType.options,
  kind: KINDS_IN_TRAIL,
  changed_by_kind: actorKind.options,
};
/** Fields of which any other form fits no event either, and what they look like. */
const FORMS: Partial<Record<Field, readonly [RegExp, string]>> = {
  sheet_id: [/^\d{1,20}$/u, 'Give the id of the sheet: digits alone (File > Properties in Smartsheet).'],
  row_id: [/^\d{1,20}$/u, 'Give the id of the row: digits alone.'],
  rules_hash: [/^[0-9a-f]{64}$/u, 'Copy it from the rules_hash of an event: 64 characters.'],
  currency: [/^[A-Z]{3}$/u, 'Write it like USD.'],
};
const INSTANTS: readonly Field[] = ['from', 'to', 'recorded_from', 'recorded_to'];
export const ORDERS = ['newest', 'delta', 'money_at_risk'] as const;

export interface SearchFlags {
  readonly order: (typeof ORDERS)[number];
  readonly limit: string;
  readonly after?: string;
  readonly home?: string;
  readonly json?: boolean;
}

/** @throws BadSetting  a flag says what it cannot mean */
export function queryOf(flags: SearchFlags & Record<string, unknown>): TrailQuery & { readonly limit: number } {
  const given = Object.keys(FIELDS).flatMap((name) => {
    const field = name as Field;
    const value = flags[name.replace(/_(\w)/g, (_, letter: string) => letter.toUpperCase())];
    return typeof value === 'string' ? [[field, valueOf(field, value)] as const] : [];
  });
  const limit = Number(flags.limit);
  if (!Number.isInteger(limit) || limit < 1 || limit > 1_000_000) {
    throw new BadSetting('--limit', `is "${flags.limit}"`, 'Give a whole number from 1 to 1000000.');
  }
  const query = Object.fromEntries(given) as TrailQuery;
  // "Nothing was found" would be taken for an answer.
  refuseBackwards(['--from', query.from], ['--to', query.to]);
  refuseBackwards(['--recorded-from', query.recorded_from], ['--recorded-to', query.recorded_to]);
  return {
    ...query,
    order: flags.order,
    limit,
    ...(flags.after !== undefined && { after: markOf(flags.after, flags.order) }),
  };
}

/** What a page mark is: the order, where the page ended in it, and the place of its last event. */
const mark = z.tuple([z.string(), z.string(), z.int()]);

/** @throws BadSetting  no page ends so, or one of another order */
function markOf(text: string, order: string): string {
  const [of] = readMark(text);
  if (of === order) return text;
  const hint = `Give --order ${of} as well: a mark goes on in the order of its page.`;
  throw new BadSetting('--after', `is of a page in the order "${of}", and "${order}" was asked for`, hint);
}

function readMark(text: string): z.infer<typeof mark> {
  try {
    if (!/^[\w+/]+={0,2}$/u.test(text)) throw new Error('No mark has such characters.');
    return mark.parse(JSON.parse(Buffer.from(text, 'base64').toString('utf8')));
  } catch {
    const hint = 'Copy the "next" of the page before, whole: some 60 letters and digits, like WyJuZXdlc3QiLCAi...';
    throw new BadSetting('--after', `is "${text.slice(0, 80)}", which is no mark of a page`, hint);
  }
}

function valueOf(field: Field, text: string): string | number | boolean {
  const flag = `--${field.replaceAll('_', '-')}`;
  if (field === 'is_historical') {
    if (text !== 'true' && text !== 'false') throw new BadSetting(flag, `is "${text}"`, 'Say true or false.');
    return text === 'true';
  }
  if (field === 'risk_from') {
    const risk = Number(text);
    if (!(risk >= 0 && risk <= 1)) throw new BadSetting(flag, `is "${text}"`, 'Give a number from 0 to 1.');
    return risk;
  }
  if (field === 'week_ending' && !isDay(text)) throw new BadSetting(flag, `is "${text}"`, 'Write it like 2026-01-25.');
  if (!INSTANTS.includes(field)) return wordOf(field, flag, text);
  return instantOf(flag, text);
}

/** @throws BadSetting  no event can have it */
function wordOf(field: Field, flag: string, text: string): string {
  const words = WORDS[field];
  if (words !== undefined) {
    const word = words.find((each) => each.toLowerCase() === text.toLowerCase());
    if (word === undefined) throw new BadSetting(flag, `is "${text}"`, `Give one of ${words.join(', ')}.`);
    return word;
  }
  const form = FORMS[field];
  if (form !== undefined && !form[0].test(text)) throw new BadSetting(flag, `is "${text}"`, form[1]);
  return text;
}
