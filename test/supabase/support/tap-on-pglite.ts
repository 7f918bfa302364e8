/** A program of its own: runs pgTAP files on a PGlite in memory. Reads its order as JSON from its argument, prints JSON. */
import { readFileSync } from 'node:fs';
import { PGlite } from '@electric-sql/pglite';
import { migrate, type SqlSession } from '../../../lib/store/migrate';

interface Order {
  /** The folder `supabase/`. */
  readonly directory: string;
  readonly pgTap: string;
  readonly files: readonly string[];
}

const order = JSON.parse(readFileSync(0, 'utf8')) as Order;

async function main(): Promise<void> {
  const database = await PGlite.create();
  const session: SqlSession = {
    transaction: (statements) =>
      database.transaction(async (transaction) => {
        let rows: Record<string, unknown>[] = [];
        for (const { sql, parameters } of statements) {
          if (parameters) rows = (await transaction.query<Record<string, unknown>>(sql, [...parameters])).rows;
          else await transaction.exec(sql);
        }
        return rows;
      }),
  };
  await migrate(session, { directory: order.directory, bootstrap: true });
  await database.exec(order.pgTap);
  const printed: Record<string, readonly string[]> = {};
  for (const file of order.files) {
    await database.exec('set search_path = public, extensions');
    const results = await database
      .exec(readFileSync(file, 'utf8'), { rowMode: 'array' })
      .catch((thrown: unknown) => thrown);
    printed[file] = Array.isArray(results) ? results.flatMap(linesOf) : [String(results)];
    await database.exec('rollback');
  }
  await database.close();
  process.stdout.write(JSON.stringify(printed));
}

/** As `psql -A -t` prints rows. */
function linesOf({ rows }: { readonly rows: readonly unknown[] }): readonly string[] {
  return rows.flatMap((row) => (row as readonly unknown[]).map(String).join('|').split('\n'));
}

void main();
