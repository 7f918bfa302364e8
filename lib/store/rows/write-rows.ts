import type { SqlConnection } from './connection';
import { RowsDiffer, StoreNotEmpty, StoresDiffer } from './errors';
import { sumOf, type RowPage, type TableSum } from './read-rows';
import { differencesOf, qualified, quoted, setSequence, tablesOf, type SequencePlace, type TableShape } from './tables';

/** What was done to one database, noted by that database: no rows of a store, so each keeps its own. */
export const OF_THE_DATABASE: readonly string[] = ['schema_changes'];

/** Where rows come from: a store, or a copy of one. */
export interface RowSource {
  tables(): Promise<readonly TableShape[]>;
  rows(table: TableShape): AsyncIterable<RowPage>;
  sums(): Promise<readonly TableSum[]>;
  sequences(): Promise<readonly SequencePlace[]>;
}

export interface WriteOptions {
  /** Nobody has used it since it was made: what is in it was put there by its migrations, and is replaced. */
  readonly isFresh: boolean;
  readonly onProgress?: (table: string, rows: number) => void;
}

/**
 * Fills an empty store with the rows of another. All or nothing where the connection is in a transaction, which is for the
 * caller to begin, and to commit when this resolves: then what arrived was compared with what was sent.
 * @returns rows by table, those with none left out
 * @throws StoresDiffer, StoreNotEmpty, RowsDiffer
 */
export async function writeRows(
  source: RowSource,
  target: SqlConnection,
  { isFresh, onProgress = () => undefined }: WriteOptions,
): Promise<readonly TableSum[]> {
  const all = await tablesOf(target);
  const differences = differencesOf(await source.tables(), all);
  if (differences.length > 0) throw new StoresDiffer(differences);
  const tables = all.filter(({ name }) => !OF_THE_DATABASE.includes(name));
  await empty(target, tables, isFresh);
  const triggers = await silence(target);
  const shapes = new Map((await source.tables()).map((table) => [table.name, table]));
  for (const table of tables) {
    let written = 0;
    for await (const page of source.rows(shapes.get(table.name) ?? table)) {
      await insert(target, table, page);
      onProgress(table.name, (written += page.length));
    }
  }
  for (const place of await source.sequences()) {
    if (!OF_THE_DATABASE.some((table) => place.name.startsWith(`${table}_`))) await setSequence(target, place);
  }
  for (const sql of triggers) await target.query(sql, []);
  return compared(await source.sums(), target, tables);
}

async function empty(target: SqlConnection, tables: readonly TableShape[], isFresh: boolean): Promise<void> {
  const used: string[] = [];
  for (const { name, isState } of [...tables].reverse()) {
    const [row] = await target.query(`select exists (select from ${qualified(name)}) as used`, []);
    if (row?.['used'] !== true) continue;
    if (isFresh || isState) await target.query(`delete from ${qualified(name)}`, []);
    else used.push(name);
  }
  if (used.length > 0) throw new StoreNotEmpty(used.sort());
}

const FIRED_BY_INSERT = 4;
const MODES: Readonly<Record<string, string>> = { O: 'enable', A: 'enable always', R: 'enable replica' };

/** What a trigger did when a row was made is among the rows; it must not do it again. @returns what puts them back */
async function silence(target: SqlConnection): Promise<readonly string[]> {
  const triggers = await target.query(
    `select c.relname as table, t.tgname as name, t.tgenabled as mode
     from pg_catalog.pg_trigger as t join pg_catalog.pg_class as c on c.oid = t.tgrelid
     where c.relnamespace = 'billing_audit'::regnamespace and not c.relispartition and not t.tgisinternal
       and t.tgenabled <> 'D' and (t.tgtype & ${FIRED_BY_INSERT}) <> 0`,
    [],
  );
  const change = (how: string, { table, name }: Record<string, unknown>): string =>
    `alter table ${qualified(String(table))} ${how} trigger ${quoted(String(name))}`;
  for (const trigger of triggers) await target.query(change('disable', trigger), []);
  return triggers.map((trigger) => change(MODES[String(trigger['mode'])] ?? 'enable', trigger));
}

async function insert(target: SqlConnection, { name, columns }: TableShape, page: RowPage): Promise<void> {
  const names = columns.map((column) => quoted(column.name)).join(', ');
  const values = columns.map(({ type }, at) => `(r.v ->> ${at})::${type}`).join(', ');
  await target.query(
    `insert into ${qualified(name)} (${names}) overriding system value
     select ${values} from jsonb_array_elements($1::jsonb) as r (v)`,
    [`[${page.join(',')}]`],
  );
}

async function compared(
  sent: readonly TableSum[],
  target: SqlConnection,
  tables: readonly TableShape[],
): Promise<readonly TableSum[]> {
  const differences: string[] = [];
  const arrived: TableSum[] = [];
  for (const table of tables) {
    const mine = await sumOf(target, table);
    const theirs = sent.find((each) => each.table === table.name);
    if (mine.rows > 0) arrived.push(mine);
    if (theirs?.rows !== mine.rows) {
      differences.push(`${table.name}: ${theirs?.rows ?? 0} rows were sent, ${mine.rows} arrived`);
    } else if (theirs.sum !== mine.sum) {
      differences.push(`${table.name}: the rows that arrived are not those that were sent`);
    }
  }
  if (differences.length > 0) throw new RowsDiffer(differences);
  return arrived;
}
