import type { Cell } from './columns';
import type { ChangeFilters, ExportQuery } from './trail-pages';
import { SAMPLE_METHOD } from './sample';
import type { ArchivedMonth } from '../../lib/store';

/** Who asked for an export, and for what. */
export interface ExportOrder {
  readonly query: ExportQuery;
  /** The period as it was asked for. */
  readonly asked: { readonly from: string; readonly to: string; readonly timeZone: string };
  readonly by: string;
  /** How many changes the sample holds at most; 0: no sample. */
  readonly sampleSize: number;
  readonly seed: string;
  readonly practice: boolean;
  /** Of this program. */
  readonly version: string;
}

/** What came of it. */
export interface ExportResult {
  readonly changes: number;
  readonly sampled: number;
  readonly coverageDays: number;
  /** What people did in Billing Audit itself. */
  readonly acts: number;
  readonly madeAt: string;
  /** SHA-256 over the event keys in the order of the export, each with a line feed. */
  readonly fingerprint: string;
  /** Months that left the store and may hold more of the period: they are not in the export. */
  readonly archived: readonly ArchivedMonth[];
}

/** What the first sheet says, in two columns. */
export function aboutRows(order: ExportOrder, result: ExportResult): readonly (readonly [Cell, Cell])[] {
  const { query, asked, by, sampleSize, seed, practice, version } = order;
  const line = (title: string, value: string): readonly [Cell, Cell] => [{ text: title }, { text: value }];
  return [
    ...(practice ? [line('Practice data', 'Nothing in this export is real: it was made in practice mode.')] : []),
    line('Period', `${asked.from} to ${asked.to} (${asked.timeZone})`),
    line('Changed at, from', query.from),
    line('Changed at, before', query.to),
    line('Sheets', query.sheets.length > 0 ? query.sheets.join(', ') : 'all'),
    ...filterLines(query.filters ?? {}).map(([title, value]) => line(title, value)),
    line('Changes', String(result.changes)),
    ...result.archived.map(({ month, file, sha256, events }) =>
      line('Not in it', `${month}, archived in ${file} with ${events} events (SHA-256 ${sha256})`),
    ),
    line('Recorded until', result.madeAt),
    line('Exported at', result.madeAt),
    line('Exported by', by),
    line('Made with', `Billing Audit ${version}`),
    line('Order', 'By the time of the change, the newest first; sheet by sheet, if sheets are named.'),
    line('Fingerprint', `${result.fingerprint} (SHA-256 of the event keys in this order, each with a line feed)`),
    line('Days of coverage', String(result.coverageDays)),
    line('Acts', `${result.acts} (approvals, verdicts, people, settings, holds, erasures, archives; kind by kind)`),
    ...(sampleSize > 0
      ? [
          line('Sample', `${result.sampled} of ${result.changes} changes`),
          line('Seed of the sample', seed),
          line('How it is drawn', SAMPLE_METHOD),
        ]
      : []),
    line('Times', 'UTC, as YYYY-MM-DDTHH:MM:SS.sssZ.'),
    line('Empty', 'Not known, or empty in the sheet; nothing is made up.'),
    line(
      'Apostrophe',
      "In CSV, text that begins with = + - @ or a tab has an apostrophe ' in front, so that no spreadsheet runs it. Numbers have none.",
    ),
  ];
}

const FILTER_TITLES: Readonly<Record<keyof ChangeFilters, string>> = {
  text: 'Only with the text',
  changed_by: 'Only by',
  work_request: 'Only of the work request',
  column_name: 'Only in the column',
  severity: 'Only of the severity',
};

/** An export that leaves something out must say what. */
function filterLines(filters: ChangeFilters): readonly (readonly [string, string])[] {
  return Object.entries(filters).map(([name, value]) => [FILTER_TITLES[name as keyof ChangeFilters], value]);
}
