import { closeSync, openSync, renameSync, rmSync, writeSync } from 'node:fs';
import { extname } from 'node:path';
import type { Command } from 'commander';
import { BadSetting, BillingAuditError, messageOf } from '../../lib/errors';
import { archivedInWords } from '../../lib/store/archived-month';
import { readConfiguration } from '../configuration';
import {
  csvTables,
  neverWatchedInWords,
  neverWatchedOf,
  openTrail,
  readOrder,
  workbookTables,
  writeExport,
  type ExportResult,
  type TableSet,
} from '../export';
import { userName } from '../user-name';
import { runArchive } from './archive';
import { runEvidence, showInForce } from './evidence';
import { runOcsf } from './ocsf';
import { guarded, loadDotEnv, print } from './run';

interface ExportFlags {
  readonly from?: string;
  readonly to?: string;
  readonly sheet?: readonly string[];
  readonly format?: string;
  readonly out?: string;
  readonly evidence?: string;
  readonly inForce?: string;
  readonly archive?: string;
  readonly reason?: string;
  readonly yes?: boolean;
  readonly ocsf?: string;
  readonly cursor?: string;
  readonly sample?: string;
  readonly seed?: string;
  readonly home?: string;
  readonly byteOrderMark: boolean;
  readonly json?: boolean;
}

type TableFlags = ExportFlags & { readonly from: string; readonly to: string; readonly out: string };

/** A file of the export cannot be written. */
export class ExportNotWritten extends BillingAuditError {
  readonly code = 'export_not_written';
  readonly hint = 'Choose another place with --out, or make room on the disk.';

  constructor(path: string, cause: unknown) {
    super(`${path} cannot be written: ${messageOf(cause)}.`, { path }, { cause });
  }
}

const MORE = `
Tables take days of the change, in business time; --evidence takes days of recording, in UTC, and without days holds everything.

Exit codes: 0 written, 1 what was asked for does not hold (--in-force, --archive), 2 misused, 3 could not be done.`;

export function addExport(program: Command): void {
  program
    .command('export')
    .description('Write the changes of a period to a workbook or to CSV files, with a sample for auditors.')
    .option('--from <day>', 'first day, business time, like 2026-01-01')
    .option('--to <day>', 'last day, included')
    .option('--out <file>', 'where to; with csv, files for sample, acts, coverage and query are put beside it')
    .option(
      '--evidence <place>',
      'instead of tables: a bundle that proves itself, in a folder or a .zip (docs/evidence.md)',
    )
    .option(
      '--archive <month>',
      'instead of tables: the events recorded in a month, like 2026-01, into --out FILE.zip; with --yes they leave the database (docs/keeping.md)',
    )
    .option('--reason <text>', 'with --archive: why, for the trail')
    .option('--yes', 'with --archive: remove the events when the file holds them')
    .option('--in-force <hash>', 'instead: show the rules, flow or model that an event names by this hash')
    .option(
      '--ocsf <file>',
      'instead of tables: all events as OCSF JSON lines for a SIEM; - is standard output (docs/keeping.md)',
    )
    .option('--cursor <file>', 'with --ocsf: write what is new since the last time, and remember it here')
    .option('--sheet <id...>', 'only these sheets')
    .option('--format <format>', 'csv or xlsx (by the ending of --out)')
    .option('--sample <n>', 'how many changes the sample holds; 0 for none (25)')
    .option('--seed <text>', 'draws the same sample again')
    .option('--no-byte-order-mark', 'CSV without the mark by which Excel knows UTF-8')
    .option('--home <folder>', 'folder of all local state (BILLING_AUDIT_HOME, ./.billing-audit)')
    .option('--json', 'print one JSON line instead of sentences')
    .addHelpText('after', MORE)
    .action((flags: ExportFlags) =>
      guarded(() => {
        refuseWhatIsPassedOver(flags);
        if (flags.inForce !== undefined) return showInForce(flags.inForce, flags);
        const { ocsf, evidence, archive } = flags;
        if (archive !== undefined) return runArchive({ ...flags, archive });
        if (ocsf !== undefined) return runOcsf({ ...flags, ocsf });
        return evidence === undefined ? runExport(tablesOf(flags)) : runEvidence({ ...flags, evidence });
      }),
    );
}

/** What each kind of export looks at, beside --home and --json. */
const LOOKED_AT = {
  inForce: [],
  archive: ['out', 'reason', 'yes'],
  ocsf: ['cursor'],
  evidence: ['from', 'to', 'sheet'],
} as const satisfies Record<string, readonly (keyof ExportFlags)[]>;
const OF_TABLES = ['from', 'to', 'out', 'sheet', 'format', 'sample', 'seed', 'byteOrderMark'] as const;

/**
 * A flag that is passed over would have an export hold more than was asked for, or other things, and say nothing.
 * @throws BadSetting
 */
