import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { BillingAuditError } from '../../lib/errors';
import { readRuntimeNote, type RuntimeNote } from '../../lib/runtime/home';
import { thisMachine } from '../../lib/runtime/machine';
import {
  driverOverHttp,
  namedStore,
  openSecretBox,
  StoreLocked,
  storeOver,
  type Store,
  type StoreDriver,
} from '../../lib/store';
import { COPY_MARK } from '../backup';
import { openStoreOf } from '../look-into-store';

const MOST_TRIES = 20;
const BETWEEN_TRIES_MILLISECONDS = 500;

/** There is nothing to export yet. */
export class NoTrail extends BillingAuditError {
  readonly code = 'no_trail';
  readonly hint =
    'Name the folder with --home or BILLING_AUDIT_HOME, set DATABASE_URL or SUPABASE_URL, or start the server once.';

  constructor(home: string) {
    super(`The folder ${home} holds no store.`, { home });
  }
}

export interface OpenTrail {
  readonly store: Store;
  readonly driver: StoreDriver;
  /** The home that it belongs to. */
  readonly home: string;
  readonly practice: boolean;
  /** Through the running server, or by opening the store itself. */
  readonly through: 'server' | 'store';
  close(): Promise<void>;
}

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * The trail of a home: through the server that has it open, else by opening the store that the environment names. A home
 * that practises has its own, whatever the environment names, and so has a copy.
 * @throws NoTrail
 * @throws StoreLocked  a program that is not our server has it open
 * @throws BadSetting, StoreUnavailable, StoreMisconfigured, MigrationMissing
 */
export async function openTrail(home: string, environment: Environment): Promise<OpenTrail> {
  // A server that deploys has the store but no note for a moment: what is locked now may answer soon.
  for (let tries = 1; ; tries += 1) {
    try {
      return await openOnce(home, environment);
    } catch (thrown) {
      if (!(thrown instanceof StoreLocked) || tries >= MOST_TRIES) throw thrown;
      await pause(BETWEEN_TRIES_MILLISECONDS);
    }
  }
}

async function openOnce(home: string, environment: Environment): Promise<OpenTrail> {
  const practiceHome = join(home, 'sandbox');
  for (const folder of [home, practiceHome]) {
    const note = readRuntimeNote({ runtimeFile: join(folder, 'runtime.json') });
    if (note?.address && isAlive(note.pid)) return throughServer(folder, folder === practiceHome, note);
  }
  const holdsStore = (folder: string): boolean => existsSync(join(folder, 'store', 'embedded'));
  const practises = holdsStore(practiceHome) && !existsSync(join(home, 'keys', 'had-token'));
  // A copy is looked into as it is: the database that the environment names is another trail.
  const isCopy = existsSync(join(home, COPY_MARK)) && holdsStore(home);
  const isNamed = !isCopy && !practises && namedStore(environment).kind !== 'embedded';
  if (isNamed) return throughStore(home, false, environment);
  const folder = [home, practiceHome].find(holdsStore);
  if (folder === undefined) throw new NoTrail(home);
  return throughStore(folder, folder === practiceHome, {});
}

function throughServer(home: string, practice: boolean, note: RuntimeNote): OpenTrail {
  const key = readFileSync(note.service_key_file, 'utf8').trim();
  const driver = driverOverHttp({
    ...thisMachine(),
    address: note.address ?? '',
    headers: { authorization: `Bearer ${key}` },
  });
  const store = storeOver(driver, { secrets: openSecretBox(join(home, 'keys')) });
  return { store, driver, home, practice, through: 'server', close: () => driver.close() };
}

async function throughStore(home: string, practice: boolean, environment: Environment): Promise<OpenTrail> {
  const { store, driver, close } = await openStoreOf(home, environment);
  return { store, driver, home, practice, through: 'store', close };
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (thrown) {
    // It is there, and another user's.
    return (thrown as NodeJS.ErrnoException).code === 'EPERM';
  }
}
