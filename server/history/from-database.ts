import { statSync } from 'node:fs';
import type { DatabaseSync } from 'node:sqlite';
import { messageOf } from '../../lib/errors';
import { HistoryUnreadable, unreadableFile } from './errors';
import { knownTitles } from './history-columns';
import type { HistoryCell, HistoryRow, HistoryTable } from './history-table';

/**
 * The changes in an SQLite file: in that of its tables and views which has most of the names of the audit sheet, or of
 * the audit event. The file is opened for reading alone.
 * @param wanted  a table, where more than one would do
 * @throws HistoryUnreadable  it is not there, no SQLite file, or has no such table
 */
export function databaseHistory(file: string, wanted?: string): HistoryTable & { close(): void } {
  const database = opened(file);
  try {
    const tables = tablesOf(database, file);
    const chosen = wanted === undefined ? best(tables) : tables.find(({ name }) => name === wanted);
    if (!chosen) {
      const names = tables.map(({ name }) => name).join(', ');
      throw new HistoryUnreadable(
        file,
        wanted === undefined ? 'holds no table' : `has no table "${wanted}"`,
        names === '' ? 'It is empty.' : `Its tables are ${names}.`,
      );
    }
    return {
      source: `The table ${chosen.name} of ${file}`,
      titles: chosen.titles,
      rows: rowsOf(database, chosen.name),
      close: () => database.close(),
    };
  } catch (thrown) {
    database.close();
    throw thrown;
  }
}

interface Table {
  readonly name: string;
  readonly titles: readonly string[];
}

function opened(file: string): DatabaseSync {
  // Loaded here alone: Node.js before 22.13 lacks it, and every other command works there.
  const sqlite = process.getBuiltinModule('node:sqlite') as typeof import('node:sqlite') | undefined;
  if (sqlite === undefined) {
    const hint = 'Run it with Node.js 22.13 or later, or give the changes as a workbook (--xlsx).';
    throw new HistoryUnreadable(file, `cannot be read by Node.js ${process.versions.node}, which has no SQLite`, hint);
  }
  try {
    // A name that is not there would become an empty database, and a folder an error without a word about it.
    if (statSync(file).isDirectory()) throw Object.assign(new Error('a folder'), { code: 'EISDIR' });
    return new sqlite.DatabaseSync(file, { readOnly: true });
  } catch (thrown) {
    throw unreadableFile(file, thrown);
  }
}

function tablesOf(database: DatabaseSync, file: string): Table[] {
  try {
    const names = database
      .prepare(
        "select name from sqlite_schema where type in ('table', 'view') and name not like 'sqlite_%' order by name",
      )
      .all() as { name: string }[];
    return names.map(({ name }) => ({
      name,
      titles: database
        .prepare(`select * from ${quoted(name)} limit 0`)
        .columns()
        .map((column) => column.name),
    }));
  } catch (thrown) {
    throw new HistoryUnreadable(
      file,
      `is no SQLite database that can be read (${messageOf(thrown)})`,
      'Give the database file itself, not a dump of it.',
      thrown,
    );
  }
}

function best(tables: readonly Table[]): Table | undefined {
  return [...tables].sort((left, right) => knownTitles(right.titles) - knownTitles(left.titles))[0];
}

function* rowsOf(database: DatabaseSync, table: string): Iterable<HistoryRow> {
  const statement = database.prepare(`select * from ${quoted(table)}`);
  statement.setReadBigInts(true);
  statement.setReturnArrays(true);
  let row = 0;
  for (const values of statement.iterate() as Iterable<unknown>) {
    row += 1;
    yield { place: `row ${row}`, cells: (values as readonly unknown[]).map(textOf) };
  }
}

function textOf(value: unknown): HistoryCell {
  if (value === null || value === undefined) return null;
  if (value instanceof Uint8Array) return Buffer.from(value).toString('utf8');
  return String(value as string | number | bigint);
}

function quoted(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}
