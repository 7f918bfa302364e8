import { recordConfiguration, type ConfigurationChange, type Deployed } from '../weakening';
import { installationId, type Home } from './home';
import type { Machine } from './machine';
import type { OpenStore } from './open-store';

interface Parts {
  readonly home: Home;
  readonly machine: Pick<Machine, 'now'>;
  readonly opened: OpenStore;
  /** Events are new in the trail, and perhaps mails in the outbox. */
  readonly onRecorded: (events: number) => void;
}

/** Compares what is deployed with what was, in this installation; see `Runtime.configurationInForce`. */
export async function putInForce(
  deployed: Omit<Deployed, 'scope' | 'at'>,
  { home, machine, opened, onRecorded }: Parts,
): Promise<readonly ConfigurationChange[]> {
  const { driver } = opened;
  if (!driver) return [];
  // Of a database that several share, each compares its own; a store that is moved into one is still the same one's.
  const scope = `node-red:${installationId(home)}`;
  const at = new Date(machine.now()).toISOString();
  const changes = await recordConfiguration(driver, { ...deployed, scope, at });
  if (changes.length > 0) onRecorded(changes.length);
  return changes;
}
