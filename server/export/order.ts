import { randomBytes } from 'node:crypto';
import { DateTime } from 'luxon';
import { BadSetting } from '../../lib/errors';
import { version } from '../version';
import type { ExportOrder } from './about';
import type { ChangeFilters } from './trail-pages';

export const FORMATS = ['csv', 'xlsx'] as const;
export type Format = (typeof FORMATS)[number];

/** What was asked for, as text: flags of the command or the query of the route. */
export interface Asked {
  readonly from?: string | undefined;
  readonly to?: string | undefined;
  readonly sheets: readonly string[];
  readonly format?: string | undefined;
  readonly sample?: string | undefined;
  readonly seed?: string | undefined;
  /** As they stand on the page Changes; empty or missing: any. */
  readonly filters?: AskedFilters;
}

/** In the words of the page Changes. */
export const FILTERS = ['text', 'person', 'work_request', 'column', 'severity'] as const;
export type AskedFilters = { readonly [Name in (typeof FILTERS)[number]]?: string | undefined };

const LARGEST_SAMPLE = 10_000;
const LONGEST_FILTER = 200;
const SEVERITIES: readonly string[] = ['HIGH', 'MEDIUM', 'LOW'];

/**
 * Reads what was asked for. Days are business days, both included.
 * @throws BadSetting  naming the part, what is wrong with it and what to write instead
 */
export function readOrder(
  asked: Asked,
  about: Pick<ExportOrder, 'by' | 'practice'> & { readonly timeZone: string },
): { readonly order: ExportOrder; readonly format: Format } {
  const { timeZone, by, practice } = about;
  const from = moment('from', asked.from, timeZone, 0);
  const to = moment('to', asked.to, timeZone, 1);
  if (from >= to) throw new BadSetting('to', `is ${asked.to}, which is before "from"`, 'Give the later day as "to".');
  const wrong = asked.sheets.find((sheet) => !/^\d{1,20}$/.test(sheet));
  if (wrong !== undefined) {
    throw new BadSetting(
      'sheet',
      `is "${wrong.slice(0, 40)}", which is no id of a sheet`,
      'Give the number under File > Properties.',
    );
  }
  const format = asked.format ?? 'xlsx';
  if (!isFormat(format)) throw new BadSetting('format', `is "${format.slice(0, 20)}"`, 'Use csv or xlsx.');
  const filters = filtersOf(asked.filters ?? {});
  const sheets = [...new Set(asked.sheets)];
  const order: ExportOrder = {
    query: { from: from.toISOString(), to: to.toISOString(), sheets, ...(filters && { filters }) },
    asked: { from: asked.from ?? '', to: asked.to ?? '', timeZone },
    by,
    practice,
    version,
    sampleSize: sampleSize(asked.sample),
    // Drawn where none is given, and told: the sample can be repeated all the same.
    seed: asked.seed?.slice(0, 200) || randomBytes(8).toString('hex'),
  };
  return { order, format };
}

/** In the words of the trail; null when nothing is filtered. */
function filtersOf(asked: AskedFilters): ChangeFilters | null {
  const { severity } = asked;
  if (severity && !SEVERITIES.includes(severity))
    throw new BadSetting('severity', `is "${severity.slice(0, 20)}"`, 'Use HIGH, MEDIUM or LOW.');
  const { text, person: changed_by, work_request, column: column_name } = asked;
  const given = Object.entries({ text, changed_by, work_request, column_name, severity }).flatMap(([name, value]) =>
    value ? [[name, value.slice(0, LONGEST_FILTER)] as const] : [],
  );
  return given.length > 0 ? Object.fromEntries(given) : null;
}

function isFormat(text: string): text is Format {
  return FORMATS.some((format) => format === text);
}

/** A day as its beginning (or that of the next one), an instant as itself. */
function moment(name: string, text: string | undefined, zone: string, daysLater: number): Date {
  const isDay = /^\d{4}-\d{2}-\d{2}$/.test(text ?? '');
  const read = isDay
    ? DateTime.fromISO(text ?? '', { zone })
        .startOf('day')
        .plus({ days: daysLater })
    : DateTime.fromISO(text ?? '', { zone, setZone: true });
  if (text !== undefined && text.length >= 10 && read.isValid) return read.toJSDate();
  throw new BadSetting(
    name,
    text === undefined ? 'is missing' : `is "${text.slice(0, 40)}", which is no day`,
    'Write a day like 2026-01-31.',
  );
}

function sampleSize(text: string | undefined): number {
  if (text === undefined || text === '') return 25;
  const size = Number(text);
  if (Number.isInteger(size) && size >= 0 && size <= LARGEST_SAMPLE) return size;
  throw new BadSetting('sample', `is "${text.slice(0, 20)}"`, `Write a whole number from 0 to ${LARGEST_SAMPLE}.`);
}
