import { existsSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { DateTime } from 'luxon';
import { expectedChanges } from '../../sandbox/replay/expected';
import { planReplay, type Operation } from '../../sandbox/replay/plan';
import { readInvoiceLines } from '../../sandbox/replay/invoice-lines';

const zone = 'Europe/London';
const shared = process.env['BILLING_AUDIT_SHARED'] ?? resolve(__dirname, '../../../shared');
const month = join(shared, 'data/online-retail/online-retail-2011-01.csv');

const HEADING = 'InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country';

function plan(...lines: string[]) {
  return planReplay(readInvoiceLines([HEADING, ...lines].join('\n'), 'The sample'), zone);
}

function changesOf(operations: readonly Operation[]) {
  return operations.filter((operation) => operation.kind === 'change');
}

describe('the plan of a replay', () => {
  it('makes one save of the lines of one invoice, as the customer, in the sheet of its ISO week', () => {
    const { sheets, people, operations } = plan(
      '1,A,LAMP,2,2011-01-04 10:00:00,1.50,12346.0,France',
      '1,B,BOWL,3,2011-01-04 10:00:00,2.00,12346.0,France',
    );
    expect(sheets).toEqual(['Billing week 2011-W01']);
    expect(people).toEqual(['customer-12346@example.com']);
    expect(operations).toHaveLength(1);
    expect(operations[0]).toMatchObject({
      kind: 'add',
      at: Date.parse('2011-01-04T10:00:00Z'),
      rows: [
        { key: '1#1', cells: { 'Work Request #': '1', CU: 'A', Quantity: 2, 'Units Total Price': 3 } },
        { key: '1#2', cells: { Foreman: 'customer-12346@example.com', 'Weekly Referenced Logged Date': '2011-01-04' } },
      ],
    });
  });

  it('lowers the most recent line of the same customer and stock code, not below 0', () => {
    const { operations } = plan(
      '1,A,LAMP,2,2011-01-04 10:00:00,1.5,1.0,France',
      '2,A,LAMP,5,2011-01-05 10:00:00,1.1,1.0,France',
      'C3,A,LAMP,-9,2011-01-11 10:00:00,1.1,1.0,France',
    );
    expect(changesOf(operations)).toMatchObject([
      {
        rowKey: '2#1',
        sheet: 'Billing week 2011-W01',
        before: { Quantity: 5, 'Units Total Price': 5.5 },
        cells: { Quantity: 0, 'Units Total Price': 0 },
      },
    ]);
  });

  it('makes a negative row of a cancellation that finds no line, or names no customer', () => {
    const { operations } = plan(
      '1,A,LAMP,2,2011-01-04 10:00:00,1.5,,France',
      'C2,A,LAMP,-1,2011-01-04 11:00:00,1.5,,France',
      'C3,A,LAMP,-1,2011-01-04 12:00:00,1.5,7.0,France',
    );
    expect(changesOf(operations)).toEqual([]);
    expect(operations.map(({ person }) => person)).toEqual([
      'counter@example.com',
      'counter@example.com',
      'customer-7@example.com',
    ]);
  });

  it('puts a cancellation of the same minute a second after the line that it cancels', () => {
    const { operations } = plan(
      '1,A,LAMP,2,2011-01-04 10:00:00,1.5,1.0,France',
      'C2,A,LAMP,-1,2011-01-04 10:00:00,1.5,1.0,France',
    );
    expect(operations.map(({ at }) => at - (operations[0]?.at ?? 0))).toEqual([0, 1_000]);
  });

  it('keeps totals exact where floating point would not', () => {
    const { operations } = plan('1,A,LAMP,3,2011-01-04 10:00:00,1.1,1.0,France');
    expect(operations[0]).toMatchObject({ rows: [{ cells: { 'Units Total Price': 3.3 } }] });
  });

  it.each([
    ['1,A,LAMP,two,2011-01-04 10:00:00,1.1,1.0,France', 'Quantity'],
    ['1,A,LAMP,2,yesterday,1.1,1.0,France', 'InvoiceDate'],
    ['1,A,LAMP,2,2011-01-04 10:00:00,cheap,1.0,France', 'UnitPrice'],
  ])('names the line and the column of %s', (line, column) => {
    expect(() => plan(line)).toThrow(`in line 2, ${column}`);
  });

  it('refuses a file without the expected columns', () => {
    expect(() => readInvoiceLines('a,b\n1,2', 'The sample')).toThrow('no column InvoiceNo');
  });
});

const withMonth = existsSync(month) ? describe : describe.skip;

withMonth(
  `the month of ${existsSync(month) ? 'January 2011' : 'January 2011 (skipped: the shared data is not there)'}`,
  () => {
    const { operations, sheets } = existsSync(month)
      ? planReplay(readInvoiceLines(readFileSync(month, 'utf8'), month), zone)
      : plan();
    const rows = operations.flatMap((operation) => (operation.kind === 'add' ? operation.rows : []));
    const changes = changesOf(operations);

    it('gives 34,837 rows in five sheets, 391 of them negative amounts', () => {
      expect(sheets).toHaveLength(5);
      expect(rows).toHaveLength(34_837);
      expect(rows.filter(({ cells }) => Number(cells['Units Total Price']) < 0)).toHaveLength(391);
    });

    it('gives 309 changes to 308 lines, which are 618 changed cells', () => {
      expect(changes).toHaveLength(309);
      expect(new Set(changes.map((change) => change.kind === 'change' && change.rowKey)).size).toBe(308);
      expect(expectedChanges({ operations, sheets, people: [] })).toHaveLength(618);
    });

    it('makes 189 of the changes after the week of the row has closed', () => {
      const dates = new Map(rows.map(({ key, cells }) => [key, String(cells['Weekly Referenced Logged Date'])]));
      const late = changes.filter((change) => {
        if (change.kind !== 'change') return false;
        const logged = DateTime.fromISO(dates.get(change.rowKey) ?? '', { zone });
        const closes = logged.plus({ days: 8 - logged.weekday });
        return change.at >= closes.toMillis();
      });
      expect(late).toHaveLength(189);
    });

    it('lowers invoice 541431 from 74215 pieces and 77183.60 to nothing, 16 minutes later', () => {
      const largest = expectedChanges({ operations, sheets, people: [] }).filter(({ rowKey }) => rowKey === '541431#1');
      expect(largest).toMatchObject([
        { column: 'Quantity', old: 74_215, new: 0, person: 'customer-12346@example.com' },
        { column: 'Units Total Price', old: 77_183.6, new: 0, at: Date.parse('2011-01-18T10:17:00Z') },
      ]);
    });
  },
);
