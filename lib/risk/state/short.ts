import { sha256Hex } from '../../hash';

/** Letters of a cell's text that are remembered: more tell it from another only by what stands for the rest. */
export const TEXT_LETTERS = 64;
/** Letters of a name: of a person, column, sheet, row, request. No address and no title of Smartsheet is longer. */
export const NAME_LETTERS = 256;
const DIGITS = 16;

/** A text of at most `most` letters: equal for equal texts, and another for others. A long one ends in part of its SHA-256. */
export function shortened(text: string, most: number): string {
  if (text.length <= most) return text;
  return copied(`${text.slice(0, most - DIGITS)}${sha256Hex(text).slice(0, DIGITS)}`);
}

/** The engine keeps a whole text alive for a slice of it; not for a copy. */
function copied(text: string): string {
  return Buffer.from(text, 'utf16le').toString('utf16le');
}

/** The same of a name that may be missing. */
export function shortName(name: string | null | undefined): string | null {
  return name ? shortened(name, NAME_LETTERS) : null;
}

export function shortText(text: string | null | undefined): string | null {
  return text === null || text === undefined ? null : shortened(text, TEXT_LETTERS);
}
