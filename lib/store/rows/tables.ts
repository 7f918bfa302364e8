import type { SqlConnection } from './connection';

/** A table as it is copied: all that can be written, nothing that the database makes by itself. */
export interface TableShape {
  /** Without its schema. */
  readonly name: string;
  readonly columns: readonly { readonly name: string; readonly type: string }[];
  /** Where its rows lie: itself, or its partitions. Quoted, with their schema. */
  readonly parts: readonly string[];
  /** Tables that its rows point to. */
  readonly pointsTo: readonly string[];
  /** It holds one row from the beginning, which every store has made for itself. */
  readonly isState: boolean;
}

const SCHEMA = 'billing_audit';
const TABLES = `
  select c.relname as name,
    (select json_agg(json_build_object('name', a.attname, 'type', format_type(a.atttypid, a.atttypmod)) order by a.attname)
       from pg_catalog.pg_attribute as a
       where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped and a.attgenerated = '') as columns,
    (select json_agg(format('%I.%I', n.nspname, p.relname) order by p.oid)
       from pg_catalog.pg_partition_tree(c.oid) as t
       join pg_catalog.pg_class as p on p.oid = t.relid join pg_catalog.pg_namespace as n on n.oid = p.relnamespace
       where t.isleaf) as leaves,
    (select coalesce(json_agg(distinct o.relname), '[]') from pg_catalog.pg_constraint as f
       join pg_catalog.pg_class as o on o.oid = f.confrelid
       where f.conrelid = c.oid and f.contype = 'f' and f.conparentid = 0 and o.oid <> c.oid) as points_to,
    exists (select from pg_catalog.pg_attribute as a where a.attrelid = c.oid and a.attname = 'only_one') as is_state
  from pg_catalog.pg_class as c
  where c.relnamespace = $1::regnamespace and c.relkind in ('r', 'p') and not c.relispartition
  order by c.relname`;

interface Told {
  readonly name: string;
  readonly columns: TableShape['columns'] | null;
  readonly leaves: readonly string[] | null;
  readonly points_to: readonly string[];
  readonly is_state: boolean;
}

/** All tables of ours, read from the catalog: what is added later is copied too. In the order in which they can be filled. */
export async function tablesOf(connection: SqlConnection): Promise<readonly TableShape[]> {
  const rows = (await connection.query(TABLES, [SCHEMA])) as unknown as readonly Told[];
  return inOrder(
    rows.map(({ name, columns, leaves, points_to: pointsTo, is_state: isState }) => ({
      name,
      columns: columns ?? [],
      parts: leaves ?? [qualified(name)],
      pointsTo,
      isState,
    })),
  );
}

export function qualified(name: string): string {
  return `${SCHEMA}.${quoted(name)}`;
}

export function quoted(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

/** A table comes after all that it points to. */
function inOrder(tables: readonly TableShape[]): readonly TableShape[] {
  const done = new Set<string>();
  const ordered: TableShape[] = [];
  const known = new Set(tables.map(({ name }) => name));
  while (ordered.length < tables.length) {
    const next = tables.filter(
      ({ name, pointsTo }) => !done.has(name) && pointsTo.every((each) => done.has(each) || !known.has(each)),
    );
    // A circle has no order; the database says what it thinks of it.
    const taken = next.length > 0 ? next : tables.filter(({ name }) => !done.has(name));
    for (const table of taken) {
      done.add(table.name);
      ordered.push(table);
    }
  }
  return ordered;
}

/** What one store has and the other has not, as sentences. */
export function differencesOf(from: readonly TableShape[], to: readonly TableShape[]): readonly string[] {
  const there = new Map(to.map((table) => [table.name, table]));
  const lost = from.filter(({ name }) => !there.has(name)).map(({ name }) => `only one has the table ${name}`);
  const more = to
    .filter(({ name }) => !from.some((table) => table.name === name))
    .map(({ name }) => `only one has the table ${name}`);
  const columns = from.flatMap(({ name, columns: mine }) => {
    const theirs = there.get(name)?.columns;
    return theirs && text(theirs) !== text(mine) ? [`the columns of ${name} are not the same`] : [];
  });
  return [...lost, ...more, ...columns];
}

const text = (columns: TableShape['columns']): string => columns.map(({ name, type }) => `${name} ${type}`).join(',');

export interface SequencePlace {
  readonly name: string;
  readonly last: string;
  readonly called: boolean;
}

/** How far each sequence is: identities go on from there. */
export async function sequencesOf(connection: SqlConnection): Promise<readonly SequencePlace[]> {
  const names = await connection.query(
    `select c.relname as name from pg_catalog.pg_class as c
     where c.relnamespace = $1::regnamespace and c.relkind = 'S' order by c.relname`,
    [SCHEMA],
  );
  const places: SequencePlace[] = [];
  for (const { name } of names) {
    const [row] = await connection.query(
      `select last_value::text as last, is_called as called from ${qualified(String(name))}`,
      [],
    );
    places.push({ name: String(name), last: String(row?.['last']), called: row?.['called'] === true });
  }
  return places;
}

export async function setSequence(connection: SqlConnection, { name, last, called }: SequencePlace): Promise<void> {
  await connection.query('select setval($1::regclass, $2::bigint, $3::boolean)', [qualified(name), last, called]);
}
