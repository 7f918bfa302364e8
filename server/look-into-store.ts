import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { thisMachine } from '../lib/runtime/machine';
import { openNamedDriver, openNamedStore, type NamedOpenStore } from '../lib/runtime/open-store';
import { namedStore, type Store, type StoreCounts } from '../lib/store';

type Environment = Readonly<Record<string, string | undefined>>;

/** The folder of the palette: worker and SQL are shipped with it, and the server runs with the same. */
export function paletteFolder(): string {
  return dirname(createRequire(__filename).resolve('@billing-audit/node-red/package.json'));
}

/**
 * Opens the store of a home that no server has open: the one that the environment names, else the embedded one.
 * @param home  absolute
 * @throws BadSetting, StoreLocked, StoreUnavailable, StoreNotSynced, StoreMisconfigured, MigrationMissing
 */
export function openStoreOf(home: string, environment: Environment): Promise<NamedOpenStore> {
  const folders = { store: join(home, 'store'), keys: join(home, 'keys'), backups: join(home, 'backups') };
  return openNamedStore({ home: folders, environment, machine: thisMachine(), assets: paletteFolder() });
}

/** The same, and closes it whatever happens. */
export async function withStoreOf<Result>(
  home: string,
  environment: Environment,
  look: (store: Store) => Promise<Result>,
): Promise<Result> {
  const opened = await openStoreOf(home, environment);
  try {
    return await look(opened.store);
  } finally {
    await opened.close();
  }
}

/**
 * What the database holds that the environment names; null where it names none. Nothing is written, not even a key.
 * @throws BadSetting, StoreUnavailable, StoreMisconfigured, StoreRefused, MigrationMissing
 */
export async function lookIntoNamed(
  environment: Environment,
): Promise<{ readonly name: string; readonly counts: StoreCounts } | null> {
  if (namedStore(environment).kind === 'embedded') return null;
  const options = { home: { store: '' }, environment, machine: thisMachine(), assets: paletteFolder() };
  const { driver, name } = await openNamedDriver(options);
  try {
    return { name, counts: (await driver.rpc('billing_audit_counts', {})) as StoreCounts };
  } finally {
    await driver.close();
  }
}
