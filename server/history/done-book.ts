import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { z } from 'zod';

const saved = z.object({ since: z.string(), rows: z.record(z.string(), z.array(z.string())) });

/** Which rows of a long import are done, so that the next run goes on where this one was cut off. */
export interface DoneBook {
  has(sheetId: string, rowId: string): boolean;
  add(sheetId: string, rowId: string): void;
  /** How many rows an earlier run had done. */
  readonly before: number;
  /** The import is complete: the next one begins anew. */
  finish(): void;
}

/**
 * The book of an import, in a file. One that cannot be read is begun anew: what is imported again is known by its key,
 * and costs time alone.
 * @param since  a book of another time is no help
 */
export function openDoneBook(file: string, since: string): DoneBook {
  const rows = readBook(file, since);
  const done = new Map(Object.entries(rows).map(([sheet, ids]) => [sheet, new Set(ids)]));
  const before = [...done.values()].reduce((sum, ids) => sum + ids.size, 0);
  return {
    before,
    has: (sheetId, rowId) => done.get(sheetId)?.has(rowId) === true,
    add(sheetId, rowId) {
      const ids = done.get(sheetId) ?? new Set<string>();
      done.set(sheetId, ids.add(rowId));
      const text = JSON.stringify({
        since,
        rows: Object.fromEntries([...done].map(([sheet, all]) => [sheet, [...all]])),
      });
      mkdirSync(dirname(file), { recursive: true });
      writeFileSync(`${file}.new`, text);
      renameSync(`${file}.new`, file);
    },
    finish: () => rmSync(file, { force: true }),
  };
}

function readBook(file: string, since: string): Readonly<Record<string, readonly string[]>> {
  try {
    const book = saved.parse(JSON.parse(readFileSync(file, 'utf8')));
    return book.since === since ? book.rows : {};
  } catch {
    return {};
  }
}
