import Big from 'big.js';
import { DateTime } from 'luxon';
import type { CellValue, ColumnType } from '../office/types';
import type { InvoiceLine } from './invoice-lines';

/** The columns of a billing week, in order; the first is the primary one. */
export const BILLING_COLUMNS = [
  { title: 'Work Request #', type: 'TEXT_NUMBER' },
  { title: 'CU', type: 'TEXT_NUMBER' },
  { title: 'Description', type: 'TEXT_NUMBER' },
  { title: 'Quantity', type: 'TEXT_NUMBER' },
  { title: 'Unit Price', type: 'TEXT_NUMBER' },
  { title: 'Units Total Price', type: 'TEXT_NUMBER' },
  { title: 'Foreman', type: 'CONTACT_LIST' },
  { title: 'Weekly Referenced Logged Date', type: 'DATE' },
  { title: 'Country', type: 'TEXT_NUMBER' },
] as const satisfies readonly { title: string; type: ColumnType }[];

export type BillingColumn = (typeof BILLING_COLUMNS)[number]['title'];
export type BillingCells = Readonly<Partial<Record<BillingColumn, CellValue>>>;

export interface PlannedRow {
  /** `<InvoiceNo>#<number of the line within its invoice, from 1>`. */
  readonly key: string;
  readonly cells: BillingCells;
}

interface Common {
  /** Milliseconds since 1970. */
  readonly at: number;
  /** E-mail address. */
  readonly person: string;
  readonly sheet: string;
}

/** One save. */
export type Operation =
  | (Common & { readonly kind: 'add'; readonly rows: readonly PlannedRow[] })
  | (Common & {
      readonly kind: 'change';
      readonly rowKey: string;
      readonly before: BillingCells;
      readonly cells: BillingCells;
    });

export interface Plan {
  /** Names, in order of their weeks. */
  readonly sheets: readonly string[];
  readonly people: readonly string[];
  /** In order of time. */
  readonly operations: readonly Operation[];
}

const MOST_ROWS_PER_SAVE = 500;
const NOBODY = 'counter@example.com';

/** A row as far as the plan has come; a cancellation lowers its quantity. */
interface Standing {
  readonly key: string;
  readonly sheet: string;
  readonly price: string;
  quantity: number;
}

/**
 * Turns invoice lines into saves of billing sheets, one sheet for each ISO week.
 *
 * A line is a new row. A line of a cancellation (`C...`) lowers the quantity of the most recent line of the same
 * customer and stock code, not below 0, and the total follows; without such a line, and always when no customer is
 * named, it is a new row with a negative quantity. Only lines of invoices are candidates, those at 0 included: a
 * cancellation of what is 0 already changes nothing.
 *
 * Consecutive lines of one invoice and minute are one group: its new rows are one save (of at most 500 rows), each
 * changed row is a save of its own. Groups of the same minute follow each other by a second, so that a row that is
 * cancelled within the minute of its making shows a later time.
 * @param lines in order of time
 * @param zone  IANA time zone to which the times of the lines are local
 */
export function planReplay(lines: readonly InvoiceLine[], zone: string): Plan {
  const operations: Operation[] = [];
  const latest = new Map<string, Standing>();
  const lineNumbers = new Map<string, number>();
  let minute = '';
  let groupsOfMinute = 0;
  for (const group of groupsOf(lines)) {
    groupsOfMinute = group.invoiceDate === minute ? groupsOfMinute + 1 : 0;
    minute = group.invoiceDate;
    const time = DateTime.fromSQL(group.invoiceDate, { zone });
    const at = time.toMillis() + groupsOfMinute * 1_000;
    operations.push(...savesOf(group.lines, { time, at, latest, lineNumbers }));
  }
  return {
    sheets: [...new Set(operations.filter(({ kind }) => kind === 'add').map(({ sheet }) => sheet))].sort(),
    people: [...new Set(operations.map(({ person }) => person))],
    operations,
  };
}

