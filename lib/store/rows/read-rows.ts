import type { SqlConnection } from './connection';
import { qualified, quoted, type TableShape } from './tables';

/** Rows of a table, each a JSON array of its values as text, in the order of `columns`; null stays null. */
export type RowPage = readonly string[];

const BLOCK_BYTES = 8192;
const BLOCKS = 64;
/** Of one page, as text; a single row may be larger. */
const MOST_BYTES = 4_000_000;

/**
 * All rows of a table, page by page in the order of the disk: needs no key, and no sorting of more than a few blocks.
 * Whoever calls sees to it that nobody writes meanwhile, or that it is read in one snapshot.
 */
export async function* rowsOf(connection: SqlConnection, table: TableShape): AsyncGenerator<RowPage> {
  for (const part of table.parts) {
    const blocks = await blocksOf(connection, part);
    for (let block = 0; block < blocks; block += BLOCKS) {
      const end = `(${block + BLOCKS},0)`;
      for (let after = `(${block},0)`; ;) {
        const rows = await connection.query(pageOf(part, table), [after, end]);
        const last = rows.at(-1);
        if (last === undefined) break;
        yield rows.map(({ row }) => String(row));
        after = String(last['at']);
      }
    }
  }
}

async function blocksOf(connection: SqlConnection, part: string): Promise<number> {
  const [row] = await connection.query('select pg_relation_size($1::regclass) as bytes', [part]);
  return Math.ceil(Number(row?.['bytes'] ?? 0) / BLOCK_BYTES);
}

function pageOf(part: string, table: TableShape): string {
  return `
    select at::text as at, row from (
      select at, row, sum(octet_length(row)) over (order by at) - octet_length(row) as before
      from (select t.ctid as at, ${rowText(table)} as row from ${part} as t
        where t.ctid > $1::tid and t.ctid < $2::tid) as page) as sized
    where before < ${MOST_BYTES} order by sized.at`;
}

function rowText({ columns }: TableShape): string {
  return `to_jsonb(array[${columns.map(({ name }) => `t.${quoted(name)}::text`).join(', ')}]::text[])::text`;
}

/** How many rows, and a sum over all of them that does not depend on their order. */
export interface TableSum {
  readonly table: string;
  readonly rows: number;
  readonly sum: string;
}

export async function sumOf(connection: SqlConnection, table: TableShape): Promise<TableSum> {
  const [row] = await connection.query(
    `select count(*)::text as rows,
       coalesce(sum(('x' || left(md5(${rowText(table)}), 15))::bit(60)::bigint::numeric), 0)::text as sum
     from ${qualified(table.name)} as t`,
    [],
  );
  return { table: table.name, rows: Number(row?.['rows'] ?? 0), sum: String(row?.['sum']) };
}
