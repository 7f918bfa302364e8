import Big from 'big.js';

/** What an API answer says of one cell. */
export interface CellContent {
  readonly value?: unknown;
  readonly objectValue?: unknown;
  readonly displayValue?: unknown;
}

/**
 * A cell's value as text: as JSON gave it, numbers in decimal without exponent, booleans `true` and `false`. A cell
 * that has only an object value (several contacts, several options) is written as its parts, with commas.
 * @returns null for an empty cell
 */
export function cellText({ value, objectValue, displayValue }: CellContent): string | null {
  if (typeof value === 'string') return value === '' ? null : value;
  if (typeof value === 'number') return numberText(value);
  if (typeof value === 'boolean') return String(value);
  if (objectValue !== undefined && objectValue !== null) return objectText(objectValue);
  return typeof displayValue === 'string' && displayValue !== '' ? displayValue : null;
}

function numberText(value: number): string {
  const plain = String(value);
  return /e/i.test(plain) ? new Big(value).toFixed() : plain;
}

function objectText(value: unknown): string | null {
  if (typeof value !== 'object' || value === null) return cellText({ value });
  const fields = value as Readonly<Record<string, unknown>>;
  // Published schema says `value`, older samples say `values` (reference §7.2).
  const parts = fields['values'] ?? fields['value'];
  if (Array.isArray(parts)) return parts.map(partText).join(', ') || null;
  return partText(value) || null;
}

function partText(part: unknown): string {
  if (typeof part !== 'object' || part === null) return cellText({ value: part }) ?? '';
  const fields = part as Readonly<Record<string, unknown>>;
  const named = fields['email'] ?? fields['name'] ?? fields['value'];
  return typeof named === 'string' ? named : JSON.stringify(part);
}
