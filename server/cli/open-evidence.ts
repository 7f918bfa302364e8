import { join } from 'node:path';
import { thisMachine } from '../../lib/runtime/machine';
import {
  openSealKeys,
  readAnchors,
  SealBook,
  viewsOf,
  type Anchor,
  type AnchorView,
  type SealKeys,
} from '../../lib/seal';
import { openTrail, type OpenTrail } from '../export';

/** A trail with all that its evidence is checked by. */
export interface OpenEvidence extends OpenTrail {
  readonly book: SealBook;
  readonly keys: SealKeys;
  readonly keysFolder: string;
  /** Read before the store is. */
  readonly views: readonly AnchorView[];
  /** Why anchors could not be read. */
  readonly unreadable: readonly string[];
}

/** Opens the trail of a home, and reads what its anchors hold. Practice has none. */
export async function openEvidence(home: string): Promise<OpenEvidence> {
  const trail = await openTrail(home, process.env);
  try {
    const environment = trail.practice ? {} : process.env;
    const anchors: readonly Anchor[] = readAnchors(environment, thisMachine());
    const keysFolder = join(trail.home, 'keys');
    const keys = openSealKeys(keysFolder, environment);
    return { ...trail, book: new SealBook(trail.driver), keys, keysFolder, ...(await viewsOf(anchors, keys)) };
  } catch (thrown) {
    await trail.close();
    throw thrown;
  }
}

/** Tells how far it is, on a terminal alone. */
export function progressOf(
  what: string,
  flags: { readonly json?: boolean },
): { tell(count: number): void; end(): void } {
  const shown = process.stderr.isTTY && !flags.json;
  return {
    tell: (count) => void (shown && process.stderr.write(`\r${count} ${what}`)),
    end: () => void (shown && process.stderr.write('\r\u001b[K')),
  };
}
