import type { StoreDriver } from '../../lib/store';
import { openPostgresStore } from '../../lib/store';
import { thisMachine } from '../../lib/runtime/machine';

/** The address of a database of a test's server, for one of its users. */
export function postgresUrl(folder: string, { user = 'gate', database = 'audit' } = {}): string {
  return `postgresql:///${database}?host=${encodeURIComponent(folder)}&user=${user}`;
}

/** The product's driver over a test's server. */
export function driverOverPostgres(folder: string, database = 'audit'): Promise<StoreDriver> {
  return openPostgresStore({ ...thisMachine(), url: postgresUrl(folder, { database }) });
}
