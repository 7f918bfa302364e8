import { holidayCalendar, parseHours, checkedTimeZone } from '../calendar';
import { BadSetting } from '../errors';
import type { BillingSettings } from './billing-settings';

/** Reads one setting as a form, a flow's JSON or the environment holds it. `field` is what a person calls it. */
type Read<Value> = (given: unknown, field: string) => Value;

/** How each setting is read and checked; each throws BadSetting. */
export const readers: { readonly [Name in keyof BillingSettings]: Read<BillingSettings[Name]> } = {
  timeZone: (given, field) => checkedTimeZone(text(given, field), field),
  businessHours: (given, field) => checked(text(given, field), (hours) => parseHours(hours, field)),
  holidays: (given, field) => checked(text(given, field), (rule) => holidayCalendar(rule, field)),
  closesAfterHours: numberBetween(0, 8760),
  trackedColumns: titles,
  columnAliases: (given, field) => aliases(pairs(given, field, '=')),
  currencies: (given, field) => currencies(given, field),
  severityHighAbove: numberBetween(0, Infinity),
  severityMediumAbove: numberBetween(0, Infinity),
  largeChangeAbove: numberBetween(0, Infinity),
  largeChangeShare: numberBetween(0, Infinity),
  rapidChanges: numberBetween(2, 10_000),
  rapidMinutes: numberBetween(1, 1440),
  inactiveDays: numberBetween(1, 3650),
  reviewOverdueDays: numberBetween(1, 3650),
  lowAccessLevel: numberBetween(0, 10),
};

/** Whether nobody filled a field in: it takes the next source's value. */
export function isUnset(given: unknown): boolean {
  if (given === undefined || given === null) return true;
  if (typeof given === 'string') return given.trim() === '';
  if (Array.isArray(given)) return given.every(isUnset);
  return typeof given === 'object' && Object.keys(given).length === 0;
}

function text(given: unknown, field: string): string {
  if (typeof given === 'string') return given.trim();
  throw new BadSetting(field, 'is not a text', 'Type the value, or leave the field empty.');
}

function checked(value: string, check: (value: string) => unknown): string {
  check(value);
  return value;
}

function numberBetween(min: number, max: number): Read<number> {
  const range = max === Infinity ? `a number from ${min} on` : `a number from ${min} to ${max}`;
  return (given, field) => {
    const value = typeof given === 'string' ? Number(given) : given;
    if (typeof value === 'number' && value >= min && value <= max && Number.isFinite(value)) return value;
    throw new BadSetting(field, `is ${JSON.stringify(given)}`, `Give ${range}, or leave the field empty.`);
  };
}

function titles(given: unknown, field: string): readonly string[] {
  const listed: readonly unknown[] = Array.isArray(given) ? given : text(given, field).split(',');
  const named = listed.map((each) => text(each, field)).filter((each) => each !== '');
  return [...new Set(named)];
}

/** `a = b, c = d`, or an object. */
function pairs(given: unknown, field: string, sign: string): readonly (readonly [string, string])[] {
  if (typeof given === 'object' && given !== null && !Array.isArray(given)) {
    return Object.entries(given).map(([left, right]) => [left, text(right, field)]);
  }
  return text(given, field)
    .split(',')
    .filter((pair) => pair.trim() !== '')
    .map((pair) => {
      const at = pair.indexOf(sign);
      const [left, right] = [pair.slice(0, at).trim(), pair.slice(at + 1).trim()];
      if (at > 0 && left && right) return [left, right];
      throw new BadSetting(field, `holds "${pair.trim()}"`, `Give pairs such as "left ${sign} right", with commas.`);
    });
}

function aliases(named: readonly (readonly [string, string])[]): Readonly<Record<string, string>> {
  return Object.fromEntries(
    named.map(([other, title]) => [other.trim().replace(/\s+/gu, ' ').toLowerCase(), title] as const),
  );
}

/** `GBP` for all sheets, or `USD, 4583173393803140 = GBP`. */
function currencies(given: unknown, field: string): Readonly<Record<string, string>> {
  const spelled =
    typeof given === 'string'
      ? given
          .split(',')
          .map((part) => (part.includes('=') || part.trim() === '' ? part : `* = ${part}`))
          .join(',')
      : given;
  const named = pairs(spelled, field, '=').map(([sheet, code]) => [sheet, code.toUpperCase()] as const);
  const wrong = named.find(([sheet, code]) => !/^(?:\*|\d{1,20})$/u.test(sheet) || !/^[A-Z]{3}$/u.test(code));
  if (wrong) {
    throw new BadSetting(field, `holds "${wrong.join(' = ')}"`, 'Give a currency such as USD, or SHEET-ID = GBP.');
  }
  return Object.fromEntries(named);
}
