import type { Weaker } from '../define/fields';

/** A value that is worked out for each message; whether another expression gives less, nobody can tell. */
export interface ExpressionValue {
  readonly expression: string;
}

export function isExpression(value: unknown): value is ExpressionValue {
  return typeof value === 'object' && value !== null && 'expression' in value;
}

/**
 * Whether a value weakens detection against the one before. Both are known to differ.
 * @param weaker  the declared direction; undefined: no change of this value weakens
 */
export function isWeaker(weaker: Weaker | undefined, before: unknown, after: unknown): boolean {
  if (weaker === undefined) return false;
  if (isExpression(before) || isExpression(after)) return true;
  if (typeof weaker === 'object') return rankIn(weaker.order, after) > rankIn(weaker.order, before);
  return DIRECTIONS[weaker](before, after);
}

const DIRECTIONS: Readonly<Record<Exclude<Weaker, object>, (before: unknown, after: unknown) => boolean>> = {
  higher: (before, after) => anyNumber(before, after, (was, is) => is > was),
  lower: (before, after) => anyNumber(before, after, (was, is) => is < was),
  fewer: (before, after) => {
    const left = new Set(entriesOf(after).map(canonical));
    return entriesOf(before).some((entry) => !left.has(canonical(entry)));
  },
  emptied: (before, after) => textOf(before) !== '' && textOf(after) === '',
  off: (before, after) => before === true && after !== true,
  wider: (before, after) => {
    const [was, is] = [minutesOf(before), minutesOf(after)];
    return [...is].some((minute) => !was.has(minute));
  },
  changed: () => true,
};

/** Where a field holds one number for each factor, one that weakens is enough. A number that is gone weakens too. */
function anyNumber(before: unknown, after: unknown, weakens: (was: number, is: number) => boolean): boolean {
  if (typeof before !== 'object' || before === null) {
    return typeof before === 'number' && (typeof after !== 'number' || weakens(before, after));
  }
  const later = typeof after === 'object' && after !== null ? (after as Readonly<Record<string, unknown>>) : {};
  return Object.entries(before).some(([name, was]) => anyNumber(was, later[name], weakens));
}

/** What is not in the order counts as the strictest. */
function rankIn(order: readonly string[], value: unknown): number {
  return order.indexOf(textOf(value));
}

/** The entries of a list, of a text with commas, or of a table (`name = value`). */
export function entriesOf(value: unknown): readonly string[] {
  if (Array.isArray(value)) return value.map(textOf).filter((entry) => entry !== '');
  if (typeof value === 'object' && value !== null) {
    return Object.entries(value).map(([name, content]) => `${name} = ${textOf(content)}`);
  }
  return textOf(value)
    .split(',')
    .map((entry) => entry.trim())
    .filter((entry) => entry !== '');
}

function canonical(entry: string): string {
  return entry.trim().replace(/\s+/gu, ' ').toLowerCase();
}

/** The minutes of a day that `HH:MM-HH:MM` covers; hours may run over midnight. */
function minutesOf(hours: unknown): ReadonlySet<number> {
  const [from, to] = textOf(hours)
    .split('-')
    .map((time) => {
      const [hour = 0, minute = 0] = time.split(':').map(Number);
      return hour * 60 + minute;
    });
  const covered = new Set<number>();
  if (from === undefined || to === undefined || Number.isNaN(from) || Number.isNaN(to)) return covered;
  const length = to > from ? to - from : to + 1440 - from;
  for (let minute = 0; minute < length; minute += 1) covered.add((from + minute) % 1440);
  return covered;
}

/** A value as a person reads it; empty where there is none. */
export function textOf(value: unknown): string {
  if (value === null || value === undefined) return '';
  if (isExpression(value)) return value.expression;
  if (Array.isArray(value) || typeof value === 'object') return entriesOf(value).join(', ');
  return String(value).trim();
}
