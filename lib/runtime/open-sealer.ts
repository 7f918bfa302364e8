import { basename } from 'node:path';
import { messageOf } from '../errors';
import type { Log } from '../ports';
import { openSealKeys, readAnchors, type Anchor } from '../seal';
import type { StoreDriver } from '../store/store';
import type { Home } from './home';
import type { Machine } from './machine';
import { Sealer } from './sealer';
import { DEFAULT_TIMING, type Timing } from './timing';

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * The sealer of a home, with its key and its anchors. A home named `sandbox` is a practice home (DESIGN §5): it has a key
 * of its own, and nothing of it leaves the house.
 * @returns null where the store is not reached through functions
 */
export function openSealer(
  { log, timing }: { readonly log: Log; readonly timing?: Partial<Timing> },
  home: Home,
  { http, now, sleep }: Machine,
  driver: StoreDriver | undefined,
  environment: Environment = process.env,
): Sealer | null {
  if (!driver) return null;
  const isPractice = basename(home.folder) === 'sandbox';
  const { anchors, trouble } = isPractice ? { anchors: [], trouble: null } : anchorsOf(environment, { http, now });
  if (trouble !== null) log.error(trouble);
  return new Sealer({
    driver,
    keys: openSealKeys(home.keys, isPractice ? {} : environment),
    anchors,
    trouble,
    now,
    sleep,
    log,
    sealSeconds: timing?.sealSeconds ?? DEFAULT_TIMING.sealSeconds,
  });
}

/** A wrong setting must not keep callbacks from being stored: it is told, and nothing is anchored. */
function anchorsOf(
  environment: Environment,
  machine: Pick<Machine, 'http' | 'now'>,
): { readonly anchors: readonly Anchor[]; readonly trouble: string | null } {
  try {
    return { anchors: readAnchors(environment, machine), trouble: null };
  } catch (thrown) {
    return { anchors: [], trouble: messageOf(thrown) };
  }
}
