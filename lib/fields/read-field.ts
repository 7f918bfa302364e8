import type { Field, FieldKind } from '../define/fields';
import type { FieldProblem } from './problems';

export type Reading =
  { readonly ok: true; readonly value: unknown } | { readonly ok: false; readonly problem: FieldProblem };

type Reader<Kind extends FieldKind> = (raw: unknown, field: Extract<Field, { kind: Kind }>) => Reading;

const HOURS = /^([01]\d|2[0-3]):[0-5]\d-(([01]\d|2[0-3]):[0-5]\d|24:00)$/;
const SCHEDULE = /^(every [1-9]\d* ?(s|min|h)|((Mon|Tue|Wed|Thu|Fri|Sat|Sun) )?([01]\d|2[0-3]):[0-5]\d)$/;

/** True when nothing was entered: such a field inherits, or takes what its kind means by empty. */
export function isEmpty(raw: unknown): boolean {
  if (raw === undefined || raw === null) return true;
  if (typeof raw === 'string') return raw.trim() === '';
  if (Array.isArray(raw)) return raw.length === 0;
  return typeof raw === 'object' && Object.keys(raw).length === 0;
}

/** A whole value that Node-RED replaces before a node sees it. */
export function isEnvironmentReference(raw: unknown): boolean {
  return typeof raw === 'string' && /^\$\{[^}]+\}$/.test(raw.trim());
}

/**
 * Turns what a dialog, a flow file or an expression holds into the value that the node's code gets (see `ValueOf`).
 * @param raw  text as typed, or a value already of the kind's type; empty gives what the kind means by empty
 */
export function readField(field: Field, raw: unknown): Reading {
  if (isEmpty(raw) && field.required) return wrong('required');
  const reader = READERS[field.kind] as Reader<FieldKind>;
  return reader(raw, field);
}

const READERS: { readonly [Kind in FieldKind]: Reader<Kind> } = {
  string: (raw, { pattern }) =>
    withText(raw, (text) =>
      text && pattern && !new RegExp(pattern.regex).test(text)
        ? wrong('pattern', { why: pattern.message })
        : right(text),
    ),
  secret: (raw) => withText(raw, right),
  number: readNumber,
  boolean: readBoolean,
  options: (raw, { options, default: preset }) =>
    withText(isEmpty(raw) ? preset : raw, (text) =>
      options.some(({ value }) => value === text) ? right(text) : wrong('option', { options: list(options) }),
    ),
  'multi-options': (raw, { options }) => {
    const chosen = textsOf(raw);
    return chosen.every((text) => options.some(({ value }) => value === text))
      ? right(chosen)
      : wrong('option', { options: list(options) });
  },
  hours: (raw) => withText(raw, (text) => (text === '' || isHours(text) ? right(text) : wrong('hours'))),
  weights: readWeights,
  json: readJson,
  schedule: (raw) => withText(raw, (text) => (text === '' || SCHEDULE.test(text) ? right(text) : wrong('schedule'))),
  sheets: (raw, { many }) => {
    const ids = textsOf(raw);
    if (!ids.every((id) => /^\d{1,20}$/.test(id))) return wrong('sheets');
    return !many && ids.length > 1 ? wrong('one') : right(ids);
  },
  columns: (raw, { many }) => {
    const titles = textsOf(raw);
    return !many && titles.length > 1 ? wrong('one') : right(titles);
  },
};

function readNumber(raw: unknown, field: Extract<Field, { kind: 'number' }>): Reading {
  if (isEmpty(raw)) return right(field.default);
  const value = typeof raw === 'number' ? raw : typeof raw === 'string' ? Number(raw.trim()) : Number.NaN;
  if (!Number.isFinite(value)) return wrong('number');
  if (field.integer && !Number.isInteger(value)) return wrong('integer');
  if (field.min !== undefined && value < field.min) return wrong('least', { min: field.min });
  if (field.max !== undefined && value > field.max) return wrong('most', { max: field.max });
  return right(value);
}

function readBoolean(raw: unknown, field: Extract<Field, { kind: 'boolean' }>): Reading {
  if (isEmpty(raw)) return right(field.default);
  if (typeof raw === 'boolean') return right(raw);
  const text = String(raw).trim().toLowerCase();
  return text === 'true' || text === 'false' ? right(text === 'true') : wrong('boolean');
}

function readWeights(raw: unknown, field: Extract<Field, { kind: 'weights' }>): Reading {
  if (isEmpty(raw)) return right(field.default);
  const given = typeof raw === 'string' ? parsed(raw) : { value: raw };
  if ('why' in given) return wrong('json', { why: given.why });
  if (!isPlainObject(given.value)) return wrong('json', { why: 'an object is needed' });
  const points: Record<string, number> = { ...field.default };
  for (const [factor, entered] of Object.entries(given.value)) {
    if (!(factor in field.factors)) return wrong('factor', { factor });
    if (isEmpty(entered)) continue;
    const value = Number(entered);
    if (!(value >= 0 && value <= 100)) return wrong('points', { factor: field.factors[factor] ?? factor });
    points[factor] = value;
  }
  return right(points);
}

function readJson(raw: unknown): Reading {
  if (isEmpty(raw)) return right(undefined);
  if (typeof raw !== 'string') return right(raw);
  const given = parsed(raw);
  return 'why' in given ? wrong('json', { why: given.why }) : right(given.value);
}

function isHours(text: string): boolean {
  const [from, to] = text.split('-');
  return HOURS.test(text) && from !== to;
}

function parsed(text: string): { value: unknown } | { why: string } {
  try {
    return { value: JSON.parse(text) as unknown };
  } catch (thrown) {
    return { why: thrown instanceof Error ? thrown.message : String(thrown) };
  }
}

function withText(raw: unknown, next: (text: string) => Reading): Reading {
  if (isEmpty(raw)) return next('');
  return typeof raw === 'string' || typeof raw === 'number' ? next(String(raw).trim()) : wrong('text');
}

function textsOf(raw: unknown): string[] {
  if (isEmpty(raw)) return [];
  const parts: unknown[] = Array.isArray(raw) ? raw : String(raw).split(',');
  return parts.map((part) => String(part).trim()).filter(Boolean);
}

function list(options: readonly { readonly value: string }[]): string {
  return options.map(({ value }) => value).join(', ');
}

function isPlainObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function right(value: unknown): Reading {
  return { ok: true, value };
}

function wrong(key: FieldProblem['key'], facts: FieldProblem['facts'] = {}): Reading {
  return { ok: false, problem: { key, facts } };
}
