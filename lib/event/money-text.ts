import type { Amount } from './money';

/**
 * An amount as people read it: `77,183.60 GBP`. Two places with a currency, as many as needed without one.
 * @param currency  ISO 4217; left out for quantities
 */
export function amountText(amount: Amount, currency?: string): string {
  const plain = currency === undefined || hasMorePlaces(amount) ? amount.toFixed() : amount.toFixed(2);
  const [whole = '0', places] = plain.replace(/^-/u, '').split('.');
  const grouped = whole.replace(/\B(?=(?:\d{3})+$)/gu, ',');
  const sign = amount.lt(0) ? '-' : '';
  return `${sign}${grouped}${places === undefined ? '' : `.${places}`}${currency === undefined ? '' : ` ${currency}`}`;
}

function hasMorePlaces(amount: Amount): boolean {
  return !amount.round(2).eq(amount);
}
