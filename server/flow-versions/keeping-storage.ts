import { createRequire } from 'node:module';
import { messageOf } from '../../lib/errors';
import type { FlowNode, VersionShelf } from './version-shelf';

/** The parts of Node-RED's storage module that are used here; whatever else it has is passed on. */
export interface NodeRedStorage {
  getFlows(): Promise<readonly unknown[]>;
  saveFlows(flows: readonly unknown[], user?: { readonly username?: string } | null): Promise<unknown>;
  /** Called right before `saveFlows` where a credential differs. */
  saveCredentials(credentials: unknown): Promise<unknown>;
}

/** Flows that somebody has saved, and those that they replaced. */
export interface SavedFlows {
  readonly before: readonly FlowNode[];
  readonly after: readonly FlowNode[];
  readonly by: string | null;
  readonly credentialsChanged: boolean;
}

/**
 * Node-RED's own storage on the local disk, which also keeps what is deployed: here it is known who saves, and that it
 * was saved. Keeping must never stand in the way of a deploy, so a failure of it is told and nothing else.
 */
export function keepingStorage(
  storage: NodeRedStorage,
  shelf: Pick<VersionShelf, 'keep'>,
  onFailure: (failure: unknown) => void,
  onSaved: (saved: SavedFlows) => void = () => undefined,
): NodeRedStorage {
  // Copies: Node-RED goes on with the nodes that it was given.
  let last: readonly unknown[] | null = null;
  let credentialsChanged = false;
  const keep = (flows: readonly unknown[], by: string | null): void => {
    try {
      if (flows.length > 0) shelf.keep(flows, by);
    } catch (thrown) {
      onFailure(
        new Error(`The deployed flows could not be kept as a version: ${messageOf(thrown)}`, { cause: thrown }),
      );
    }
  };
  const tell = (saved: SavedFlows): void => {
    try {
      onSaved(saved);
    } catch (thrown) {
      onFailure(new Error(`What was deployed could not be told: ${messageOf(thrown)}`, { cause: thrown }));
    }
  };
  // Copied, not inherited: Node-RED looks for its functions with hasOwnProperty.
  return {
    ...storage,
    async getFlows() {
      const flows = await storage.getFlows();
      last = structuredClone(flows);
      keep(flows, null);
      return flows;
    },
    async saveCredentials(credentials) {
      credentialsChanged = true;
      return storage.saveCredentials(credentials);
    },
    async saveFlows(flows, user) {
      const before = last ?? (await storage.getFlows());
      const saved = await storage.saveFlows(flows, user);
      last = structuredClone(flows);
      const by = user?.username ?? null;
      keep(flows, by);
      tell({ before: before as readonly FlowNode[], after: last as readonly FlowNode[], by, credentialsChanged });
      credentialsChanged = false;
      return saved;
    },
  };
}

/** Found from Node-RED itself, wherever npm has put its parts. */
export function localStorageOfNodeRed(): NodeRedStorage {
  const fromNodeRed = createRequire(createRequire(__filename).resolve('node-red'));
  return fromNodeRed('@node-red/runtime/lib/storage/localfilesystem') as NodeRedStorage;
}
