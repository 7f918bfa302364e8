/**
 * Parses JSON without harming whole numbers that a double cannot hold: those become text. Smartsheet's ids are below
 * 2^53 as far as anybody has seen (reference §1), so the exact and slower way is taken only where 17 digits appear.
 * @throws SyntaxError  when the text is not JSON
 */
export function parseJson(text: string): unknown {
  if (!/\d{17}/.test(text)) return JSON.parse(text);
  return JSON.parse(text, keepBigIntegers);
}

/** Engines since 2024 hand the number's own text to the reviver; older ones leave the number as it was read. */
function keepBigIntegers(_key: string, value: unknown, context?: { readonly source?: string }): unknown {
  if (typeof value !== 'number' || !Number.isInteger(value) || Number.isSafeInteger(value)) return value;
  const source = context?.source;
  return source !== undefined && /^-?\d+$/.test(source) ? source : value;
}
