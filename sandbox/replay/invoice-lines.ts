import { parse } from 'csv-parse/sync';
import { z } from 'zod';
import { UnusableCsv } from '../errors';

/** One line of an invoice file. Numbers stay text, so that money stays exact. */
export interface InvoiceLine {
  readonly invoiceNo: string;
  readonly stockCode: string;
  readonly description: string;
  readonly quantity: number;
  /** `YYYY-MM-DD HH:MM:SS`, local time. */
  readonly invoiceDate: string;
  readonly unitPrice: string;
  /** Empty when nobody knows. */
  readonly customerId: string;
  readonly country: string;
}

const HEADINGS = [
  'InvoiceNo',
  'StockCode',
  'Description',
  'Quantity',
  'InvoiceDate',
  'UnitPrice',
  'CustomerID',
  'Country',
];

const lineSchema = z.object({
  InvoiceNo: z.string().min(1),
  StockCode: z.string().min(1),
  Description: z.string(),
  Quantity: z.string().regex(/^-?\d{1,9}(\.0+)?$/, 'is not a whole number'),
  InvoiceDate: z
    .string()
    .regex(/^\d{4}-\d{2}-\d{2} \d{2}:\d{2}:\d{2}$/, 'is not like 2011-01-04 10:00:00')
    .refine((text) => !Number.isNaN(Date.parse(text.replace(' ', 'T'))), 'is no day'),
  UnitPrice: z.string().regex(/^-?\d{1,9}(\.\d+)?$/, 'is not a number'),
  CustomerID: z.string(),
  Country: z.string(),
});

/**
 * Reads the invoice lines of a CSV with the headings of the Online Retail data set.
 * @param source what the text is, for the error message
 * @throws UnusableCsv with the line that is wrong
 */
export function readInvoiceLines(text: string, source: string): InvoiceLine[] {
  const hint = `The first line must name ${HEADINGS.join(', ')}; see docs/sandbox.md.`;
  const records = recordsOf(text, source, hint);
  const [first] = records;
  const missing = HEADINGS.filter((heading) => first === undefined || !(heading in first));
  if (first === undefined) throw new UnusableCsv(source, 'it has no lines', hint);
  if (missing.length > 0) throw new UnusableCsv(source, `it has no column ${missing.join(', ')}`, hint);
  return records.map((record, index) => {
    const line = lineSchema.safeParse(record);
    if (line.success) return invoiceLine(line.data);
    const issue = line.error.issues[0];
    const column = issue?.path.join('.') ?? '';
    throw new UnusableCsv(
      source,
      `in line ${index + 2}, ${column} ${issue?.message ?? 'is wrong'}`,
      'Correct the line and try again.',
    );
  });
}

function recordsOf(text: string, source: string, hint: string): Record<string, string>[] {
  try {
    return parse(text, { columns: true, bom: true, skip_empty_lines: true });
  } catch (cause) {
    throw new UnusableCsv(source, String(cause), hint);
  }
}

function invoiceLine(line: z.infer<typeof lineSchema>): InvoiceLine {
  return {
    invoiceNo: line.InvoiceNo,
    stockCode: line.StockCode,
    description: line.Description,
    quantity: Number(line.Quantity),
    invoiceDate: line.InvoiceDate,
    unitPrice: line.UnitPrice,
    customerId: line.CustomerID,
    country: line.Country,
  };
}
