import type { SmartsheetClient, SheetRead } from '../../lib/smartsheet';
import { observeSince } from '../../lib/runtime/resolution/observations';
import type { Sources } from '../../lib/runtime/resolution/resolver';
import { VersionTrust } from '../../lib/runtime/resolution/version-trust';
import type { KnownRow } from '../../lib/store/store';

const START = '2026-01-14T15:00:00.000Z';

const read = (rowIds: readonly string[]): SheetRead => ({
  ...{ id: '77', name: 'Paper', version: 5, totalRowCount: 3, modifiedAt: START },
  columns: [{ id: '1', title: 'Quantity' }],
  rows: rowIds.map((id) => ({
    ...{ id, version: 1, createdAt: START, createdBy: null, modifiedAt: START, modifiedBy: null },
    ...{ permalink: null, cells: [] },
  })),
});

it('reports no row as deleted that only slipped from one page of ids to another while they were read', async () => {
  const known: KnownRow[] = ['1', '2', '3', '4'].map((row_id) => ({
    row_id,
    version: 1,
    modified_at: START,
    cells: {},
  }));
  const client: Partial<SmartsheetClient> = {
    rowsModifiedSince: async () => read([]),
    // Row 1 was deleted after the first page, so that row 3 moved onto it and the second page began with row 4.
    rowIds: async () => ['2', '4'],
    sheetRows: async (_sheetId, rowIds) => read(rowIds.filter((id) => id === '3')),
  };
  const sources: Sources = {
    client: client as SmartsheetClient,
    people: { self: async () => 'nobody', actor: async () => null },
    store: { knownRows: async (_sheetId, ids) => known.filter(({ row_id }) => ids === 'all' || ids.includes(row_id)) },
    trust: new VersionTrust(),
  };
  const sheet = { sheet_id: '77', name: 'Paper', version: 4, columns: {}, row_count: 4, compared_at: START };
  const { observation, awaitedRowIds } = await observeSince(sheet, 'poll', sources, () => 0, { isOverdue: () => true });
  expect(awaitedRowIds).toEqual([]);
  expect(observation.removed.map(({ row_id }) => row_id)).toEqual(['1']);
});
