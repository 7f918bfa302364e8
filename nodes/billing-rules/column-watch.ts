import type { Change } from '../../lib/event';
import type { Log, Ports } from '../../lib/ports';
import { type BillingSettings, DEFAULT_TRACKED, isSameColumn, nearestTitle } from '../../lib/settings';

/** What one node has learned of the columns of the sheets that it judges. */
interface Learned {
  /** Titles by sheet. */
  readonly titles: Map<string, readonly string[]>;
  readonly warned: Set<string>;
}

/** A node's log is its own and lives as long as the node: so does what it learned. */
const learnedBy = new WeakMap<Log, Learned>();

/**
 * Notices tracked columns that no sheet seen so far has, and says so once for each sheet, with the title that was most
 * likely meant. A column tracked by default is missed only where a title looks like it: not every sheet has all of them.
 * @returns the sentences about the change's sheet, for the node's status; empty when all is well
 */
export async function watchColumns(
  change: Change,
  settings: BillingSettings,
  { store, log }: Pick<Ports, 'store' | 'log'>,
): Promise<readonly string[]> {
  const learned = learnedBy.get(log) ?? { titles: new Map(), warned: new Set() };
  learnedBy.set(log, learned);
  const titles = await titlesOf(change, learned, store);
  const everywhere = [...learned.titles.values()].flat();
  const warnings = settings.trackedColumns
    .filter((column) => !everywhere.some((title) => isSameColumn(title, column, settings)))
    .map((column) => ({ column, suggestion: nearestTitle(column, titles) }))
    .filter(({ column, suggestion }) => suggestion !== null || !DEFAULT_TRACKED.includes(column))
    .map(
      ({ column, suggestion }) =>
        `No column "${column}"${suggestion === null ? '' : `: did you mean "${suggestion}"?`}`,
    );
  for (const warning of warnings) {
    const key = `${change.sheet_id} ${warning}`;
    if (learned.warned.has(key)) continue;
    learned.warned.add(key);
    log.warn(`${warning} (tracked columns, sheet "${change.sheet_name}")`, { sheet_id: change.sheet_id });
  }
  return warnings;
}

async function titlesOf(change: Change, learned: Learned, store: Ports['store']): Promise<readonly string[]> {
  if (change.kind === 'column_renamed') learned.titles.delete(change.sheet_id);
  const known = learned.titles.get(change.sheet_id);
  if (known) return known;
  const sheet = await store.sheet(change.sheet_id);
  const titles = sheet ? Object.values(sheet.columns) : Object.keys(change.values);
  learned.titles.set(change.sheet_id, titles);
  return titles;
}
