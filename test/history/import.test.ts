import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { databaseHistory, type HistoryTable, importTable, workbookHistory } from '../../server/history';
import { event } from '../store/examples';
import { folderOf, type House, openHouse, rowOf, SHEET, TITLES, workbook } from './house';

const LONG = 300_000;
let house: House;
let folder: ReturnType<typeof folderOf>;
beforeEach(async () => {
  folder = folderOf();
  house = await openHouse();
}, LONG);
afterEach(async () => {
  await house.close();
  folder.remove();
}, LONG);

const tableOf = (rows: readonly (readonly (string | null)[])[], titles: readonly string[] = TITLES): HistoryTable => ({
  source: 'the table',
  titles,
  rows: rows.map((cells, index) => ({ place: `row ${index + 2}`, cells })),
});
const many = (count: number): string[][] => Array.from({ length: count }, (_, number) => rowOf(number));

describe('imported history', () => {
  it(
    'stands in a chain of its own, marked, and tells what others said of it without judging',
    async () => {
      const done = await importTable(tableOf(many(3)), house.parts);
      expect(done).toEqual({ read: 3, imported: 3, known: 0, seen: 0, bad: [] });
      expect(await house.driver.rpc('billing_audit_verify', { stream: 'imported' })).toMatchObject({
        ok: true,
        checked: 3,
      });
      const { events } = await house.store.search({ kind: 'imported' });
      expect(events).toHaveLength(3);
      expect(events[0]).toMatchObject({
        sheet_id: SHEET,
        work_request: '90123',
        week_ending: '2026-01-11',
        is_historical: true,
        violation_type: 'NONE',
        severity: 'LOW',
        risk_score: null,
        old_value: '100',
        new_value: '102',
        delta: '2',
        changed_by: 'clerk@example.com',
        changed_by_kind: 'person',
        changed_at: '2026-01-13T16:02:00.000Z',
        values: { Note: 'HISTORICAL_CHANGE', Severity: 'HIGH', 'Run ID': 'run-1' },
      });
      expect(events[0]?.issue_description).toBe(
        'Imported from a test, where it was called HISTORICAL_CHANGE, HIGH. Not judged here.',
      );
    },
    LONG,
  );

  it(
    'alerts nobody and counts as no change, where the same change seen by ourselves does both',
    async () => {
      const frame = { timeZone: 'UTC', addresses: {}, columnAliases: {}, reviewers: [] };
      await house.driver.rpc('billing_audit_save_alert_rule', {
        rule_id: 'all',
        recipients: ['manager@example.com'],
        risk_from: 0,
        severity_from: 'LOW',
        mails_per_hour: 9,
        group_minutes: 5,
        frame,
      });
      const before = await house.store.counts();
      await importTable(tableOf(many(5)), house.parts);
      const queued = async (): Promise<unknown[]> =>
        ((await house.driver.rpc('billing_audit_undecided_events', { limit: 9 })) as { events: unknown[] }).events;
      const overview = async (): Promise<Record<string, unknown>> =>
        (await house.driver.rpc('billing_audit_overview', { now: '2026-01-14T00:00:00.000Z', days: 7 })) as Record<
          string,
          unknown
        >;
      expect(await queued()).toEqual([]);
      expect((await house.store.counts()).events).toBe(before.events);
      expect(await overview()).toMatchObject({ people: [], sheets: [], cards: { events: 0, events_today: 0 } });
      await house.store.append([event('own', { changed_at: '2026-01-13T17:00:00.000Z' })]);
      expect(await queued()).toHaveLength(1);
      expect((await house.store.counts()).events).toBe(before.events + 1);
      expect(await overview()).toMatchObject({ cards: { events: 1 } });
    },
    LONG,
  );

  it(
    'can be repeated, and cut off between two batches: each change is taken once',
    async () => {
      const rows = many(1200);
      const cut = { ...tableOf(rows), rows: cutAfter(tableOf(rows).rows, 700) };
      await expect(importTable(cut, house.parts)).rejects.toThrow('the power failed');
      expect(await importTable(tableOf(rows), house.parts)).toMatchObject({ imported: 700, known: 500 });
      expect(await importTable(tableOf(rows), house.parts)).toMatchObject({ imported: 0, known: 1200 });
      expect(await house.driver.rpc('billing_audit_verify', { stream: 'imported' })).toMatchObject({ checked: 1200 });
    },
    LONG,
  );

  it(
    'leaves out what the trail recorded itself, though its time be a little apart',
    async () => {
      const own = event('own', {
        row_id: '7000001',
        column_name: 'Units Total Price',
        new_value: '101',
        changed_at: '2026-01-13T16:01:40.000Z',
      });
      await house.store.append([own]);
      expect(await importTable(tableOf(many(3)), house.parts)).toMatchObject({ imported: 2, seen: 1 });
    },
    LONG,
  );

  it(
    'tells each row that cannot be taken, and takes the others',
    async () => {
      const wrong = [
        rowOf(1, { 'Changed At': 'yesterday' }),
        rowOf(2, { 'Changed At': '2030-01-01T00:00:00Z' }),
        rowOf(3, { 'Changed At': '1926-01-01T00:00:00Z' }),
        rowOf(4, { 'Source Sheet ID': '4.58317339380314E+15' }),
        rowOf(5, { 'Source Row ID': 'row five' }),
        rowOf(6, { Column: ' ' }),
        rowOf(7, { Delta: 'much' }),
        rowOf(8, { 'Is Historical?': 'perhaps' }),
        rowOf(9, { 'Week Ending': 'Sunday' }),
      ];
      const { imported, bad } = await importTable(tableOf([rowOf(0), ...wrong]), house.parts);
      expect(imported).toBe(1);
      expect(bad.map(({ place, why }) => `${place}: ${why}`)).toEqual([
        'row 3: "Changed At" is no time: "yesterday"',
        'row 4: "Changed At" lies in the future: "2030-01-01T00:00:00Z"',
        'row 5: "Changed At" lies before the year 2000: "1926-01-01T00:00:00Z"',
        'row 6: "Source Sheet ID" was rounded by a spreadsheet: "4.58317339380314E+15"',
        'row 7: "Source Row ID" is no id: "row five"',
        'row 8: "Column" is empty',
        'row 9: "Delta" is no number: "much"',
        'row 10: "Is Historical?" is neither yes nor no: "perhaps"',
        'row 11: "Week Ending" is no date: "Sunday"',
      ]);
    },
    LONG,
  );

  it.each([
    ['2026-01-13T10:02:00-06:00', '2026-01-13T16:02:00.000Z'],
    // Without an offset: Chicago, in winter.
    ['2026-01-13 10:02:00', '2026-01-13T16:02:00.000Z'],
    ['01/13/26 10:02 AM', '2026-01-13T16:02:00.000Z'],
  ])(
    'reads the time %s',
    async (given, meant) => {
      await importTable(tableOf([rowOf(0, { 'Changed At': given })]), house.parts);
      expect((await house.store.search({ kind: 'imported' })).events[0]?.changed_at).toBe(meant);
    },
    LONG,
  );

  it('names the columns that are not there, with what was perhaps meant, and imports nothing', async () => {
    const titles = TITLES.map((title) => (title === 'Changed At' ? 'Changd At' : title === 'Column' ? 'Field' : title));
    await expect(importTable(tableOf(many(1), titles), house.parts)).rejects.toMatchObject({
      code: 'history_columns_missing',
      message: 'the table has no column "Column", "Changed At".',
      hint: expect.stringContaining('Rename "Changd At" to "Changed At"'),
    });
    expect((await house.store.search({ kind: 'imported' })).events).toEqual([]);
  });
});

