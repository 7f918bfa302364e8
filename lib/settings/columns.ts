import type { BillingSettings } from './billing-settings';

/** The titles that the rules use. A sheet may spell them otherwise: see `DEFAULT_ALIASES`. */
export const LOGGED_DATE = 'Weekly Referenced Logged Date';
export const WORK_REQUEST = 'Work Request #';
export const QUANTITY = 'Quantity';
export const UNITS_TOTAL_PRICE = 'Units Total Price';
export const REDLINED_TOTAL_PRICE = 'Redlined Total Price';
export const SNAPSHOT_DATE = 'Snapshot Date';
export const MODIFIED_DATE = 'Modified Date';
export const CREATED_DATE = 'Created Date';

export const DEFAULT_TRACKED: readonly string[] = [
  QUANTITY,
  REDLINED_TOTAL_PRICE,
  UNITS_TOTAL_PRICE,
  LOGGED_DATE,
  WORK_REQUEST,
];

/** Columns whose dates are checked. */
export const CHECKED_DATES: readonly string[] = [SNAPSHOT_DATE, LOGGED_DATE, MODIFIED_DATE, CREATED_DATE];

/** The one table of other spellings, in lower case, to the title that the rules use. */
export const DEFAULT_ALIASES: Readonly<Record<string, string>> = {
  'weekly reference logged date': LOGGED_DATE,
  'weekly referenced log date': LOGGED_DATE,
  'work request': WORK_REQUEST,
  'work request number': WORK_REQUEST,
  'work request no.': WORK_REQUEST,
  qty: QUANTITY,
  'unit total price': UNITS_TOTAL_PRICE,
  'redline total price': REDLINED_TOTAL_PRICE,
};

const KNOWN_TITLES = new Map(
  [...DEFAULT_TRACKED, ...CHECKED_DATES].map((title): [string, string] => [title.toLowerCase(), title]),
);
/** Words by which a column that we do not know holds money or a number of things. */
const AMOUNT_WORDS = /\b(?:amount|cost|price|qty|quantity|rate|total|units|value)\b/iu;

type Aliases = Pick<BillingSettings, 'columnAliases'>;

/** A column's title as the rules use it: spaces tidied, other spellings replaced, letter case of the known ones. */
export function canonicalTitle(title: string, { columnAliases }: Aliases): string {
  const tidy = title.trim().replace(/\s+/gu, ' ');
  const key = tidy.toLowerCase();
  const alias = Object.hasOwn(columnAliases, key) ? columnAliases[key] : undefined;
  return alias ?? KNOWN_TITLES.get(key) ?? tidy;
}

/** Whether two titles mean the same column. */
export function isSameColumn(left: string, right: string, settings: Aliases): boolean {
  return canonicalTitle(left, settings).toLowerCase() === canonicalTitle(right, settings).toLowerCase();
}

/**
 * A cell of a row by the title that the rules use.
 * @returns its value (null = empty); undefined when the row has no such column
 */
export function cellOf(
  values: Readonly<Record<string, string | null>>,
  title: string,
  settings: Aliases,
): string | null | undefined {
  if (Object.hasOwn(values, title)) return values[title];
  const spelled = Object.keys(values).find((each) => isSameColumn(each, title, settings));
  return spelled === undefined ? undefined : values[spelled];
}

/** Whether an empty cell of this column means 0: columns of money and of quantities. */
export function holdsAmounts(title: string): boolean {
  return AMOUNT_WORDS.test(title) && !/\bdate\b/iu.test(title);
}

/** Whether this column holds money, so that its values are said with a currency. */
export function holdsMoney(title: string): boolean {
  return holdsAmounts(title) && !/\b(?:qty|quantity)\b/iu.test(title);
}
