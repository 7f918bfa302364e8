import type { SqlSession } from '../migrate';
import { SAME_TEXT, type SqlConnection } from './connection';
import { rowsOf, sumOf, type TableSum } from './read-rows';
import { sequencesOf, tablesOf, type TableShape } from './tables';
import type { RowSource } from './write-rows';

/** A session whose every statement is a transaction of its own, as the embedded store has it. */
export function connectionOver(session: SqlSession): SqlConnection {
  return {
    query: (sql, parameters) => session.transaction([{ sql: SAME_TEXT }, { sql, ...(parameters && { parameters }) }]),
  };
}

/** The rows of a store. Whoever calls sees to it that nobody writes meanwhile. */
export function rowsOfStore(connection: SqlConnection): RowSource {
  let tables: Promise<readonly TableShape[]> | null = null;
  const known = (): Promise<readonly TableShape[]> => (tables ??= tablesOf(connection));
  return {
    tables: known,
    rows: (table) => rowsOf(connection, table),
    sequences: () => sequencesOf(connection),
    sums: async () => {
      const sums: TableSum[] = [];
      for (const table of await known()) sums.push(await sumOf(connection, table));
      return sums;
    },
  };
}
