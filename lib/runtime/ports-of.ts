import type { AccessDesk } from './access/access-desk';
import type { Ports } from '../ports';
import type { Store } from '../store';
import type { Machine } from './machine';
import type { Models } from './models/models';
import type { NodeSide } from './runtime';

interface Parts {
  readonly machine: Machine;
  readonly store: Store;
  readonly changes: Ports['changes'];
  readonly alerts: Ports['alerts'] | undefined;
  readonly auditSheet: Ports['auditSheet'] | undefined;
  readonly access: AccessDesk;
  readonly models: Models | undefined;
}

/** The ports of one node. */
export function portsOf(
  { settings, credentials, log, nodeId }: NodeSide,
  { machine, store, changes, alerts, auditSheet, access, models }: Parts,
): Ports {
  return {
    ...machine,
    ...(alerts && { alerts }),
    ...(auditSheet && { auditSheet }),
    access,
    ...(models && { models: models.deskFor(settings) }),
    ...(nodeId !== undefined && { nodeId }),
    store,
    changes,
    settings,
    credentials,
    log,
  };
}
