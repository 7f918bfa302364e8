import { createRequire } from 'node:module';
import { resolve } from 'node:path';
import { StoreRefused, type StoreDriver } from '../../lib/store';

interface Client {
  query(sql: string, values?: readonly unknown[]): Promise<{ readonly rows: readonly Record<string, unknown>[] }>;
  release(): void;
}
interface Pool {
  connect(): Promise<Client>;
  end(): Promise<void>;
}

/** A driver over a real PostgreSQL, as small as can be: one transaction per call, in the service's role. */
export function driverOverPostgres(folder: string, database = 'audit'): StoreDriver {
  const { Pool } = createRequire(resolve(__dirname, '../hosts/package.json'))('pg') as {
    Pool: new (options: { host: string; user: string; database: string }) => Pool;
  };
  const pool = new Pool({ host: folder, user: 'gate', database });
  return {
    async rpc(name, p) {
      const client = await pool.connect();
      try {
        await client.query('begin');
        await client.query(
          `select set_config('role', 'service_role', true), set_config('request.jwt.claims', '{"role":"service_role"}', true)`,
        );
        const { rows } = await client.query(`select public.${name}($1::jsonb) as answer`, [JSON.stringify(p)]);
        await client.query('commit');
        return rows[0]?.['answer'];
      } catch (thrown) {
        await client.query('rollback');
        const { code = 'XX000', message, hint, detail } = thrown as Partial<Record<string, string>>;
        throw new StoreRefused(code, message ?? '', hint ?? '', detail ?? null);
      } finally {
        client.release();
      }
    },
    close: () => pool.end(),
  };
}
