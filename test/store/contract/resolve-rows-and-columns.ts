import { changeSchema } from '../../../lib/event/change';
import type { Observation } from '../../../lib/store';
import { at, cell, clerk, columns, observation, row, sheetId, step } from '../examples';
import { knownRow, Resolving } from '../resolving';
import type { StoreUnderTest } from '../stores';

export function rowsAndColumnsContract(under: () => StoreUnderTest): void {
  const sheets = new Resolving(under);

  describe('rows that come and go', () => {
    it('shows a new row with what it was created with, and each later value as a change of its cell', async () => {
      const rows = [
        row('22', 2, cell('11', step('77.2', '09:00:00')), cell('12', step('10', '09:00:00'), step('12', '09:00:20'))),
      ];
      const changes = await sheets.resolve('09:10:00', { rows });
      expect(
        changes.map((change) => [change.kind, change.event_key, change.changed_by, change.changed_at, change.values]),
      ).toEqual([
        ['row_added', `${sheetId}:row:22:added:1`, clerk, at('09:00:00'), { 'Work Request #': '77.2', Quantity: '10' }],
        ['cell_changed', `${sheetId}:22:12:1`, clerk, at('09:00:20'), { 'Work Request #': '77.2', Quantity: '12' }],
      ]);
    });

    it('shows a deleted row with its last known values, and its return as a row added again', async () => {
      await sheets.baseline();
      const gone = {
        row_id: '21',
        action: 'deleted' as const,
        changed_by: 'boss@example.com',
        changed_by_kind: 'person' as const,
        changed_at: at('09:05:00'),
      };
      const [deleted] = await sheets.resolve('09:10:00', { removed: [gone] });
      expect(deleted).toMatchObject({
        kind: 'row_deleted',
        event_key: `${sheetId}:row:21:deleted:1`,
        changed_by: 'boss@example.com',
        values: { 'Work Request #': '77.1', Quantity: '10', 'Units Total Price': '100.00' },
      });
      expect(await sheets.store.knownRows(sheetId, 'all')).toEqual([]);
      await sheets.driver.transaction([{ sql: 'delete from billing_audit.changes' }]);

      const back = await sheets.resolve('09:20:00', { rows: [row('21', 3, cell('12', step('11', '09:15:00')))] });
      expect(back).toHaveLength(1);
      expect(back[0]).toMatchObject({
        kind: 'row_added',
        event_key: `${sheetId}:row:21:added:2`,
        values: { Quantity: '11' },
      });
      expect((await sheets.store.sheet(sheetId))?.row_count).toBe(1);
    });

    it('shows a row that was moved away as moved', async () => {
      await sheets.baseline();
      const gone = {
        row_id: '21',
        action: 'moved' as const,
        changed_by: null,
        changed_by_kind: 'unknown' as const,
        changed_at: at('09:05:00'),
      };
      expect((await sheets.resolve('09:10:00', { removed: [gone] }))[0]).toMatchObject({
        kind: 'row_moved',
        changed_by: null,
      });
    });

    it('does not lose a row that was added and deleted between two reads', async () => {
      const gone = {
        row_id: '31',
        action: 'deleted' as const,
        changed_by: clerk,
        changed_by_kind: 'person' as const,
        changed_at: at('09:05:00'),
      };
      expect((await sheets.resolve('09:10:00', { removed: [gone] }))[0]).toMatchObject({
        kind: 'row_deleted',
        row_id: '31',
        values: {},
      });
    });
  });

  describe('columns and sheets', () => {
    it('shows a renamed column as a change of its own, and uses the new title from then on', async () => {
      await sheets.baseline();
      const renamed = { ...columns, '12': 'Qty' };
      const changes = await sheets.resolve('09:10:00', {
        columns: renamed,
        rows: [row('21', 2, cell('12', step('12', '09:05:00')))],
      });
      expect(changes.map((change) => [change.kind, change.event_key, change.old_value, change.new_value])).toEqual([
        ['cell_changed', `${sheetId}:21:12:1`, '10', '12'],
        ['column_renamed', `${sheetId}:column:12:renamed:1`, 'Quantity', 'Qty'],
      ]);
      expect(changes[0]).toMatchObject({ column_name: 'Qty', values: { Qty: '12' } });
      const stale = observation('09:05:00', { columns });
      expect((await sheets.store.resolve(stale)).event_keys).toEqual([]);
    });

    it('shows a deleted column once, and again when it came back and was deleted once more', async () => {
      await sheets.baseline();
      const { '12': quantity, ...others } = columns;
      const [removed, ...more] = await sheets.resolve('09:10:00', { columns: others });
      expect(more).toEqual([]);
      expect(removed).toMatchObject({
        kind: 'column_renamed',
        event_key: `${sheetId}:column:12:removed:1`,
        column_id: '12',
        column_name: quantity,
        old_value: quantity,
        new_value: null,
        changed_by: null,
        changed_by_kind: 'unknown',
        changed_at: at('09:10:00'),
      });
      expect(changeSchema.parse(removed)).toEqual(removed);
      expect((await sheets.store.sheet(sheetId))?.columns).toEqual(others);

      const keysAfter = async (clock: string, given: Partial<Observation>): Promise<readonly string[]> =>
        (await sheets.store.resolve(observation(clock, given))).event_keys;
      expect(await keysAfter('09:11:00', { columns: others })).toEqual([]);
      expect(await keysAfter('09:12:00', { columns })).toEqual([`${sheetId}:column:12:added:2`]);
      expect(await keysAfter('09:13:00', { columns: others })).toEqual([`${sheetId}:column:12:removed:2`]);
      expect(await keysAfter('09:12:30', { columns })).toEqual([]);
    });

    it('says nothing of a column that was deleted before the sheet is watched anew', async () => {
      await sheets.baseline();
      const { '12': _gone, ...others } = columns;
      expect(await sheets.resolve('09:10:00', { columns: others, baseline: true })).toEqual([]);
      expect((await sheets.store.sheet(sheetId))?.columns).toEqual(others);
    });

    it('does not take the sheet back to an older version, and keeps it when the read covers less', async () => {
      await sheets.resolve('09:10:00', { version: 7 });
      await sheets.resolve('09:11:00', { version: 5 });
      await sheets.resolve('09:12:00', { version: null });
      expect(await sheets.store.sheet(sheetId)).toMatchObject({ version: 7, compared_at: at('09:11:00') });
    });

    it('ends the callbacks that it answers, or nothing of it happens', async () => {
      await sheets.store.saveWebhook({
        webhook_id: '1',
        sheet_id: sheetId,
        callback_url: 'https://x.example.com',
        shared_secret: 's',
        previous_secret: null,
        status: 'ENABLED',
      });
      await sheets.store.acceptCallback({ webhook_id: '1', nonce: 'n', body: Buffer.from('{}') });
      const [callback] = await sheets.store.leaseCallbacks({ limit: 1, leaseSeconds: 60 });
      const seen = { callback_ids: [callback?.id ?? ''], rows: [knownRow] };
      const bad = observation('09:10:00', {
        ...seen,
        found_by: 'callback',
        removed: [
          {
            row_id: '1',
            action: 'eaten' as 'moved',
            changed_by: null,
            changed_by_kind: 'unknown',
            changed_at: at('09:00:00'),
          },
        ],
      });
      await expect(sheets.store.resolve(bad)).rejects.toMatchObject({ code: 'store_refused', sqlstate: '23514' });
      expect(await sheets.store.counts()).toMatchObject({ callbacks_waiting: 1, changes_waiting: 0 });
      await sheets.store.resolve(observation('09:10:00', seen));
      expect(await sheets.store.counts()).toMatchObject({ callbacks_waiting: 0, changes_waiting: 1 });
    });

    it('resolves a thousand new rows in one call', async () => {
      const rows = Array.from({ length: 1000 }, (_, index) =>
        row(
          String(1000 + index),
          1,
          cell('11', step(`${index}.1`, '09:00:00')),
          cell('12', step('1', '09:00:00')),
          cell('13', step('2.50', '09:00:00')),
        ),
      );
      expect((await sheets.store.resolve(observation('09:10:00', { rows }))).event_keys).toHaveLength(1000);
    });
  });
}
