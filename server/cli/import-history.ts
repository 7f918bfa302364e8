import { basename, join } from 'node:path';
import { parseDay } from '../../lib/calendar';
import { BadSetting } from '../../lib/errors';
import { DEFAULT_TIMING } from '../../lib/runtime/timing';
import { thisMachine } from '../../lib/runtime/machine';
import { Tokens } from '../../lib/runtime/tokens';
import { type BillingSettings, completeSettings } from '../../lib/settings';
import { apiBase, type SmartsheetClient } from '../../lib/smartsheet';
import { commandRun, tellCommand } from '../access-log';
import { readConfiguration } from '../configuration';
import { openTrail, type OpenTrail } from '../export';
import {
  auditSheetHistory,
  cellHistories,
  databaseHistory,
  type Imported,
  importRows,
  importTable,
  type ImportParts,
  openDoneBook,
  workbookHistory,
} from '../history';
import { DateTime } from 'luxon';
import type { ImportFlags } from './import';
import { EXIT, print } from './run';

/** The ways in which history comes. */
export const SOURCES = ['auditSheet', 'xlsx', 'sqlite', 'cellHistory'] as const;

const MOST_TOLD = 20;

/** What every way in works with. */
interface Desk {
  readonly flags: ImportFlags;
  readonly trail: OpenTrail;
  readonly settings: BillingSettings;
  readonly tell: (text: string) => void;
}

/**
 * @throws BadSetting  a flag or a setting cannot be used
 * @throws HistoryUnreadable, HistoryColumnsMissing  nothing was imported
 */
export async function importHistory(flags: ImportFlags): Promise<void> {
  const { home } = readConfiguration({ ...(flags.home !== undefined && { home: flags.home }) }, process.env);
  const settings = completeSettings({ node: {}, shared: {}, environment: process.env });
  const shown = process.stderr.isTTY && !flags.json;
  const tell = (text: string): void => void (shown && process.stderr.write(`\r\u001b[K${text}`));
  const open = await source(flags, settings);
  const trail = await openTrail(home, process.env);
  try {
    const done = await open({ flags, trail, settings, tell });
    tell('');
    const { read, imported, known, seen, bad } = done;
    await tellCommand(
      trail.store,
      commandRun('import', `${imported} past changes imported`, { read, imported, known, seen }, Date.now()),
    );
    const { through, practice } = trail;
    if (flags.json)
      print(JSON.stringify({ ...done, bad: bad.length, problems: bad.slice(0, MOST_TOLD), through, practice }));
    else print(inWords(done, practice));
    if (bad.length > 0) process.exitCode = EXIT.foundWrong;
  } finally {
    await trail.close();
  }
}

/** What is wrong with the flags or the file is said before the store is opened. */
async function source(flags: ImportFlags, settings: BillingSettings): Promise<(desk: Desk) => Promise<Imported>> {
  if (flags.xlsx !== undefined) {
    const table = await workbookHistory(flags.xlsx);
    const name = basename(flags.xlsx);
    return (desk) => importTable(table, partsOf(desk, `the workbook ${name}`));
  }
  if (flags.sqlite !== undefined) {
    const table = databaseHistory(flags.sqlite, flags.table);
    const name = basename(flags.sqlite);
    return async (desk) => {
      try {
        return await importTable(table, partsOf(desk, `the database ${name}`));
      } finally {
        table.close();
      }
    };
  }
  const account = accountOf();
  if (flags.auditSheet !== undefined) {
    const [sheetId] = idsOf(flags.auditSheet, '--audit-sheet');
    return async (desk) => {
      const table = await auditSheetHistory(clientOf(desk, account), sheetId as string, (rows, all) =>
        desk.tell(`${rows} of ${all} rows read`),
      );
      return importTable(table, partsOf(desk, `the audit sheet ${sheetId}`));
    };
  }
  const since = sinceOf(flags.since, settings);
  const sheetIds = idsOf(flags.sheets ?? process.env['SMARTSHEET_SHEETS'] ?? '', '--sheets');
  return (desk) => importCellHistory(desk, account, sheetIds, since);
}

