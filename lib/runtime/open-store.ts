import { join } from 'node:path';
import type { Http, Log, Random, Sleep } from '../ports';
import {
  checkMigrations,
  namedStore,
  openEmbeddedStore,
  openPostgresStore,
  openSecretBox,
  openSupabaseStore,
  STORE_NAMES,
  storeOver,
  StoreUnavailable,
  type NamedStore,
  type Store,
  type StoreDriver,
} from '../store';
import { refuseMoved } from './moved-home';

/** A store that is open, and how to close it. */
export interface OpenStore {
  readonly store: Store;
  /** What alerting and the daily coverage stand on; without it this Runtime does neither. */
  readonly driver?: StoreDriver;
  /** What kind it is, for people: shown on `/health`, so no address. */
  readonly name?: string;
  /** Whether the partitions of the months to come could not be made; where somebody makes them. */
  monthsFail?(): boolean;
  close(): Promise<void>;
}

/** One that the environment names. */
export type NamedOpenStore = OpenStore & Required<Pick<OpenStore, 'driver' | 'name'>>;

export interface OpenNamedStore {
  /** Folders of the home: `store/` and, for who takes callbacks, `journal/` for the embedded one, `keys/` for all. */
  readonly home: {
    readonly store: string;
    readonly keys: string;
    readonly journal?: string;
    /** Where the embedded store is copied to before it is upgraded. */
    readonly backups?: string;
  };
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly machine: { readonly http: Http; readonly sleep: Sleep; readonly random: Random };
  /** The folder with `store-worker.js` and `supabase/`. Default: that of the running bundle. */
  readonly assets?: string;
  /**
   * Given where a database that is away for the moment is no reason not to begin: a machine starts its services in any
   * order, and whoever calls is refused as unavailable until it is there.
   */
  readonly log?: Log;
}

/**
 * Opens the store that the environment names: `DATABASE_URL`, or `SUPABASE_URL` and its key, else the embedded one.
 * @throws BadSetting  the environment names two, or one that cannot be
 * @throws MigrationMissing  the database does not fit this program; the hint names the command
 * @throws StoreMoved  the embedded one was moved to a database that the environment does not name
 * @throws StoreMisconfigured, StoreUnavailable, StoreLocked, StoreNotSynced
 */
export async function openNamedStore(options: OpenNamedStore): Promise<NamedOpenStore> {
  const { driver, name } = await openNamedDriver(options);
  try {
    const store = storeOver(driver, { secrets: openSecretBox(options.home.keys) });
    return { store, driver, name, close: () => driver.close() };
  } catch (thrown) {
    await driver.close();
    throw thrown;
  }
}

/** The same without the words of the nodes and without keys: enough to look. */
export async function openNamedDriver(
  options: Omit<OpenNamedStore, 'home'> & { readonly home: Omit<OpenNamedStore['home'], 'keys'> },
): Promise<{ readonly driver: StoreDriver; readonly name: string }> {
  const named = namedStore(options.environment);
  const name = STORE_NAMES[named.kind];
  const driver = await openDriver(named, options);
  try {
    if (named.kind !== 'embedded') await checkUnlessAway(driver, options, name);
    return { driver, name };
  } catch (thrown) {
    await driver.close();
    throw thrown;
  }
}

type OpenDriver = Parameters<typeof openNamedDriver>[0];

async function openDriver(named: NamedStore, { home, machine, assets }: OpenDriver): Promise<StoreDriver> {
  switch (named.kind) {
    case 'postgres':
      return openPostgresStore({ ...machine, url: named.url });
    case 'supabase':
      return openSupabaseStore({ ...machine, url: named.url, key: named.key });
    case 'embedded':
      refuseMoved(home);
      return openEmbeddedStore({
        directory: join(home.store, 'embedded'),
        ...(home.journal !== undefined && { journal: home.journal }),
        ...(home.backups !== undefined && { copies: home.backups }),
        ...(assets !== undefined && {
          workerPath: join(assets, 'store-worker.js'),
          migrations: join(assets, 'supabase'),
        }),
      });
  }
}

async function checkUnlessAway(driver: StoreDriver, { assets, log }: OpenDriver, name: string): Promise<void> {
  try {
    await checkMigrations(driver, join(assets ?? __dirname, 'supabase'));
  } catch (thrown) {
    if (!(thrown instanceof StoreUnavailable) || !log) throw thrown;
    log.warn(`${name} is away; its calls are refused until it is back. ${thrown.message}`);
  }
}
