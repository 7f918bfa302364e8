import { httpOverFetch } from '../../lib/runtime/http-over-fetch';
import type { Http } from '../../lib/ports';
import type { Change } from '../../lib/event';
import { startSandboxProcess, type SandboxProcess } from '../support/sandbox';
import { until } from '../support/until';
import { openWatchtower, type Watchtower } from './watchtower';

const clerk = 'clerk@example.com';
const foreman = 'foreman@example.com';
const COLUMNS = ['Work Request #', 'Quantity', 'Units Total Price', 'Redlined Total Price', 'Note'];
const MONEY = COLUMNS.slice(1);

interface Made {
  readonly id: number;
  readonly columns: Readonly<Record<string, number>>;
  readonly rows: readonly { readonly id: number }[];
}

/** Requests that the tower sent, by whether they read a cell's history; and what became of those. */
class Counter {
  histories = 0;
  others = 0;
  /** Paths of the histories that were answered, in their order. */
  readonly answered: string[] = [];
  /** Smartsheet says that there is no budget for history. */
  isExhausted = false;
  private readonly plain = httpOverFetch();

  readonly http: Http = async (request) => {
    if (!request.url.includes('/history?')) {
      this.others += 1;
      return this.plain(request);
    }
    this.histories += 1;
    const body = JSON.stringify({ errorCode: 4003, message: 'Rate limit exceeded.', refId: 'x' });
    if (this.isExhausted) return { status: 429, headers: {}, body };
    this.answered.push(new URL(request.url).pathname);
    return this.plain(request);
  };

  reset(): void {
    this.histories = 0;
    this.others = 0;
    this.answered.length = 0;
  }
}

let sandbox: SandboxProcess;
let tower: Watchtower;
let minutesAhead = 0;
const counter = new Counter();

beforeAll(async () => {
  sandbox = await startSandboxProcess('--no-rate-limits', '--debounce', '60', '--seed', '5');
  const machine = {
    http: counter.http,
    now: () => Date.now() + minutesAhead * 60_000,
    // Waiting between tries is not what these tests are about.
    sleep: (milliseconds: number, signal?: AbortSignal) => briefly(Math.min(milliseconds, 100), signal),
  };
  tower = await openWatchtower({}, { machine });
}, 120_000);

afterAll(async () => {
  await tower?.close();
  await sandbox?.stop();
}, 120_000);

beforeEach(() => {
  minutesAhead = 0;
  counter.isExhausted = false;
  tower.found.length = 0;
});

function briefly(milliseconds: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(resolve, milliseconds);
    signal?.addEventListener('abort', () => {
      clearTimeout(timer);
      reject(signal.reason as Error);
    });
  });
}

async function newSheet(rows: number, at = 0): Promise<Made> {
  const filled = Array.from({ length: rows }, (_, row) => ({
    'Work Request #': `WR-${row}`,
    ...Object.fromEntries(MONEY.map((title) => [title, at + row])),
  }));
  return sandbox.control<Made>('POST', '/sandbox/sheets', { name: 'Burst', columns: COLUMNS, rows: filled });
}

async function watched(sheets: readonly Made[]): Promise<() => Promise<void>> {
  const stop = await tower.watch(
    sandbox,
    sheets.map(({ id }) => id),
  );
  await until(async () => {
    const { webhooks } = await sandbox.control<{ webhooks: { sheetId: number; status: string }[] }>(
      'GET',
      '/sandbox/webhooks',
    );
    const isOn = (id: number): boolean =>
      webhooks.some(({ sheetId, status }) => sheetId === id && status === 'ENABLED');
    return sheets.every(({ id }) => isOn(id));
  }, 'every webhook');
  await tower.shows('^watching');
  await sandbox.control('POST', '/sandbox/clock', { advanceSeconds: 3 });
  counter.reset();
  return async () => stop({ removed: true });
}

