import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { thisMachine } from '../../lib/runtime/machine';
import { refuseMoved } from '../../lib/runtime/moved-home';
import { checkTrail, openSealKeys, readAnchors, SealBook, viewsOf, type TrailReport } from '../../lib/seal';
import {
  driverOverConnection,
  lastUpgradeCopy,
  migratePostgres,
  openEmbeddedStore,
  returnTo,
  type StoreDriver,
} from '../../lib/store';
import { ServerRuns } from '../move';
import { runningServer } from '../running-server';
import { NoTrail } from '../export';
import { UpgradeTakenBack } from './errors';

export interface UpgradeOptions {
  /** The home whose store, or whose keys and anchors, it is. Absolute. */
  readonly home: string;
  /** Of practice: nothing of the outside belongs to it. */
  readonly practice: boolean;
  /** A PostgreSQL instead of the embedded store. */
  readonly databaseUrl: string | null;
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** The folder with `store-worker.js` and `supabase/`. */
  readonly assets: string;
  readonly now: () => number;
  /** A trail that does not hold is upgraded all the same. */
  readonly asItIs?: boolean;
  readonly onProgress?: (text: string) => void;
}

export interface Upgraded {
  readonly place: string;
  /** How many migrations. */
  readonly applied: number;
  /** The copy that was made before; null where the transaction was the way back, or nothing had to be done. */
  readonly copy: string | null;
  readonly report: TrailReport;
}

type Proof = (driver: Pick<StoreDriver, 'rpc'>) => Promise<TrailReport>;

/**
 * Brings a store to the form of this version and verifies it; or leaves it, or puts it back, as it was.
 * @throws ServerRuns, StoreLocked, NoTrail, StoreMoved  nothing was begun
 * @throws CopyNotMade, MigrationRefused, StoreRefused, UpgradeTakenBack  it is as it was
 * @throws BadSetting, StoreMisconfigured, StoreUnavailable, MigrationMissing
 */
export async function upgrade(options: UpgradeOptions): Promise<Upgraded> {
  const { home, environment, practice } = options;
  const server = runningServer(home, environment);
  if (server !== null) throw new ServerRuns(home, server.pid);
  const ours = practice ? {} : environment;
  const keys = openSealKeys(join(home, 'keys'), ours);
  const { views } = await viewsOf(readAnchors(ours, thisMachine()), keys);
  const prove: Proof = (driver) => {
    options.onProgress?.('checking the trail');
    return checkTrail({ source: new SealBook(driver), trusted: keys.trusted(), anchors: views });
  };
  return options.databaseUrl === null ? ofFolder(options, prove) : ofPostgres(options, options.databaseUrl, prove);
}

/** PostgreSQL changes tables in a transaction like rows: what does not hold is rolled back. */
async function ofPostgres(options: UpgradeOptions, url: string, prove: Proof): Promise<Upgraded> {
  const { assets, asItIs, onProgress = () => undefined } = options;
  let report: TrailReport | null = null;
  const { place, applied } = await migratePostgres({
    url,
    directory: join(assets, 'supabase'),
    onProgress: (_, __, file) => onProgress(file),
    check: async (migrated) => {
      report = await prove(driverOverConnection(migrated));
      if (!report.ok && !asItIs) throw new UpgradeTakenBack(report, null);
    },
  });
  return { place, applied: applied.length, copy: null, report: report as unknown as TrailReport };
}

async function ofFolder(options: UpgradeOptions, prove: Proof): Promise<Upgraded> {
  const { home, assets, now, asItIs } = options;
  const directory = join(home, 'store', 'embedded');
  const copies = join(home, 'backups');
  if (!existsSync(directory)) throw new NoTrail(home);
  refuseMoved({ store: join(home, 'store') });
  const opening = {
    directory,
    copies,
    workerPath: join(assets, 'store-worker.js'),
    migrations: join(assets, 'supabase'),
  };
  const unproved = markUnproved(home, copies);
  const driver = await openEmbeddedStore({ ...opening, now }).catch((thrown: unknown) => {
    // All files or none: nothing was changed that a proof could miss.
    unproved.forget();
    throw thrown;
  });
  const copy = driver.applied.length > 0 || unproved.isLeft ? unproved.copySince() : null;
  let report: TrailReport;
  try {
    report = await prove(driver);
  } finally {
    await driver.close();
  }
  const isTakenBack = !report.ok && !asItIs && copy !== null;
  const aside = isTakenBack ? returnTo(copy, directory, now()) : null;
  unproved.forget();
  if (aside !== null) throw new UpgradeTakenBack(report, aside);
  return { place: directory, applied: driver.applied.length, copy, report };
}

interface Unproved {
  /** An upgrade before this one was cut short between its change and its proof. */
  readonly isLeft: boolean;
  /** The copy that was made since that one began, or this one if none was left. */
  copySince(): string | null;
  forget(): void;
}

/** Writes down that what follows is not proved yet, so that also the next process knows what to go back to. */
function markUnproved(home: string, copies: string): Unproved {
  const file = join(home, 'store', 'upgrade-not-proved');
  const isLeft = existsSync(file);
  const before = isLeft ? readFileSync(file, 'utf8') : (lastUpgradeCopy(copies) ?? '');
  if (!isLeft) writeFileSync(file, before, { flush: true });
  return {
    isLeft,
    copySince: () => {
      const newest = lastUpgradeCopy(copies);
      return newest === before ? null : newest;
    },
    forget: () => rmSync(file, { force: true }),
  };
}