async function importCellHistory(
  desk: Desk,
  account: Account,
  sheetIds: readonly string[],
  since: string,
): Promise<Imported> {
  const book = openDoneBook(join(desk.trail.home, 'imports', 'cell-history.json'), since);
  if (book.before > 0 && !desk.flags.json) print(`Going on: ${book.before} rows were done before.`);
  const histories = cellHistories({
    client: clientOf(desk, account),
    sheetIds,
    since,
    settings: desk.settings,
    book,
    onProgress: (cells, all) =>
      desk.tell(`${cells} of ${all} cells read, about ${Math.ceil((all - cells) / 30)} minutes`),
  });
  const done = await importRows(histories, {
    ...partsOf(desk, "Smartsheet's cell history"),
    onProgress: () => undefined,
  });
  book.finish();
  return done;
}

function partsOf({ trail, settings, tell }: Desk, name: string): ImportParts {
  return {
    store: trail.store,
    driver: trail.driver,
    settings,
    now: Date.now,
    source: name,
    onProgress: (read) => tell(`${read} changes read`),
  };
}

interface Account {
  readonly token: string;
  readonly base: string;
}

function accountOf(): Account {
  const token = process.env['SMARTSHEET_ACCESS_TOKEN']?.trim() ?? '';
  if (token === '') {
    throw new BadSetting(
      'SMARTSHEET_ACCESS_TOKEN',
      'is not set',
      'Set it, or run "billing-audit setup": what is in Smartsheet is read with it.',
    );
  }
  return { token, base: apiBase(process.env['SMARTSHEET_API_BASE'] ?? '') };
}

/** A client within the budget that all programs of this store share. */
function clientOf({ trail }: Desk, account: Account): SmartsheetClient {
  const silent = (): void => undefined;
  const tokens = new Tokens({
    machine: thisMachine(),
    log: { debug: silent, info: silent, warn: silent, error: silent },
    timing: DEFAULT_TIMING,
    rateLimits: undefined,
    driver: trail.driver,
  });
  return tokens.connect(account, new AbortController().signal).client;
}

function idsOf(text: string, flag: string): readonly string[] {
  const ids = [...new Set(text.split(/[\s,]+/u))].filter((id) => id !== '');
  const wrong = ids.find((id) => !/^\d{1,20}$/u.test(id));
  if (ids.length === 0) {
    throw new BadSetting(flag, 'names no sheet', 'Give the id that File > Properties shows in Smartsheet.');
  }
  if (wrong !== undefined) {
    throw new BadSetting(flag, `holds "${wrong}", which is no id`, 'Give the number that File > Properties shows.');
  }
  return ids;
}

function sinceOf(text: string | undefined, { timeZone }: BillingSettings): string {
  const day = parseDay(text, timeZone);
  if (day === null) {
    const why = text === undefined ? 'is missing' : `is "${text}", which is no date`;
    throw new BadSetting('--since', why, 'Give the first day to read, like --since 2026-01-31.');
  }
  return DateTime.fromISO(day, { zone: timeZone }).toUTC().toISO() as string;
}

function inWords({ read, imported, known, seen, bad }: Imported, practice: boolean): string {
  return [
    `${imported} past changes imported${practice ? ' (practice data)' : ''}, of ${read} that were read.`,
    ...(known > 0 ? [`${known} were imported before.`] : []),
    ...(seen > 0 ? [`${seen} are in the trail already: they were recorded when they happened.`] : []),
    ...(bad.length > 0 ? [`${bad.length} rows cannot be used and were left out:`] : []),
    ...bad.slice(0, MOST_TOLD).map(({ place, why }) => `  ${place}: ${why}.`),
    ...(bad.length > MOST_TOLD ? [`  ... and ${bad.length - MOST_TOLD} more.`] : []),
    'Find them with: billing-audit search --kind imported',
  ].join('\n');
}
