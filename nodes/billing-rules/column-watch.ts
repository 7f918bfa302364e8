import type { Change } from '../../lib/event';
import type { Log, Ports } from '../../lib/ports';
import { DEFAULT_TRACKED, isSameColumn, nearestTitle } from '../../lib/settings';
import type { Rules } from './rules';

/** What one node has learned of the columns of the sheets that it judges. */
interface Learned {
  /** Titles by sheet. */
  readonly titles: Map<string, readonly string[]>;
  /** Sentences by sheet and rules, until the titles of any sheet are learned anew. */
  readonly warnings: Map<string, readonly string[]>;
  /** What was said already. */
  readonly said: Set<string>;
}

/** A node's log is its own and lives as long as the node: so does what it learned. */
const learnedBy = new WeakMap<Log, Learned>();

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
  const learned = learnedBy.get(log) ?? { titles: new Map(), warnings: new Map(), said: new Set() };
  learnedBy.set(log, learned);
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

async function learnTitles(change: Change, learned: Learned, store: Ports['store']): Promise<void> {
  if (learned.titles.has(change.sheet_id) && change.kind !== 'column_renamed') return;
  const sheet = await store.sheet(change.sheet_id);
  learned.titles.set(change.sheet_id, sheet ? Object.values(sheet.columns) : Object.keys(change.values));
  learned.warnings.clear();
}

function warningsFor(sheetId: string, { titles }: Learned, { settings }: Rules): readonly string[] {
  const here = titles.get(sheetId) ?? [];
  const everywhere = [...new Set([...titles.values()].flat())];
  return settings.trackedColumns
    .filter((column) => !everywhere.some((title) => isSameColumn(title, column, settings)))
    .map((column) => ({ column, suggestion: nearestTitle(column, here) }))
    .filter(({ column, suggestion }) => suggestion !== null || !DEFAULT_TRACKED.includes(column))
    .map(({ column, suggestion }) =>
      suggestion === null ? `No column "${column}"` : `No column "${column}": did you mean "${suggestion}"?`,
    );
}
