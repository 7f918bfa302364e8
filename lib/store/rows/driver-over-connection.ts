import type { StoreDriver } from '../store';
import { StoreRefused } from '../store-errors';
import type { SqlConnection } from './connection';

/** Calls our functions on a connection as whoever it belongs to: inside of its transaction, before that is committed. */
export function driverOverConnection(connection: SqlConnection): Pick<StoreDriver, 'rpc'> {
  return {
    rpc: async (name, p) => {
      // The name becomes part of the SQL text.
      if (!/^billing_audit_[a-z_]+$/.test(name)) {
        throw new StoreRefused('42883', `"${name}" is not a function of the store.`, 'Use a billing_audit_ function.');
      }
      const [row] = await connection.query(`select public.${name}($1::jsonb) as answer`, [JSON.stringify(p)]);
      return row?.['answer'] ?? null;
    },
  };
}
