import { existsSync } from 'node:fs';
import { basename, join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { thisMachine } from '../../lib/runtime/machine';
import { markMoved, refuseMoved } from '../../lib/runtime/moved-home';
import {
  checkTrail,
  openSealKeys,
  readAnchors,
  SealBook,
  viewsOf,
  type TrailReport,
  type Verifier,
} from '../../lib/seal';
import type { AnchorView } from '../../lib/seal';
import {
  connectionOver,
  connectPostgres,
  driverOverConnection,
  migratePostgres,
  OF_THE_DATABASE,
  openEmbeddedStore,
  rowsOfStore,
  SAME_TEXT,
  StoreUnavailable,
  writeRows,
  type EmbeddedStoreDriver,
  type PostgresSession,
  type TableSum,
} from '../../lib/store';
import { COPY_MARK } from '../backup';
import { runningServer } from '../running-server';
import { CopyDiffers, NothingToMove, refuseApiAddress, ServerRuns, TrailBroken } from './errors';

export interface MoveOptions {
  /** Absolute. */
  readonly home: string;
  /** The connection string of whoever owns the database, or may make tables. */
  readonly to: string;
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** The folder with `store-worker.js` and `supabase/`. */
  readonly assets: string;
  readonly now: () => number;
  /** Says what would be done. */
  readonly dryRun?: boolean;
  /** A trail that does not hold is moved all the same. */
  readonly asItIs?: boolean;
  readonly onProgress?: (text: string) => void;
}

export interface Moved {
  readonly place: string;
  readonly tables: readonly TableSum[];
  /** Of the trail where it is now; with `dryRun` where it was. */
  readonly report: TrailReport;
  readonly migrated: number;
  readonly notes: readonly string[];
}

/**
 * Takes all rows of an embedded store to a PostgreSQL or Supabase database, in one transaction that is committed when
 * counts, sums, chains, tree and checkpoints are there as they were here. The store here stays as it is; a note in it keeps
 * a server from going on with it by mistake.
 * @throws ServerRuns, StoreLocked, NothingToMove, StoreMoved, TrailBroken  nothing was begun
 * @throws StoreNotEmpty, StoresDiffer, RowsDiffer, CopyDiffers  nothing was kept; the tables that were made stay, empty
 * @throws BadSetting, StoreMisconfigured, StoreUnavailable, StoreRefused, MigrationMissing
 */
export async function moveStore(options: MoveOptions): Promise<Moved> {
  const { home, to, environment, assets } = options;
  refuseApiAddress(to);
  const store = join(home, 'store');
  if (basename(home) === 'sandbox' || !existsSync(join(store, 'embedded'))) throw new NothingToMove(home);
  refuseMoved({ store });
  const server = runningServer(home, environment);
  if (server !== null) throw new ServerRuns(home, server.pid);
  const anchors = readAnchors(environment, thisMachine());
  const keys = openSealKeys(join(home, 'keys'), environment);
  const { views } = await viewsOf(anchors, keys);
  const driver = await openEmbeddedStore({
    directory: join(store, 'embedded'),
    journal: join(home, 'journal'),
    copies: join(home, 'backups'),
    workerPath: join(assets, 'store-worker.js'),
    migrations: join(assets, 'supabase'),
  });
  try {
    await untilDrained(driver);
    const proof: Proof = { trusted: keys.trusted(), anchors: views };
    options.onProgress?.('checking the trail here');
    const before = await checkTrail({ source: new SealBook(driver), ...proof });
    if (!before.ok && options.asItIs !== true) throw new TrailBroken(before);
    const moved = await (options.dryRun ? planned : carried)(driver, before, proof, options);
    const isCopy = existsSync(join(home, COPY_MARK));
    if (!options.dryRun && !isCopy)
      markMoved({ store }, { to: moved.place, at: new Date(options.now()).toISOString() });
    return moved;
  } finally {
    await driver.close();
  }
}

interface Proof {
  readonly trusted: readonly Verifier[];
  readonly anchors: readonly AnchorView[];
}

const MOST_WAITS = 600;
const WAIT_MILLISECONDS = 100;

/** What was acknowledged and is in the journal only belongs to the store too. */
async function untilDrained(driver: EmbeddedStoreDriver): Promise<void> {
  for (let waits = 0; ; waits += 1) {
    const { waiting = 0, trouble = null } = driver.inbox?.state() ?? {};
    if (waiting === 0) return;
    if (trouble !== null || waits >= MOST_WAITS) {
      throw new StoreUnavailable(
        `${waiting} callbacks wait in the journal and do not get into it (${trouble ?? 'late'})`,
      );
    }
    await pause(WAIT_MILLISECONDS);
  }
}

async function planned(
  driver: EmbeddedStoreDriver,
  report: TrailReport,
  _: Proof,
  { to, assets }: MoveOptions,
): Promise<Moved> {
  const { place, applied, notes } = await migratePostgres({
    url: to,
    directory: join(assets, 'supabase'),
    dryRun: true,
  });
  const sums = await rowsOfStore(connectionOver(driver)).sums();
  const tables = sums.filter(({ rows, table }) => rows > 0 && !OF_THE_DATABASE.includes(table));
  return { place, report, tables, migrated: applied.length, notes };
}

async function carried(
  driver: EmbeddedStoreDriver,
  before: TrailReport,
  proof: Proof,
  { to, assets, onProgress = () => undefined }: MoveOptions,
): Promise<Moved> {
  const migrated = await migratePostgres({
    url: to,
    directory: join(assets, 'supabase'),
    onProgress: (_, __, file) => onProgress(`preparing the database: ${file}`),
  });
  const session = await connectPostgres(to);
  try {
    const { tables, report } = await session.within(async () => {
      await alone(session);
      await makeMonths(driver, session);
      const written = await writeRows(rowsOfStore(connectionOver(driver)), session, {
        isFresh: migrated.already === 0,
        onProgress: (table, rows) => onProgress(`${table}: ${rows} rows`),
      });
      onProgress('checking the trail there');
      const after = await checkTrail({ source: new SealBook(driverOverConnection(session)), ...proof });
      const difference = differenceOf(before, after);
      if (difference !== null) throw new CopyDiffers(difference);
      return { tables: written, report: after };
    });
    await session.query('analyze');
    const { place, applied, notes } = migrated;
    return { place, tables, report, migrated: applied.length, notes };
  } finally {
    await session.close();
  }
}

/** Nobody writes meanwhile, and no limit of the database cuts it short. */
async function alone(session: PostgresSession): Promise<void> {
  await session.query(
    `${SAME_TEXT}; set local statement_timeout to 0; set local idle_in_transaction_session_timeout to 0; set local lock_timeout to '10s';
     do $$ declare t record; begin
       for t in select c.oid::regclass as name from pg_catalog.pg_class as c
         where c.relnamespace = 'billing_audit'::regnamespace and c.relkind in ('r', 'p') and not c.relispartition order by c.oid
       loop execute format('lock table %s in share row exclusive mode', t.name); end loop;
     end $$`,
  );
}

/** Those of the events that come, before they do: where the trail is kept by month, each then lies in its own. */
async function makeMonths(driver: EmbeddedStoreDriver, session: PostgresSession): Promise<void> {
  const sql = `select distinct billing_audit.start_of_month(recorded_at)::text as month from billing_audit.audit_events`;
  for (const { month } of await connectionOver(driver).query(sql, [])) {
    const made = 'select billing_audit.make_month($1::timestamptz) where billing_audit.keeps_months()';
    await session.query(made, [month]);
  }
}

/** A damage that is taken along must be the same there, neither more nor less. */
function differenceOf(before: TrailReport, after: TrailReport): string | null {
  const told = ({ findings, ...rest }: TrailReport): string =>
    JSON.stringify([rest, findings.map(({ kind, place }) => [kind, place])]);
  if (told(before) === told(after)) return null;
  const first = after.findings.find(({ text }) => !before.findings.some((each) => each.text === text));
  return (
    first?.text ?? `${before.events} events, ${before.sealed} sealed here; ${after.events}, ${after.sealed} there.`
  );
}
