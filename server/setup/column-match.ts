import { DEFAULT_TRACKED, isSameColumn, nearestTitle } from '../../lib/settings';

/** A sheet as far as its columns go. */
export interface SheetColumns {
  readonly id: string;
  readonly name: string;
  readonly titles: readonly string[];
}

/** A column that the rules need and some sheets do not have. */
export interface MissingColumn {
  /** As the rules call it. */
  readonly title: string;
  readonly sheets: readonly SheetColumns[];
  /** Titles of those sheets that mean nothing else to the rules. */
  readonly candidates: readonly string[];
  /** What is most likely meant; one for each spelling. */
  readonly likely: readonly string[];
}

type Aliases = Readonly<Record<string, string>>;

/** Compares sheets with the columns that can be violations. Pure. */
export function missingColumns(sheets: readonly SheetColumns[], columnAliases: Aliases): readonly MissingColumn[] {
  const means = (one: string, other: string): boolean => isSameColumn(one, other, { columnAliases });
  return DEFAULT_TRACKED.flatMap((title) => {
    const without = sheets.filter(({ titles }) => !titles.some((each) => means(each, title)));
    if (without.length === 0) return [];
    const free = without.map(({ titles }) =>
      titles.filter((each) => !DEFAULT_TRACKED.some((tracked) => means(each, tracked))),
    );
    const likely = free.flatMap((titles) => likelyTitle(title, titles) ?? []);
    return [{ title, sheets: without, candidates: unique(free.flat()), likely: unique(likely) }];
  });
}

/** The nearest by letters, else the only one that holds the same telling words: "Total Redlined Price ($)". */
function likelyTitle(wanted: string, titles: readonly string[]): string | null {
  const near = nearestTitle(wanted, titles);
  if (near !== null) return near;
  const words = wordsOf(wanted);
  const holding = titles.filter((title) => words.every((word) => wordsOf(title).includes(word)));
  return holding.length === 1 ? (holding[0] ?? null) : null;
}

function wordsOf(title: string): readonly string[] {
  return title.toLowerCase().match(/[a-z]+/gu) ?? [];
}

function unique(texts: readonly string[]): readonly string[] {
  return [...new Set(texts)];
}