function* cutAfter<Row>(rows: Iterable<Row>, count: number): Iterable<Row> {
  let given = 0;
  for (const row of rows) {
    if (given >= count) throw new Error('the power failed');
    given += 1;
    yield row;
  }
}

describe('a workbook', () => {
  it(
    'gives its rows, found below a heading and among other sheets, with numbers as they are written',
    async () => {
      const file = await workbook(folder.path, [['Exported by somebody'], [], TITLES, rowOf(1), rowOf(2)]);
      const table = await workbookHistory(file);
      expect(table.titles.slice(0, 3)).toEqual(['Work Request #', 'Week Ending', 'Column']);
      expect([...table.rows].map(({ place }) => place)).toEqual(['row 4', 'row 5']);
      expect(await importTable(table, house.parts)).toMatchObject({ imported: 2, bad: [] });
      const priced = rowOf(3).map((cell) => (cell === '100' ? 0.1 : cell === '103' ? 0.30000000000000004 : cell));
      const exact = await workbookHistory(await workbook(folder.path, [TITLES, priced]));
      await importTable(exact, house.parts);
      const { events } = await house.store.search({ kind: 'imported', row_id: '7000003' });
      expect(events[0]).toMatchObject({ old_value: '0.1', new_value: '0.30000000000000004' });
    },
    LONG,
  );

  it('that is not there, a folder, or none says so', async () => {
    await expect(workbookHistory(join(folder.path, 'none.xlsx'))).rejects.toMatchObject({
      code: 'history_unreadable',
      message: expect.stringMatching(/none\.xlsx does not exist\.$/u),
    });
    await expect(workbookHistory(folder.path)).rejects.toThrow('is a folder');
    await expect(workbookHistory(__filename)).rejects.toMatchObject({
      code: 'history_unreadable',
      message: expect.stringContaining('is no workbook that can be read'),
      hint: expect.stringContaining('.xlsx'),
    });
    const cut = await workbook(folder.path, [TITLES, rowOf(1)]);
    const half = join(folder.path, 'half.xlsx');
    const bytes = readFileSync(cut);
    writeFileSync(half, bytes.subarray(0, bytes.length / 2));
    await expect(workbookHistory(half)).rejects.toThrow('is no workbook that can be read');
  });
});

