import { createRequire } from 'node:module';
import { messageOf } from '../../lib/errors';
import type { VersionShelf } from './version-shelf';

/** The parts of Node-RED's storage module that are used here; whatever else it has is passed on. */
export interface NodeRedStorage {
  getFlows(): Promise<readonly unknown[]>;
  saveFlows(flows: readonly unknown[], user?: { readonly username?: string } | null): Promise<unknown>;
}

/**
 * Node-RED's own storage on the local disk, which also keeps what is deployed: here it is known who saves, and that it
 * was saved. Keeping must never stand in the way of a deploy, so a failure of it is told and nothing else.
 */
export function keepingStorage(
  storage: NodeRedStorage,
  shelf: Pick<VersionShelf, 'keep'>,
  onFailure: (failure: unknown) => void,
): NodeRedStorage {
  const keep = (flows: readonly unknown[], by: string | null): void => {
    try {
      if (flows.length > 0) shelf.keep(flows, by);
    } catch (thrown) {
      onFailure(
        new Error(`The deployed flows could not be kept as a version: ${messageOf(thrown)}`, { cause: thrown }),
      );
    }
  };
  // Copied, not inherited: Node-RED looks for its functions with hasOwnProperty.
  return {
    ...storage,
    async getFlows() {
      const flows = await storage.getFlows();
      keep(flows, null);
      return flows;
    },
    async saveFlows(flows, user) {
      const saved = await storage.saveFlows(flows, user);
      keep(flows, user?.username ?? null);
      return saved;
    },
  };
}

/** Found from Node-RED itself, wherever npm has put its parts. */
export function localStorageOfNodeRed(): NodeRedStorage {
  const fromNodeRed = createRequire(createRequire(__filename).resolve('node-red'));
  return fromNodeRed('@node-red/runtime/lib/storage/localfilesystem') as NodeRedStorage;
}