/** Writes one column of rows, in one save. */
const write = (sheet: Made, column: string, rows: readonly number[], value: (row: number) => number, by: string) =>
  sandbox.control('POST', '/sandbox/edit', {
    sheetId: sheet.id,
    edits: rows.map((row) => ({ rowId: sheet.rows[row]!.id, cells: { [column]: value(row) } })),
    by,
  });
const wait = (seconds: number): Promise<unknown> =>
  sandbox.control('POST', '/sandbox/clock', { advanceSeconds: seconds });
const settle = (): Promise<unknown> => sandbox.control('POST', '/sandbox/settle');

async function recorded(count: number, within = 50_000): Promise<readonly Change[]> {
  await until(() => tower.found.length >= count, `${count} changes`, within);
  await until(async () => {
    const { callbacks_waiting, changes_waiting, changes_leased } = await tower.store.counts();
    return callbacks_waiting + changes_waiting + changes_leased === 0;
  }, 'everything to be recorded');
  return tower.found;
}

const numbers = (from: number, to: number): number[] => Array.from({ length: to - from }, (_, index) => from + index);

it('tells 5,000 cells on 5 sheets that each changed once within a minute, without any reading of history', async () => {
  const sheets = await Promise.all([0, 1, 2, 3, 4].map(() => newSheet(250)));
  const stop = await watched(sheets);
  for (const [turn, column] of MONEY.entries()) {
    for (const sheet of sheets) {
      await write(sheet, column, numbers(0, 125), (row) => 10_000 + row, clerk);
      await write(sheet, column, numbers(125, 250), (row) => 10_000 + row, turn % 2 === 0 ? foreman : clerk);
    }
    await wait(9);
  }
  await settle();
  const found = await recorded(5000);
  const said = found.map((one) => [
    one.sheet_id,
    one.row_id,
    one.column_name,
    one.old_value,
    one.new_value,
    one.changed_by,
  ]);
  const expected = sheets.flatMap((sheet) =>
    MONEY.flatMap((column, turn) =>
      numbers(0, 250).map((row) => {
        const by = row >= 125 && turn % 2 === 0 ? foreman : clerk;
        return [String(sheet.id), String(sheet.rows[row]!.id), column, String(row), String(10_000 + row), by];
      }),
    ),
  );
  expect(said.map(String).sort()).toEqual(expected.map(String).sort());
  process.stdout.write(`5,000 cells: ${counter.histories} histories, ${counter.others} other requests.\n`);
  expect(counter.histories).toBe(0);
  expect(counter.others).toBeLessThanOrEqual(0.2 * 5000);
  await stop();
}, 120_000);

it('tells all 180 changes of 60 cells that changed three times each within a minute, with each old and new value', async () => {
  const sheet = await newSheet(60);
  const stop = await watched([sheet]);
  const people = [clerk, foreman, clerk];
  for (const [turn, by] of people.entries()) {
    await write(sheet, 'Quantity', numbers(0, 60), (row) => row + (turn + 1) * 100, by);
    await wait(15);
  }
  await settle();
  const found = await recorded(180);
  const expected = numbers(0, 60).flatMap((row) =>
    people.map((by, turn) => [
      String(sheet.rows[row]!.id),
      String(row + turn * 100),
      String(row + turn * 100 + 100),
      by,
    ]),
  );
  expect(found.map((one) => String([one.row_id, one.old_value, one.new_value, one.changed_by])).sort()).toEqual(
    expected.map(String).sort(),
  );
  expect(found.every(({ intermediate_unknown }) => !intermediate_unknown)).toBe(true);
  process.stdout.write(`60 cells x 3: ${counter.histories} histories, ${counter.others} other requests.\n`);
  expect(counter.histories).toBe(60);
  await stop();
}, 120_000);

