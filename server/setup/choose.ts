import { BadSetting } from '../../lib/errors';
import type { Option } from './step';

const ENOUGH_NAMED = 5;

/**
 * What somebody chose from a list: numbers of the list as shown (from 1, also `2-4`), values, whole names, or a part of
 * a name that only one has; with commas or lines between them. `all` is everything.
 * @returns values, each once, in the order given; a value that is not in the list is taken as it is when `free` allows it
 * @throws BadSetting  naming what fits nothing, or fits several
 */
export function chosenFrom(
  text: string,
  options: readonly Option[],
  { field, free }: { readonly field: string; readonly free: RegExp },
): readonly string[] {
  if (text.trim().toLowerCase() === 'all') return options.map(({ value }) => value);
  const words = text
    .split(/[,\n]/u)
    .map((word) => word.trim())
    .filter((word) => word !== '');
  return [...new Set(words.flatMap((word) => fitting(word, options, field, free)))];
}

function fitting(word: string, options: readonly Option[], field: string, free: RegExp): readonly string[] {
  const exact = options.find(({ value, label }) => value === word || label.toLowerCase() === word.toLowerCase());
  if (exact) return [exact.value];
  const range = /^(\d{1,5})(?:\s*-\s*(\d{1,5}))?$/u.exec(word);
  if (range) {
    const [from, to] = [Number(range[1]), Number(range[2] ?? range[1])];
    if (from >= 1 && to >= from && to <= options.length) return options.slice(from - 1, to).map(({ value }) => value);
  }
  if (free.test(word)) return [word];
  const similar = options.filter(({ label }) => label.toLowerCase().includes(word.toLowerCase()));
  const [only] = similar;
  if (similar.length === 1 && only) return [only.value];
  const hint = 'Give numbers of the list, whole names, or ids, with commas between them.';
  if (similar.length === 0) throw new BadSetting(field, `fits nothing of the list: "${word}"`, hint);
  const names = similar.slice(0, ENOUGH_NAMED).map(({ label }) => `"${label}"`);
  const more = similar.length > ENOUGH_NAMED ? ` and ${similar.length - ENOUGH_NAMED} more` : '';
  throw new BadSetting(field, `"${word}" fits ${similar.length}: ${names.join(', ')}${more}`, hint);
}
