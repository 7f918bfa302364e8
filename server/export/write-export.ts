import { createHash } from 'node:crypto';
import { ACT_KINDS, type AuditEvent } from '../../lib/event';
import type { Now } from '../../lib/ports';
import type { ArchivedMonth, Store } from '../../lib/store/store';
import { aboutRows, type ExportOrder, type ExportResult } from './about';
import { ACT_COLUMNS } from './acts';
import { COLUMNS, COVERAGE_COLUMNS, type Column } from './columns';
import { Sample } from './sample';
import type { TableSet } from './table-set';
import { trailPages } from './trail-pages';

export interface ExportParts {
  readonly store: Pick<Store, 'search'>;
  readonly now: Now;
  /** Where the tables go: a workbook, or CSV files. */
  readonly tables: TableSet;
  /** Told after each page. */
  readonly onProgress?: (changes: number) => void;
}

const ABOUT = [
  { title: 'About this export', width: 24 },
  { title: '', width: 110 },
];

/**
 * Writes the changes of a period, the coverage of the days in it, what people did here, a sample, and what all of this is.
 * @throws StoreUnavailable, StoreRefused
 */
export async function writeExport(
  order: ExportOrder,
  { store, now, tables, onProgress }: ExportParts,
): Promise<ExportResult> {
  const madeAt = new Date(now()).toISOString();
  const sample = new Sample<AuditEvent>(order.seed, order.sampleSize);
  const keys = createHash('sha256');
  const archived = new Map<string, ArchivedMonth>();
  const onArchived = (months: readonly ArchivedMonth[]): void =>
    months.forEach((month) => archived.set(month.sha256, month));
  let changes = 0;
  const table = await tables.begin('Changes', COLUMNS);
  for await (const page of trailPages(store, order.query, madeAt, order.query.filters, onArchived)) {
    for (const event of page) {
      await table.row(cellsOf(event, COLUMNS));
      sample.offer(event.event_key, event);
      keys.update(`${event.event_key}\n`);
      changes += 1;
    }
    onProgress?.(changes);
  }
  await table.end();
  const coverageDays = await writeCoverage(order, madeAt, { store, tables });
  const acts = await writeActs(order, madeAt, { store, tables });
  const drawn = sample.values();
  if (order.sampleSize > 0) {
    const sampled = await tables.begin('Sample', COLUMNS);
    for (const event of drawn) await sampled.row(cellsOf(event, COLUMNS));
    await sampled.end();
  }
  const counts = { changes, sampled: drawn.length, coverageDays, acts };
  const result = { ...counts, madeAt, fingerprint: keys.digest('hex'), archived: [...archived.values()] };
  const about = await tables.begin('About this export', ABOUT);
  for (const row of aboutRows(order, result)) await about.row(row);
  await about.end();
  await tables.end(['About this export', 'Changes', 'Sample', 'Acts', 'Coverage']);
  return result;
}

async function writeCoverage(
  order: ExportOrder,
  madeAt: string,
  { store, tables }: Pick<ExportParts, 'store' | 'tables'>,
): Promise<number> {
  let days = 0;
  const table = await tables.begin('Coverage', COVERAGE_COLUMNS);
  for await (const page of trailPages(store, order.query, madeAt, { kind: 'coverage' })) {
    for (const event of page) await table.row(cellsOf(event, COVERAGE_COLUMNS));
    days += page.length;
  }
  await table.end();
  return days;
}

/** Kind by kind, each with the newest first: a search takes one kind. */
async function writeActs(
  order: ExportOrder,
  madeAt: string,
  { store, tables }: Pick<ExportParts, 'store' | 'tables'>,
): Promise<number> {
  let acts = 0;
  const table = await tables.begin('Acts', ACT_COLUMNS);
  for (const kind of ACT_KINDS) {
    for await (const page of trailPages(store, order.query, madeAt, { kind })) {
      for (const event of page) await table.row(cellsOf(event, ACT_COLUMNS));
      acts += page.length;
    }
  }
  await table.end();
  return acts;
}

function cellsOf(event: AuditEvent, columns: readonly Column[]): ReturnType<Column['of']>[] {
  return columns.map((column) => column.of(event));
}
