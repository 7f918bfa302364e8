import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { httpOverFetch } from '../../lib/runtime/http-over-fetch';
import { defaultSettings } from '../../lib/settings';
import { createClient, createLimiter, type SmartsheetClient } from '../../lib/smartsheet';
import { auditSheetHistory, cellHistories, importRows, importTable, openDoneBook } from '../../server/history';
import { startSandboxProcess, type SandboxProcess } from '../support/sandbox';
import { folderOf, type House, NOW, openHouse, rowOf, TITLES } from './house';

const LONG = 300_000;
const SINCE = '2026-01-10T00:00:00.000Z';
let sandbox: SandboxProcess;
let house: House;
let client: SmartsheetClient;
let folder: ReturnType<typeof folderOf>;

interface Made {
  readonly id: number;
  readonly rows: readonly { readonly id: number }[];
}

beforeAll(async () => {
  sandbox = await startSandboxProcess('--no-rate-limits');
  const machine = {
    http: httpOverFetch(),
    now: () => Date.now(),
    sleep: (milliseconds: number) => pause(Math.min(milliseconds, 100)),
    random: () => 0,
  };
  const account = { token: 'practice-token', base: `${sandbox.url}/2.0/` };
  client = createClient({ ...machine, ...account, limiter: createLimiter(null, machine) });
}, LONG);
afterAll(() => sandbox.stop());
beforeEach(async () => {
  folder = folderOf();
  house = await openHouse();
}, LONG);
afterEach(async () => {
  await house.close();
  folder.remove();
}, LONG);

const made = (name: string, columns: readonly string[], rows: readonly object[], at: string): Promise<Made> =>
  sandbox.control<Made>('POST', '/sandbox/sheets', { name, columns, rows, at });
const nothing = (): void => undefined;

describe('history out of Smartsheet', () => {
  it(
    'comes out of an audit sheet, whoever wrote it',
    async () => {
      const rows = [1, 2].map((number) => Object.fromEntries(TITLES.map((title, at) => [title, rowOf(number)[at]])));
      const { id } = await made('Billing Report Audit Log', TITLES, rows, '2026-01-14T00:00:00.000Z');
      const table = await auditSheetHistory(client, String(id), nothing);
      expect(await importTable(table, house.parts)).toMatchObject({ imported: 2, bad: [] });
      const { events } = await house.store.search({ kind: 'imported' });
      expect(events.map(({ new_value }) => new_value).toSorted()).toEqual(['101', '102']);
      await expect(auditSheetHistory(client, '123', nothing)).rejects.toMatchObject({
        code: 'history_unreadable',
        message: expect.stringContaining('The sheet 123 cannot be read'),
      });
    },
    LONG,
  );

  it(
    'comes out of the history of tracked cells since a day, and goes on where it was cut off',
    async () => {
      const columns = ['Work Request #', 'Weekly Referenced Logged Date', 'Quantity', 'Units Total Price', 'Remark'];
      const row = {
        'Work Request #': '90123.1',
        'Weekly Referenced Logged Date': '2026-01-07',
        Quantity: '1',
        Remark: 'a',
      };
      const sheet = await made('Week', columns, [row, row], '2026-01-05T10:00:00.000Z');
      const [first, second] = sheet.rows.map(({ id }) => id);
      const edit = (rowId: number | undefined, column: string, value: string, at: string): Promise<unknown> =>
        sandbox.control('POST', '/sandbox/edit', { sheetId: sheet.id, rowId, column, value, at });
      await edit(first, 'Quantity', '2', '2026-01-08T10:00:00.000Z');
      await edit(first, 'Quantity', '5', '2026-01-11T10:00:00.000Z');
      await edit(first, 'Remark', 'b', '2026-01-11T10:01:00.000Z');
      await edit(second, 'Units Total Price', '70', '2026-01-13T10:00:00.000Z');

      const book = join(folder.path, 'imports', 'cell-history.json');
      const read: string[] = [];
      const failing = (from: Pick<SmartsheetClient, 'rowsModifiedSince' | 'cellHistory'>, cut: number) => ({
        rowsModifiedSince: from.rowsModifiedSince.bind(from),
        cellHistory: async (...cell: Parameters<SmartsheetClient['cellHistory']>) => {
          if (read.length >= cut) throw new Error('the power failed');
          read.push(cell[1]);
          return from.cellHistory(...cell);
        },
      });
      const run = (cut: number): ReturnType<typeof importRows> =>
        importRows(
          cellHistories({
            client: failing(client, cut),
            sheetIds: [String(sheet.id)],
            since: SINCE,
            settings: defaultSettings,
            book: openDoneBook(book, SINCE),
            onProgress: nothing,
          }),
          house.parts,
        );
      // Four tracked columns: the first row is done, the second was begun.
      await expect(run(6)).rejects.toThrow('the power failed');
      expect(openDoneBook(book, SINCE).before).toBe(1);
      // Of another day nothing is done.
      expect(openDoneBook(book, '2026-01-01T00:00:00.000Z').before).toBe(0);
      expect(await run(99)).toMatchObject({ imported: 1, known: 0 });
      expect(new Set(read.slice(6))).toEqual(new Set([String(second)]));
      openDoneBook(book, SINCE).finish();
      expect(existsSync(book)).toBe(false);

      const { events } = await house.store.search({ kind: 'imported' });
      expect(events).toMatchObject([
        {
          row_id: String(second),
          column_name: 'Units Total Price',
          old_value: null,
          new_value: '70',
          delta: '70',
          work_request: '90123',
          week_ending: '2026-01-11',
          is_historical: true,
        },
        { row_id: String(first), column_name: 'Quantity', old_value: '2', new_value: '5', is_historical: false },
      ]);
      expect(Date.parse(events[0]?.changed_at ?? '')).toBeLessThan(NOW);
    },
    LONG,
  );

  it(
    'tells a row that was deleted meanwhile, and reads the others',
    async () => {
      const sheet = await made(
        'Gone',
        ['Quantity'],
        [{ Quantity: '1' }, { Quantity: '1' }],
        '2026-01-11T10:00:00.000Z',
      );
      const [first, second] = sheet.rows.map(({ id }) => id);
      const at = '2026-01-12T10:00:00.000Z';
      await sandbox.control('POST', '/sandbox/edit', {
        ...{ sheetId: sheet.id, rowId: second, column: 'Quantity', value: '2', at },
      });
      const deleting = {
        rowsModifiedSince: async (...asked: Parameters<SmartsheetClient['rowsModifiedSince']>) => {
          const read = await client.rowsModifiedSince(...asked);
          await sandbox.api('DELETE', `/sheets/${sheet.id}/rows?ids=${first}`);
          return read;
        },
        cellHistory: client.cellHistory.bind(client),
      };
      const book = openDoneBook(join(folder.path, 'imports', 'cell-history.json'), SINCE);
      const cells: number[] = [];
      const histories = cellHistories({
        ...{ client: deleting, sheetIds: [String(sheet.id)], since: SINCE, settings: defaultSettings, book },
        onProgress: (read) => void cells.push(read),
      });
      expect(await importRows(histories, house.parts)).toMatchObject({
        bad: [{ place: `row ${first} of "Gone"`, why: expect.stringContaining('not to be found any more') }],
      });
      expect(cells.at(-1)).toBe(2);
      expect([String(first), String(second)].map((id) => book.has(String(sheet.id), id))).toEqual([false, true]);
      const { events } = await house.store.search({ kind: 'imported', row_id: String(second) });
      expect(events[0]).toMatchObject({ old_value: '1', new_value: '2' });
    },
    LONG,
  );
});
