import type { Change } from '../../../lib/event/change';
import { at, cell, clerk, columns, observation, row, sheetId, step } from '../examples';
import { Resolving } from '../resolving';
import type { StoreUnderTest } from '../stores';

export function resolveContract(under: () => StoreUnderTest): void {
  const sheets = new Resolving(under);
  const told = (change: Change) => [change.column_name, change.old_value, change.new_value, change.event_key];

  describe('the first look at a sheet', () => {
    it('sets the last known cells and makes no change of them', async () => {
      expect(await sheets.baseline()).toEqual([]);
      expect(await sheets.store.sheet(sheetId)).toEqual({
        sheet_id: sheetId,
        name: 'Week 1',
        version: 1,
        columns,
        row_count: 1,
        compared_at: at('09:00:01'),
      });
      expect(await sheets.store.knownRows(sheetId, 'all')).toEqual([
        { row_id: '21', version: 1, modified_at: at('09:00:00'), cells: { '11': '77.1', '12': '10', '13': '100.00' } },
      ]);
      expect(await sheets.store.knownRows(sheetId, ['99'])).toEqual([]);
      expect(await sheets.store.sheet('99')).toBeNull();
    });
  });

  describe('a changed cell', () => {
    beforeEach(() => sheets.baseline());

    it('is one change with old, new, person, time and the values of the row right after it', async () => {
      const changes = await sheets.resolve('09:10:00', {
        rows: [row('21', 2, cell('12', step('12', '09:05:00')))],
        audit_run_id: 'callback:abc',
        found_by: 'callback',
      });
      expect(changes).toEqual([
        {
          event_key: `${sheetId}:21:12:1`,
          kind: 'cell_changed',
          sheet_id: sheetId,
          sheet_name: 'Week 1',
          row_id: '21',
          column_id: '12',
          column_name: 'Quantity',
          old_value: '10',
          new_value: '12',
          values: { 'Work Request #': '77.1', Quantity: '12', 'Units Total Price': '100.00' },
          changed_by: clerk,
          changed_by_kind: 'person',
          changed_at: at('09:05:00'),
          audit_run_id: 'callback:abc',
          found_by: 'callback',
          intermediate_unknown: false,
          sheet_reference: 'https://app.smartsheet.com/sheets/x?rowId=21',
        },
      ]);
    });

    it('is one change for each value that the cell held in between, each with a revision of its own', async () => {
      const quantity = cell(
        '12',
        step('12', '09:05:00'),
        step('15', '09:05:30', 'boss@example.com'),
        step('10', '09:06:00'),
      );
      const changes = await sheets.resolve('09:10:00', { rows: [row('21', 4, quantity)] });
      expect(changes.map(told)).toEqual([
        ['Quantity', '10', '12', `${sheetId}:21:12:1`],
        ['Quantity', '12', '15', `${sheetId}:21:12:2`],
        ['Quantity', '15', '10', `${sheetId}:21:12:3`],
      ]);
      expect(changes.map((change) => change.values['Quantity'])).toEqual(['12', '15', '10']);
      expect(changes.map((change) => change.changed_by)).toEqual([clerk, 'boss@example.com', clerk]);
    });

    it('goes on counting revisions where the last change of the cell ended', async () => {
      await sheets.resolve('09:10:00', { rows: [row('21', 2, cell('12', step('12', '09:05:00')))] });
      await sheets.driver.transaction([{ sql: 'delete from billing_audit.changes' }]);
      const changes = await sheets.resolve('09:20:00', { rows: [row('21', 3, cell('12', step('13', '09:15:00')))] });
      expect(changes.map(told)).toEqual([['Quantity', '12', '13', `${sheetId}:21:12:2`]]);
    });

    it('shows cells that were saved together as they stood after the save', async () => {
      const rows = [
        row(
          '21',
          2,
          cell('12', step('20', '09:05:00')),
          cell('13', step('200.00', '09:05:00'), step('210.00', '09:06:00')),
        ),
      ];
      const changes = await sheets.resolve('09:10:00', { rows });
      expect(changes.map((change) => [change.values['Quantity'], change.values['Units Total Price']])).toEqual([
        ['20', '200.00'],
        ['20', '200.00'],
        ['20', '210.00'],
      ]);
    });

    it('drops equal neighbours, and takes empty text for empty', async () => {
      const rows = [
        row(
          '21',
          2,
          cell(
            '12',
            step('10', '09:04:00'),
            step('', '09:05:00'),
            step(null, '09:06:00'),
            step('9', '09:07:00'),
            step('9', '09:08:00'),
          ),
        ),
      ];
      expect((await sheets.resolve('09:10:00', { rows })).map(told)).toEqual([
        ['Quantity', '10', null, `${sheetId}:21:12:1`],
        ['Quantity', null, '9', `${sheetId}:21:12:2`],
      ]);
    });

    it('says when values in between cannot be known any more', async () => {
      const rows = [row('21', 9, { ...cell('12', step('12', '09:05:00')), intermediate_unknown: true })];
      expect((await sheets.resolve('09:10:00', { rows }))[0]?.intermediate_unknown).toBe(true);
    });

    it('leaves cells that were not read as they are known', async () => {
      await sheets.resolve('09:10:00', { rows: [row('21', 2, cell('12', step('12', '09:05:00')))] });
      expect((await sheets.store.knownRows(sheetId, ['21']))[0]?.cells).toEqual({
        '11': '77.1',
        '12': '12',
        '13': '100.00',
      });
    });
  });

  describe('what must make nothing new', () => {
    beforeEach(() => sheets.baseline());

    it('is the same observation again, with all its steps', async () => {
      const rows = [
        row('21', 3, cell('12', step('12', '09:05:00'), step('15', '09:05:30'))),
        row('22', 2, cell('12', step('1', '09:01:00'), step('2', '09:02:00'))),
      ];
      const removed = [
        {
          row_id: '23',
          action: 'deleted' as const,
          changed_by: clerk,
          changed_by_kind: 'person' as const,
          changed_at: at('09:03:00'),
        },
      ];
      const seen = observation('09:10:00', { rows, removed });
      expect((await sheets.store.resolve(seen)).event_keys).toHaveLength(5);
      expect((await sheets.store.resolve(seen)).event_keys).toEqual([]);
      expect((await sheets.store.resolve({ ...seen, observed_at: at('09:11:00'), removed: [] })).event_keys).toEqual(
        [],
      );
    });

    it('is a net value that was known before its history was read', async () => {
      await sheets.resolve('09:10:00', { rows: [row('21', 3, cell('12', step('15', '09:05:30')))] });
      const history = cell('12', step('12', '09:05:00'), step('15', '09:05:30'));
      const { event_keys } = await sheets.store.resolve(observation('09:11:00', { rows: [row('21', 3, history)] }));
      expect(event_keys).toEqual([]);
    });

    it('is a read of a row that is older than what is known', async () => {
      await sheets.resolve('09:10:00', { rows: [row('21', 5, cell('12', step('15', '09:05:00')))] });
      const stale = observation('09:11:00', { rows: [row('21', 4, cell('12', step('12', '09:04:00')))] });
      expect((await sheets.store.resolve(stale)).event_keys).toEqual([]);
      expect((await sheets.store.knownRows(sheetId, ['21']))[0]).toMatchObject({ version: 5, cells: { '12': '15' } });
    });

    it('is a read that was made before the row was found deleted', async () => {
      const removed = [
        {
          row_id: '21',
          action: 'deleted' as const,
          changed_by: clerk,
          changed_by_kind: 'person' as const,
          changed_at: at('09:05:00'),
        },
      ];
      await sheets.resolve('09:10:00', { removed });
      const { event_keys } = await sheets.store.resolve(
        observation('09:09:00', { rows: [row('21', 2, cell('12', step('11', '09:04:00')))] }),
      );
      expect(event_keys).toEqual([]);
      expect((await sheets.store.sheet(sheetId))?.row_count).toBe(0);
    });
  });
}
