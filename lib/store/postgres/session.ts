import type { Client } from 'pg';
import { BillingAuditError } from '../../errors';
import type { SqlConnection } from '../rows';
import { readPostgresAddress } from './address';
import { failureOf, type Stage } from './failures';

/** One connection to a PostgreSQL, for what is done by its owner: everything that goes wrong is told in our words. */
export interface PostgresSession extends SqlConnection {
  /** `user@host:port/database`. */
  readonly place: string;
  /**
   * In one transaction, undone as a whole when `work` throws.
   * @param beginning  for example `begin isolation level repeatable read read only`
   */
  within<Result>(work: () => Promise<Result>, beginning?: string): Promise<Result>;
  close(): Promise<void>;
}

/** @throws BadSetting, StoreMisconfigured, StoreUnavailable */
export async function connectPostgres(url: string): Promise<PostgresSession> {
  const { config, place } = readPostgresAddress(url);
  // As in the driver: loaded only where it is used.
  const { Client: PgClient } = await import('pg');
  const client = new PgClient(config);
  client.on('error', () => undefined);
  try {
    await client.connect();
    return sessionOver(client, place);
  } catch (thrown) {
    await client.end().catch(() => undefined);
    throw failureOf(thrown, 'connecting', place).error;
  }
}

function sessionOver(client: Client, place: string): PostgresSession {
  const query = async (sql: string, parameters?: readonly unknown[], stage: Stage = 'calling') => {
    try {
      const answer: unknown = await client.query(sql, parameters ? [...parameters] : undefined);
      const last = (Array.isArray(answer) ? answer.at(-1) : answer) as { rows: Record<string, unknown>[] };
      return last.rows;
    } catch (thrown) {
      throw thrown instanceof BillingAuditError ? thrown : failureOf(thrown, stage, place).error;
    }
  };
  return {
    place,
    query,
    within: async (work, beginning = 'begin') => {
      await query(beginning);
      try {
        const result = await work();
        await query('commit', undefined, 'committing');
        return result;
      } catch (thrown) {
        await client.query('rollback').catch(() => undefined);
        throw thrown;
      }
    },
    close: async () => void (await client.end().catch(() => undefined)),
  };
}
