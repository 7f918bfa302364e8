import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { driverOverHttp } from '../../../lib/store/driver-over-http';
import { thisMachine } from '../../../lib/runtime/machine';
import { freePorts, startCli, type RunningCli } from '../../server/cli';
import { layStoreOf } from '../../support/store';
import { until } from '../../support/until';

/** A real Billing Audit server over its embedded store, reached by its rpc door, as n8n reaches it. */
export interface StoreServer {
  readonly address: string;
  readonly key: string;
  rpc<Answer>(name: `billing_audit_${string}`, p: unknown): Promise<Answer>;
  /** Ends it; the port answers nobody until `start`. */
  stop(): Promise<void>;
  start(): Promise<void>;
  remove(): Promise<void>;
}

export interface StoreServerOptions {
  /** Of the practice Smartsheet. */
  readonly apiBase: string;
  /** The server watches a sheet of its own: a Runtime opens the store only where a node needs it. */
  readonly sheetId: string;
}

const START_MILLISECONDS = 120_000;

export async function startStoreServer({ apiBase, sheetId }: StoreServerOptions): Promise<StoreServer> {
  const folder = mkdtempSync(join(tmpdir(), 'n8n-store-'));
  const home = join(folder, 'home');
  await layStoreOf(home);
  const ports = await freePorts();
  const environment = {
    SMARTSHEET_ACCESS_TOKEN: 'practice-token',
    SMARTSHEET_API_BASE: apiBase,
    SMARTSHEET_SHEETS: sheetId,
    HOLIDAYS: 'none',
  };
  let server: RunningCli;
  const start = async (): Promise<void> => {
    server = startCli(home, ports, environment);
    await until(
      async () => {
        if (server.child.exitCode !== null) throw new Error('it has ended');
        return (await rpc('billing_audit_counts', {})) !== null;
      },
      `the store to be open; the server said: ${server.output()}`,
      START_MILLISECONDS,
    );
  };
  const stop = async (): Promise<void> => {
    server.child.kill('SIGTERM');
    await server.ended;
  };
  const address = `http://127.0.0.1:${ports.port}`;
  const key = (): string => readFileSync(join(home, 'keys', 'service.key'), 'utf8').trim();
  const rpc = async <Answer>(name: `billing_audit_${string}`, p: unknown): Promise<Answer> =>
    (await driverOverHttp({
      ...thisMachine(),
      address,
      headers: { authorization: `Bearer ${key()}`, apikey: key() },
    }).rpc(name, p)) as Answer;

  await start();
  return {
    address,
    key: key(),
    rpc,
    stop,
    start,
    remove: async () => {
      await stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
