import type { ObservedCell, ObservedRow } from '../../store/store';
import { mayHideValues } from './history-plan';
import { changedColumns, type Histories, type RowCase } from './row-case';
import { maker, stepsSinceKnown, stepsSinceMaking } from './steps';

/**
 * What a row's read says to the store. Of a known row only the cells that changed; of a new one every cell.
 * @returns null when a known row is as it was, version included
 */
export function observedRow(row: RowCase, histories: Histories): ObservedRow | null {
  const { read, known } = row;
  const cells = known === null ? cellsOfNew(row, histories) : cellsOfKnown(row, histories);
  const madeBy = maker(row);
  if (known !== null && cells.length === 0 && (read.version ?? 0) <= known.version) return null;
  return {
    row_id: read.id,
    version: read.version ?? 0,
    created_at: read.createdAt,
    created_by: madeBy.name,
    modified_at: read.modifiedAt,
    modified_by: read.modifiedBy,
    cells,
    sheet_reference: read.permalink,
    ...(known === null && madeBy.isOurs && { ours: true }),
  };
}

/** A row of the first look at a sheet: what it holds, and no more is asked. Empty cells need not be told. */
export function baselineRow({ read, observedAt }: Pick<RowCase, 'read' | 'observedAt'>): ObservedRow {
  const at = read.modifiedAt ?? read.createdAt ?? observedAt;
  const cells = read.cells.flatMap(({ columnId, value }): ObservedCell[] =>
    value === null
      ? []
      : [{ column_id: columnId, steps: [{ value, changed_by: null, changed_by_kind: 'unknown', changed_at: at }] }],
  );
  return {
    row_id: read.id,
    version: read.version ?? 0,
    created_at: read.createdAt,
    created_by: read.createdBy,
    modified_at: read.modifiedAt,
    modified_by: read.modifiedBy,
    cells,
    sheet_reference: read.permalink,
  };
}

function cellsOfNew(row: RowCase, histories: Histories): ObservedCell[] {
  return row.columns.map(({ id }) => ({ column_id: id, steps: stepsSinceMaking(row, id, histories) }));
}

function cellsOfKnown(row: RowCase, histories: Histories): ObservedCell[] {
  const concerned = new Set([...changedColumns(row), ...histories.keys()]);
  return [...concerned].flatMap((columnId): ObservedCell[] => {
    const steps = stepsSinceKnown(row, columnId, histories);
    if (steps.length === 0) return [];
    const hides = mayHideValues(row, columnId, histories);
    return [{ column_id: columnId, steps, ...(hides ? { intermediate_unknown: true } : {}) }];
  });
}