interface Moment {
  readonly time: DateTime;
  readonly at: number;
  readonly latest: Map<string, Standing>;
  readonly lineNumbers: Map<string, number>;
}

/** The saves of one group: its new rows first, then a change for each cancelled line that has its row. */
function savesOf(lines: readonly InvoiceLine[], { time, at, latest, lineNumbers }: Moment): Operation[] {
  const rows = new Map<string, PlannedRow[]>();
  const changes: Operation[] = [];
  const sheet = sheetNameOf(time);
  for (const line of lines) {
    const person = personOf(line.customerId);
    const owner = `${line.customerId}\n${line.stockCode}`;
    const number = (lineNumbers.get(line.invoiceNo) ?? 0) + 1;
    lineNumbers.set(line.invoiceNo, number);
    const isCancellation = line.invoiceNo.startsWith('C');
    const target = isCancellation && line.customerId !== '' ? latest.get(owner) : undefined;
    if (target !== undefined) {
      changes.push(...lowered(target, line, { at, person }));
      continue;
    }
    const key = `${line.invoiceNo}#${number}`;
    rows.set(person, [...(rows.get(person) ?? []), { key, cells: cellsOf(line, time) }]);
    if (!isCancellation) latest.set(owner, { key, sheet, price: line.unitPrice, quantity: line.quantity });
  }
  const adds = [...rows].flatMap(([person, own]) =>
    inParts(own, MOST_ROWS_PER_SAVE).map((part): Operation => ({ kind: 'add', at, person, sheet, rows: part })),
  );
  return [...adds, ...changes];
}

function lowered(target: Standing, line: InvoiceLine, by: { at: number; person: string }): Operation[] {
  const before = amountsOf(target.quantity, target.price);
  const quantity = Math.max(0, target.quantity + line.quantity);
  if (quantity === target.quantity) return [];
  target.quantity = quantity;
  const cells = amountsOf(quantity, target.price);
  return [{ kind: 'change', ...by, sheet: target.sheet, rowKey: target.key, before, cells }];
}

function amountsOf(quantity: number, price: string): { Quantity: number; 'Units Total Price': number } {
  return { Quantity: quantity, 'Units Total Price': new Big(price).times(quantity).round(2).toNumber() };
}

function cellsOf(line: InvoiceLine, time: DateTime): BillingCells {
  return {
    'Work Request #': line.invoiceNo,
    CU: line.stockCode,
    Description: line.description === '' ? null : line.description,
    ...amountsOf(line.quantity, line.unitPrice),
    'Unit Price': Number(line.unitPrice),
    Foreman: line.customerId === '' ? null : personOf(line.customerId),
    'Weekly Referenced Logged Date': time.toISODate(),
    Country: line.country === '' ? null : line.country,
  };
}

/** `12346.0` -> `customer-12346@example.com`. */
function personOf(customerId: string): string {
  return customerId === '' ? NOBODY : `customer-${customerId.replace(/\.0+$/, '')}@example.com`;
}

function sheetNameOf(time: DateTime): string {
  return `Billing week ${time.weekYear}-W${String(time.weekNumber).padStart(2, '0')}`;
}

/** Consecutive lines of the same invoice and time. */
function groupsOf(lines: readonly InvoiceLine[]): { invoiceDate: string; lines: InvoiceLine[] }[] {
  const groups: { invoiceDate: string; lines: InvoiceLine[] }[] = [];
  for (const line of lines) {
    const last = groups.at(-1);
    const isSame = last?.invoiceDate === line.invoiceDate && last.lines[0]?.invoiceNo === line.invoiceNo;
    if (last !== undefined && isSame) last.lines.push(line);
    else groups.push({ invoiceDate: line.invoiceDate, lines: [line] });
  }
  return groups;
}

function inParts<Item>(items: readonly Item[], size: number): Item[][] {
  const parts: Item[][] = [];
  for (let first = 0; first < items.length; first += size) parts.push(items.slice(first, first + size));
  return parts;
}
