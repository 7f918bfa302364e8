import Big from 'big.js';

/** An exact decimal number. */
export type Amount = Big;

/** Longer texts are prose, not money; a double's largest value has 309 digits. */
const LONGEST = 340;
/** Beyond the reach of a JSON number, and a way to ask for a million zeros. */
const LARGEST_EXPONENT = 330;

const CURRENCY_SIGN = /(?:US|CA|C|AU|A|NZ|HK|MX|R)?[$£€¥₹₩₽₺₫₪₦₱฿]/u;
const CURRENCY_CODE =
  /(?:USD|CAD|MXN|GBP|EUR|AUD|NZD|JPY|CNY|INR|CHF|SEK|NOK|DKK|PLN|CZK|HUF|BRL|ZAR|SGD|HKD|KRW|TRY|ILS|AED|SAR)/iu;
const CURRENCY = `(?:${CURRENCY_SIGN.source}|${CURRENCY_CODE.source})`;
const BEFORE = new RegExp(`^${CURRENCY}\\s*`, 'iu');
const AFTER = new RegExp(`\\s*${CURRENCY}$`, 'iu');

const PLAIN = /^(?:\d+\.?\d*|\.\d+)$/;
const EXPONENT = /^\d+(?:\.\d+)?[eE]([+-]?\d{1,4})$/;
/** Groups of three (or of two before the last three, as in India), all parted by the same sign. */
const GROUPED = /^\d{1,3}(?:([, '’])\d{2,3})(?:\1\d{2,3})*(?:\.\d*)?$/u;
const LAST_GROUP = /[, '’]\d{3}(?:\.\d*)?$/u;

/**
 * Reads a number as people and Smartsheet write it: `1234.5`, `$1,234.50`, `(12.00)` = -12, `-5`, `5-`, `USD 12`,
 * `1 234` with any thin space, `1e+21` as JSON writes large numbers.
 * @returns the exact value, or null when the text is not a number (also for empty and null: see `amountOf`)
 */
export function parseAmount(text: string | null): Amount | null {
  if (text === null || text.length > LONGEST) return null;
  const { digits, negative } = withoutSigns(text);
  const plain = plainDigits(digits);
  if (plain === null) return null;
  const amount = new Big(plain);
  return negative && !amount.eq(0) ? amount.times(-1) : amount;
}

/** Like `parseAmount`, and an empty cell is 0: for columns that hold money or quantities. */
export function amountOf(text: string | null): Amount | null {
  return isEmpty(text) ? new Big(0) : parseAmount(text);
}

/** Whether a cell holds nothing but spaces. */
export function isEmpty(text: string | null | undefined): boolean {
  return text === null || text === undefined || text.trim() === '';
}

/** Decimal text as in the contract: never an exponent, no needless zeros, no `-0`. */
export function decimalText(amount: Amount): string {
  return amount.eq(0) ? '0' : amount.toFixed();
}

/**
 * What a cell's number rose by: new minus old, exact.
 * @param emptyIsZero  true for columns of money and quantities
 * @returns decimal text; null when either side is not a number
 */
export function deltaBetween(oldText: string | null, newText: string | null, emptyIsZero: boolean): string | null {
  const read = emptyIsZero ? amountOf : parseAmount;
  const before = read(oldText);
  const after = read(newText);
  return before === null || after === null ? null : decimalText(after.minus(before));
}

/** Takes signs, brackets and currencies off, each at most once: two minus signs are not a number. */
function withoutSigns(text: string): { digits: string; negative: boolean } {
  const refused = { digits: '', negative: false };
  let rest = text
    .replace(/[\s\u2000-\u200a\u202f\u205f\u00a0]+/gu, ' ')
    .replace(/[\u2212\u2012\u2013]/gu, '-')
    .trim();
  let negative = false;
  let currencies = 0;
  for (;;) {
    const inner = /^\((.+)\)$/u.exec(rest)?.[1] ?? /^-(.+)$/u.exec(rest)?.[1] ?? /^([^eE]*\d[^eE]*)-$/u.exec(rest)?.[1];
    const stripped = rest.replace(BEFORE, '');
    const bare = stripped === rest ? rest.replace(AFTER, '') : stripped;
    if (inner !== undefined) {
      if (negative) return refused;
      negative = true;
      rest = inner.trim();
    } else if (bare !== rest) {
      if (++currencies > 2) return refused;
      rest = bare.trim();
    } else break;
  }
  return { digits: negative ? rest : rest.replace(/^\+/u, ''), negative };
}

function plainDigits(digits: string): string | null {
  if (PLAIN.test(digits)) return digits.replace(/\.$/u, '').replace(/^\./u, '0.');
  const exponent = EXPONENT.exec(digits)?.[1];
  if (exponent !== undefined) return Math.abs(Number(exponent)) > LARGEST_EXPONENT ? null : digits;
  if (!GROUPED.test(digits) || !LAST_GROUP.test(digits)) return null;
  return digits.replace(/[, '’]/gu, '').replace(/\.$/u, '');
}
