/**
 * n8n's house style for texts, as its linter checks it: names in Title Case, descriptions of one sentence without a
 * full stop. The definitions are written once, for all hosts; here they get this host's manners.
 */
const SMALL = new Set(
  'a an and as at because but by en for if in neither nor of on only or over per so some that the to up upon v vs versus via when with without yet'.split(
    ' ',
  ),
);

/** `High risk from` becomes `High Risk From`. */
export function titled(label: string): string {
  return label
    .split(' ')
    .map((word, index, all) => {
      const isInside = index > 0 && index < all.length - 1;
      return isInside && SMALL.has(word)
        ? word
        : word.replace(/(^[("]?|-)([a-z])/g, (_, open: string, letter: string) => open + letter.toUpperCase());
    })
    .join(' ');
}

/** One sentence loses its full stop; several keep theirs. */
export function described(hint: string): string {
  const text = hint
    .trim()
    .replace(/\bids\b/g, 'IDs')
    .replace(/\bId(s?)\b/g, 'ID$1')
    .replace(/\bid\b/g, 'ID');
  const sentences = text.split(/[.!?](?:\s|$)/).filter((part) => part.trim() !== '');
  if (sentences.length > 1) return /[.!?]$/.test(text) ? text : `${text}.`;
  return text.replace(/\.$/, '');
}