function refuseWhatIsPassedOver(flags: ExportFlags): void {
  for (const name of ['out', 'evidence', 'ocsf', 'cursor'] as const) {
    if (flags[name]?.trim() === '') throw new BadSetting(`--${name}`, 'is empty', 'Name a file.');
  }
  const kinds = (Object.keys(LOOKED_AT) as (keyof typeof LOOKED_AT)[]).filter((kind) => flags[kind] !== undefined);
  const [kind, other] = kinds;
  const looked: readonly string[] = ['home', 'json', ...(kind === undefined ? OF_TABLES : [kind, ...LOOKED_AT[kind]])];
  const given = Object.keys(flags).filter((name) => name !== 'byteOrderMark' || flags.byteOrderMark === false);
  const passedOver = other ?? given.find((name) => !looked.includes(name));
  if (passedOver === undefined) return;
  const flagOf = (name: string): string => `--${name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
  const what = kind === undefined ? 'tables' : flagOf(kind);
  const flag = passedOver === 'byteOrderMark' ? '--no-byte-order-mark' : flagOf(passedOver);
  throw new BadSetting(flag, `does not go with ${what}, which would pass it over`, 'Leave it away.');
}

/** What tables need, and a bundle does not. */
function tablesOf(flags: ExportFlags): TableFlags {
  const { from, to, out } = flags;
  if (from === undefined) throw missing('--from', 'Name the first day, like 2026-01-01.');
  if (to === undefined) throw missing('--to', 'Name the last day, like 2026-01-31.');
  if (out === undefined) throw missing('--out', 'Name a file, like january.xlsx; or --evidence for a bundle.');
  return { ...flags, from, to, out };
}

function missing(flag: string, hint: string): BadSetting {
  return new BadSetting(flag, 'is missing', hint);
}

async function runExport(flags: TableFlags): Promise<void> {
  loadDotEnv();
  const { home } = readConfiguration({ ...(flags.home !== undefined && { home: flags.home }) }, process.env);
  const trail = await openTrail(home, process.env);
  try {
    const timeZone = process.env['BUSINESS_TIME_ZONE']?.trim() || 'America/Chicago';
    const { order, format } = readOrder(
      {
        ...flags,
        sheets: flags.sheet ?? [],
        format: flags.format ?? (extname(flags.out).slice(1).toLowerCase() || undefined),
      },
      { by: `${userName()} (command line)`, practice: trail.practice, timeZone },
    );
    // Before any file is there: a call that fails afterwards would have a whole export end as failed.
    const neverWatched = await neverWatchedOf(order.query.sheets, trail.store);
    const files = new OutFiles();
    const tables = format === 'xlsx' ? asWorkbook(files, flags.out) : asCsv(files, flags);
    const progress = process.stderr.isTTY && !flags.json;
    const result = await writeExport(order, {
      store: trail.store,
      now: Date.now,
      tables,
      ...(progress && { onProgress: (changes: number) => void process.stderr.write(`\r${changes} changes`) }),
    }).catch((thrown: unknown) => {
      files.abandon();
      throw thrown;
    });
    const written = files.finish();
    if (progress) process.stderr.write('\r\u001b[K');
    const { seed } = order;
    const more = { seed, files: written, never_watched: neverWatched, through: trail.through, home: trail.home };
    if (flags.json) print(JSON.stringify({ ...result, ...more }));
    else print([inWords(result, seed, written, trail.practice), ...neverWatched.map(neverWatchedInWords)].join('\n'));
  } finally {
    await trail.close();
  }
}

function inWords(result: ExportResult, seed: string, files: readonly string[], practice: boolean): string {
  const { changes, sampled, coverageDays, acts } = result;
  return [
    `${changes} changes${practice ? ' (practice data)' : ''}, ${coverageDays} days of coverage, ${acts} acts of people here, a sample of ${sampled} (seed ${seed}).`,
    ...files.map((file) => `  ${file}`),
    ...result.archived.map(archivedInWords),
  ].join('\n');
}

function asWorkbook(files: OutFiles, path: string): TableSet {
  const file = files.open(path);
  const tables = workbookTables(async (bytes) => file.write(bytes), Date.now());
  return {
    begin: tables.begin,
    end: async (order) => {
      await tables.end(order);
      file.end();
    },
  };
}

/** The changes go to the file that was named, the rest beside it: `may.csv`, `may.sample.csv`, ... */
function asCsv(files: OutFiles, { out, byteOrderMark }: TableFlags): TableSet {
  const open = (name: string): ReturnType<Parameters<typeof csvTables>[0]> => {
    const file = files.open(name === 'changes' ? out : `${out.replace(/\.csv$/i, '')}.${name}.csv`);
    return { write: async (text) => file.write(Buffer.from(text)), end: async () => file.end() };
  };
  return csvTables(open, byteOrderMark, () => Promise.resolve());
}

/** Files that appear under their names only when all of them are whole. */
class OutFiles {
  private readonly paths: string[] = [];

  open(path: string): { write(bytes: Uint8Array): void; end(): void } {
    const tried = <Done>(act: () => Done): Done => {
      try {
        return act();
      } catch (thrown) {
        throw new ExportNotWritten(path, thrown);
      }
    };
    const descriptor = tried(() => openSync(`${path}.part`, 'w', 0o600));
    this.paths.push(path);
    return {
      write: (bytes) => tried(() => writeAll(descriptor, bytes)),
      end: () => tried(() => closeSync(descriptor)),
    };
  }

  finish(): readonly string[] {
    for (const path of this.paths) {
      try {
        renameSync(`${path}.part`, path);
      } catch (thrown) {
        this.abandon();
        throw new ExportNotWritten(path, thrown);
      }
    }
    return this.paths;
  }

  abandon(): void {
    for (const path of this.paths) rmSync(`${path}.part`, { force: true });
  }
}

function writeAll(descriptor: number, bytes: Uint8Array): void {
  for (let written = 0; written < bytes.byteLength;) written += writeSync(descriptor, bytes, written);
}
