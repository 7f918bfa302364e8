import type { Change } from '../../lib/event';
import type { Ports } from '../../lib/ports';
import {
  DEFAULT_TRACKED,
  isSameColumn,
  LOGGED_DATE,
  nearestTitle,
  REDLINED_TOTAL_PRICE,
  UNITS_TOTAL_PRICE,
} from '../../lib/settings';
import type { Store } from '../../lib/store/store';
import type { Rules } from './rules';

/** Columns that the rules cannot do without, on every sheet: of those on one line, one is enough. */
const NEEDED: readonly (readonly string[])[] = [[LOGGED_DATE], [UNITS_TOTAL_PRICE, REDLINED_TOTAL_PRICE]];

interface Warning {
  readonly text: string;
  /** In a few words for the log. */
  readonly why: string;
}

/** What was learned of the columns of the sheets in a store. */
interface Learned {
  /** Titles by sheet. */
  readonly titles: Map<string, ReadonlySet<string>>;
  /** Sheets whose titles the store knows, all of them; of others only a part was seen. */
  readonly whole: Set<string>;
  /** By sheet and rules, until the titles of any sheet are learned anew. */
  readonly warnings: Map<string, readonly Warning[]>;
  /** What was said already. */
  readonly said: Set<string>;
  /** Reads under way by sheet: a paste brings hundreds of changes at once, and one read serves them all. */
  readonly reads: Map<string, Promise<void>>;
}

/** Whether a tracked column is missing depends on all sheets, so all nodes over a store learn together. */
const learnedOf = new WeakMap<Store, Learned>();

/**
 * Notices columns that a sheet lacks and the rules cannot do without, and tracked columns that no sheet seen so far has;
 * says so once for each sheet, with the title that was most likely meant. A column tracked by default is missed only where a title looks like it: not every sheet has all of them.
 * @returns the sentences about the change's sheet, for the node's status; empty when all is well
 * @throws StoreUnavailable  when the sheet's columns cannot be read
 */
export async function watchColumns(
  change: Change,
  rules: Rules,
  { store, log }: Pick<Ports, 'store' | 'log'>,
): Promise<readonly string[]> {
  const learned = learnedOf.get(store) ?? newlyLearned();
  learnedOf.set(store, learned);
  await learnTitles(change, learned, store);
  const key = `${change.sheet_id} ${rules.hash}`;
  const warnings = learned.warnings.get(key) ?? warningsFor(change.sheet_id, learned, rules);
  learned.warnings.set(key, warnings);
  for (const warning of warnings) {
    const saying = `${change.sheet_id} ${warning.text}`;
    if (learned.said.has(saying)) continue;
    learned.said.add(saying);
    log.warn(`${warning.text} (${warning.why}, sheet "${change.sheet_name}")`, { sheet_id: change.sheet_id });
  }
  return warnings.map(({ text }) => text);
}

function newlyLearned(): Learned {
  return { titles: new Map(), whole: new Set(), warnings: new Map(), said: new Set(), reads: new Map() };
}

/** Reads a sheet's titles at its first change, and again when one turns up that it did not have. */
async function learnTitles(change: Change, learned: Learned, store: Store): Promise<void> {
  const sheetId = change.sheet_id;
  const present = Object.keys(change.values);
  const isKnown = (): boolean => {
    const known = learned.titles.get(sheetId);
    return known !== undefined && present.every((title) => known.has(title));
  };
  if (change.kind !== 'column_renamed' && change.kind !== 'column_added' && isKnown()) return;
  const underWay = learned.reads.get(sheetId);
  await (underWay ?? readTitles(sheetId, learned, store));
  if (isKnown()) return;
  // A title that the store does not know yet: the change itself is proof that it is there.
  learned.titles.set(sheetId, new Set([...(learned.titles.get(sheetId) ?? []), ...present]));
  learned.warnings.clear();
}

function readTitles(sheetId: string, learned: Learned, store: Store): Promise<void> {
  const read = store
    .sheet(sheetId)
    .then((sheet) => {
      const titles = Object.values(sheet?.columns ?? {});
      learned.titles.set(sheetId, new Set(titles));
      if (titles.length > 0) learned.whole.add(sheetId);
      learned.warnings.clear();
    })
    .finally(() => learned.reads.delete(sheetId));
  learned.reads.set(sheetId, read);
  return read;
}

function warningsFor(sheetId: string, learned: Learned, rules: Rules): readonly Warning[] {
  return [...neededBy(sheetId, learned, rules), ...trackedNowhere(sheetId, learned, rules)];
}

/** Without these no change of the sheet can be placed in a week, or no row has an amount: other sheets do not help. */
function neededBy(sheetId: string, { titles, whole }: Learned, { settings }: Rules): readonly Warning[] {
  if (!whole.has(sheetId)) return [];
  const here = [...(titles.get(sheetId) ?? [])];
  return NEEDED.filter((columns) => !here.some((title) => isOneOf(columns, title, settings))).map((columns) => {
    const suggestion = columns.map((column) => nearestTitle(column, here)).find((title) => title !== null);
    return { text: sentence(columns, suggestion ?? null), why: 'needed by the rules' };
  });
}

function trackedNowhere(sheetId: string, { titles }: Learned, { settings }: Rules): readonly Warning[] {
  const here = [...(titles.get(sheetId) ?? [])];
  const everywhere = [...new Set([...titles.values()].flatMap((each) => [...each]))];
  const needed = NEEDED.filter((columns) => !here.some((title) => isOneOf(columns, title, settings))).flat();
  return settings.trackedColumns
    .filter((column) => !everywhere.some((title) => isSameColumn(title, column, settings)))
    .filter((column) => !isOneOf(needed, column, settings))
    .map((column) => ({ column, suggestion: nearestTitle(column, here) }))
    .filter(({ column, suggestion }) => suggestion !== null || !DEFAULT_TRACKED.includes(column))
    .map(({ column, suggestion }) => ({ text: sentence([column], suggestion), why: 'tracked columns' }));
}

function isOneOf(columns: readonly string[], title: string, settings: Rules['settings']): boolean {
  return columns.some((column) => isSameColumn(column, title, settings));
}

function sentence(columns: readonly string[], suggestion: string | null): string {
  const lacking = `No column ${columns.map((column) => `"${column}"`).join(' or ')}`;
  return suggestion === null ? lacking : `${lacking}: did you mean "${suggestion}"?`;
}