describe('a database', () => {
  const made = (names: readonly string[], rows: readonly (readonly (string | bigint | null)[])[]): string => {
    const file = join(folder.path, 'old.sqlite');
    const database = new DatabaseSync(file);
    database.exec('create table users (id integer, mail text)');
    database.exec(`create table audit_log (${names.map((name) => `"${name}"`).join(', ')})`);
    const insert = database.prepare(`insert into audit_log values (${names.map(() => '?').join(', ')})`);
    for (const row of rows) insert.run(...row);
    database.close();
    return file;
  };
  const names = ['sheet_id', 'row_id', 'column_name', 'old_value', 'new_value', 'changed_at', 'changed_by'];
  const row = [BigInt(SHEET), 9007199254740993n, 'Quantity', null, '5', '2026-01-13T16:00:00Z', 'ann@example.com'];

  it(
    'gives the rows of the table that has the columns, by the names of the contract, with ids to the last figure',
    async () => {
      const table = databaseHistory(made(names, [row]));
      expect(await importTable(table, house.parts)).toMatchObject({ imported: 1, bad: [] });
      table.close();
      const [imported] = (await house.store.search({ kind: 'imported' })).events;
      expect(imported).toMatchObject({ sheet_id: SHEET, row_id: '9007199254740993', delta: '5', old_value: null });
    },
    LONG,
  );

  it('that is not there, none, or lacks the table says so, and is never written to', async () => {
    const missing = join(folder.path, 'none.sqlite');
    expect(() => databaseHistory(missing)).toThrow('does not exist');
    expect(() => readFileSync(missing)).toThrow('ENOENT');
    expect(() => databaseHistory(folder.path)).toThrow('is a folder');
    expect(() => databaseHistory(__filename)).toThrow('is no SQLite database');
    const file = made(names, [row]);
    const before = readFileSync(file);
    expect(() => databaseHistory(file, 'changes')).toThrow(
      expect.objectContaining({ hint: 'Its tables are audit_log, users.' }),
    );
    const users = databaseHistory(file, 'users');
    await expect(importTable(users, house.parts)).rejects.toThrow('has no column "Column"');
    users.close();
    expect(readFileSync(file).equals(before)).toBe(true);
  });
});
