import type { Change } from '../../lib/event';
import type { Ports } from '../../lib/ports';
import { DEFAULT_TRACKED, isSameColumn, nearestTitle } from '../../lib/settings';
import type { Store } from '../../lib/store/store';
import type { Rules } from './rules';

/** What was learned of the columns of the sheets in a store. */
interface Learned {
  /** Titles by sheet. */
  readonly titles: Map<string, ReadonlySet<string>>;
  /** Sentences by sheet and rules, until the titles of any sheet are learned anew. */
  readonly warnings: Map<string, readonly string[]>;
  /** What was said already. */
  readonly said: Set<string>;
  /** Reads under way by sheet: a paste brings hundreds of changes at once, and one read serves them all. */
  readonly reads: Map<string, Promise<void>>;
}

/** A column is missing when no sheet has it, so all nodes over a store learn together. */
const learnedOf = new WeakMap<Store, Learned>();

/**
 * Notices tracked columns that no sheet seen so far has, and says so once for each sheet, with the title that was most
 * likely meant. A column tracked by default is missed only where a title looks like it: not every sheet has all of them.
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
    const saying = `${change.sheet_id} ${warning}`;
    if (learned.said.has(saying)) continue;
    learned.said.add(saying);
    log.warn(`${warning} (tracked columns, sheet "${change.sheet_name}")`, { sheet_id: change.sheet_id });
  }
  return warnings;
}

function newlyLearned(): Learned {
  return { titles: new Map(), warnings: new Map(), said: new Set(), reads: new Map() };
}

/** Reads a sheet's titles at its first change, and again when one turns up that it did not have. */
async function learnTitles(change: Change, learned: Learned, store: Store): Promise<void> {
  const sheetId = change.sheet_id;
  const present = Object.keys(change.values);
  const isKnown = (): boolean => {
    const known = learned.titles.get(sheetId);
    return known !== undefined && present.every((title) => known.has(title));
  };
  if (change.kind !== 'column_renamed' && isKnown()) return;
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
      learned.titles.set(sheetId, new Set(Object.values(sheet?.columns ?? {})));
      learned.warnings.clear();
    })
    .finally(() => learned.reads.delete(sheetId));
  learned.reads.set(sheetId, read);
  return read;
}

function warningsFor(sheetId: string, { titles }: Learned, { settings }: Rules): readonly string[] {
  const here = [...(titles.get(sheetId) ?? [])];
  const everywhere = [...new Set([...titles.values()].flatMap((each) => [...each]))];
  return settings.trackedColumns
    .filter((column) => !everywhere.some((title) => isSameColumn(title, column, settings)))
    .map((column) => ({ column, suggestion: nearestTitle(column, here) }))
    .filter(({ column, suggestion }) => suggestion !== null || !DEFAULT_TRACKED.includes(column))
    .map(({ column, suggestion }) =>
      suggestion === null ? `No column "${column}"` : `No column "${column}": did you mean "${suggestion}"?`,
    );
}