describe('while there is no budget for history', () => {
  /** Twelve cells that two people wrote one after the other, and a cell that was written once. */
  async function writeTwice(sheet: Made): Promise<void> {
    await write(sheet, 'Units Total Price', numbers(0, 12), (row) => 1000 + row * 10, clerk);
    await wait(10);
    await write(sheet, 'Units Total Price', numbers(0, 12), (row) => 2000 + row * 10, foreman);
    await write(sheet, 'Note', [20], () => 7, clerk);
    await settle();
  }

  it('a change that may hide values waits, provisional, and others do not; then its steps are told, most money first', async () => {
    const sheet = await newSheet(30);
    const stop = await watched([sheet]);
    counter.isExhausted = true;
    await writeTwice(sheet);
    await recorded(1);
    await until(async () => (await tower.store.counts()).changes_provisional === 12, '12 provisional rows');
    expect(tower.found.map(({ column_name }) => column_name)).toEqual(['Note']);
    const health = await tower.runtime.health();
    expect(health.checks.find(({ name }) => name === 'queue')?.text).toContain('12 rows wait for their history');
    counter.reset();
    counter.isExhausted = false;
    const found = await recorded(25);
    expect((await tower.store.counts()).changes_provisional).toBe(0);
    for (const row of numbers(0, 12)) {
      const steps = found.filter(({ row_id }) => row_id === String(sheet.rows[row]!.id));
      expect(steps.map((one) => [one.old_value, one.new_value, one.changed_by])).toEqual([
        [String(row), String(1000 + row * 10), clerk],
        [String(1000 + row * 10), String(2000 + row * 10), foreman],
      ]);
    }
    const rowsRead = counter.answered.map((path) => /rows\/(\d+)\//.exec(path)![1]);
    const byMoney = [...numbers(0, 12)].reverse().map((row) => String(sheet.rows[row]!.id));
    // The one that was being asked for when the budget came back may be any.
    expect(rowsRead.slice(1)).toEqual(byMoney.filter((id) => id !== rowsRead[0]));
    await stop();
  }, 120_000);

  it('for half an hour, the net change is told as such, and never split later', async () => {
    const sheet = await newSheet(30);
    const stop = await watched([sheet]);
    counter.isExhausted = true;
    await writeTwice(sheet);
    await until(async () => (await tower.store.counts()).changes_provisional === 12, '12 provisional rows');
    minutesAhead = 31;
    const found = await recorded(13);
    const net = found.filter(({ column_name }) => column_name === 'Units Total Price');
    expect(net.map((one) => String([one.old_value, one.new_value])).sort()).toEqual(
      numbers(0, 12)
        .map((row) => String([row, 2000 + row * 10]))
        .sort(),
    );
    expect(net.every((one) => one.intermediate_unknown)).toBe(true);
    counter.isExhausted = false;
    await wait(5);
    await write(sheet, 'Units Total Price', [3], () => 5, clerk);
    await settle();
    await recorded(14);
    expect(
      tower.found.filter(({ row_id }) => row_id === String(sheet.rows[3]!.id)).map((one) => one.new_value),
    ).toEqual(['2030', '5']);
    expect((await tower.store.counts()).changes_provisional).toBe(0);
    await stop();
  }, 120_000);

  it('a row that is deleted meanwhile is told with its net change before its end', async () => {
    const sheet = await newSheet(30);
    const stop = await watched([sheet]);
    counter.isExhausted = true;
    await writeTwice(sheet);
    await until(async () => (await tower.store.counts()).changes_provisional === 12, '12 provisional rows');
    const rowIds = [sheet.rows[4]!.id];
    await sandbox.control('DELETE', '/sandbox/rows', { sheetId: sheet.id, rowIds, by: foreman });
    await settle();
    await recorded(3);
    const ofRow = tower.found.filter(({ row_id }) => row_id === String(rowIds[0]));
    expect(ofRow.map(({ kind, new_value, values }) => [kind, new_value, values['Units Total Price']]).sort()).toEqual([
      ['cell_changed', '2040', '2040'],
      ['row_deleted', null, '2040'],
    ]);
    expect((await tower.store.counts()).changes_provisional).toBe(11);
    counter.isExhausted = false;
    await recorded(25);
    await stop();
  }, 120_000);
});
