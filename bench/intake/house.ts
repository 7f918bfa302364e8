import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { startPostgres, type TestPostgres } from '../../test/support/postgres';
import { buildStoreWorker, migrations } from '../../test/support/store';
import type { Serving } from './contestants';

/** Where the contestants live. */
export interface House {
  readonly folder: string;
  /** Null: no server is installed. */
  readonly postgres: TestPostgres | null;
  /** Starts a contestant in a new home, lets it be measured, and ends it. */
  withServer<Result>(contestant: string, measure: (port: number) => Promise<Result>): Promise<Result>;
  close(): void;
}

export async function openHouse(): Promise<House> {
  const folder = mkdtempSync(join(tmpdir(), 'billing-audit-bench-'));
  const workerPath = buildStoreWorker();
  const postgres = startedPostgres();
  return {
    folder,
    postgres,
    close: () => postgres?.stop(),
    async withServer(contestant, measure) {
      const home = mkdtempSync(join(folder, 'home-'));
      const serving: Serving = { contestant, folder: home, workerPath, migrations, postgres: postgres?.folder ?? null };
      const child = spawn(process.execPath, [process.argv[1] ?? '', 'serve', JSON.stringify(serving)], {
        stdio: ['ignore', 'pipe', 'inherit'],
      });
      const ended = new Promise((done) => child.once('exit', done));
      try {
        const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
        const { value } = (await lines.next()) as { value?: string };
        if (value === undefined) throw new Error(`${contestant} did not start.`);
        return await measure(Number(value));
      } finally {
        child.kill('SIGKILL');
        await ended;
        rmSync(home, { recursive: true, force: true });
        if (postgres) postgres.sql('super', 'truncate billing_audit.webhook_events; drop table if exists plain_inbox;');
      }
    },
  };
}

function startedPostgres(): TestPostgres | null {
  try {
    return startPostgres();
  } catch (thrown) {
    console.log(`PostgreSQL could not be started: ${String(thrown).split('\n')[0]}`);
    return null;
  }
}
