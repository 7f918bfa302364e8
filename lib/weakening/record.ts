import { z } from 'zod';
import type { NodeDefinition } from '../define/node';
import { canonicalJson, sha256Hex } from '../hash';
import type { StoreDriver } from '../store/store';
import { changesOf } from './changes';
import type { Configuration, ConfigurationChange } from './configuration';
import { eventOf } from './event';
import { safeConfiguration } from './safe-configuration';
import { entriesOf } from './weaker-value';

const nodeSchema = z.object({
  id: z.string(),
  type: z.string(),
  name: z.string(),
  on: z.boolean(),
  values: z.record(z.string(), z.unknown()),
  settings: z.string(),
  inherits: z.array(z.string()),
  reaches: z.array(z.string()),
  between: z.record(z.string(), z.string()),
});
const configurationSchema = z.object({ nodes: z.array(nodeSchema), variables: z.record(z.string(), z.string()) });
const inForceSchema = z.object({
  edition: z.number(),
  fingerprint: z.string().nullable(),
  configuration: configurationSchema.nullable(),
  /** The newest of any other scope, while this one has none. */
  elsewhere: z.object({ scope: z.string(), configuration: configurationSchema }).nullable(),
});
const savedSchema = z.object({ saved: z.boolean() });

export interface Deployed {
  /** What the configuration is of: every scope is compared with itself. */
  readonly scope: string;
  readonly configuration: Configuration;
  readonly definitions: readonly NodeDefinition[];
  /** Who deployed it; null: unknown. */
  readonly by: string | null;
  /** ISO instant. */
  readonly at: string;
}

/** How often another process may get in between. */
const MOST_TRIES = 20;

/**
 * Compares a configuration with the one in force before, and puts it in its place: what changed is in the trail, and
 * those who were told before are told of what weakens, or nothing of it is so; one transaction. The same configuration
 * again records nothing. The first of a store has nothing to be compared with; the first of another scope neither, but that
 * it is so is a weakening: who was told before is told that from now on another installation watches.
 * @throws StoreUnavailable  nothing was done; what is compared at the next try is the same
 */
export async function recordConfiguration(
  driver: Pick<StoreDriver, 'rpc'>,
  deployed: Deployed,
): Promise<readonly ConfigurationChange[]> {
  const { scope, definitions, by, at } = deployed;
  const configuration = safeConfiguration(deployed.configuration);
  const fingerprint = sha256Hex(canonicalJson(configuration));
  for (let tries = 0; tries < MOST_TRIES; tries += 1) {
    const inForce = inForceSchema.parse(await driver.rpc('billing_audit_configuration_in_force', { scope }));
    if (inForce.fingerprint === fingerprint) return [];
    const before = inForce.configuration;
    const { elsewhere } = inForce;
    const changes = before
      ? changesOf(before, configuration, definitions)
      : elsewhere
        ? [anotherInstallation(elsewhere.scope, scope)]
        : [];
    const told = before ?? elsewhere?.configuration;
    const edition = inForce.edition + 1;
    const { saved } = savedSchema.parse(
      await driver.rpc('billing_audit_put_configuration_in_force', {
        scope,
        edition,
        fingerprint,
        configuration,
        events: changes.map((change, index) => eventOf(change, index + 1, { scope, edition, by, at })),
        // From the configuration before, not from the rules of this moment: those may be saved already.
        told: told ? toldBy(told, definitions) : [],
        at,
      }),
    );
    if (saved) return changes;
  }
  throw new Error(`The configuration of ${scope} is being changed by others all the time.`);
}

/** Nodes of two installations have nothing to do with each other, so what became weaker cannot be told. */
function anotherInstallation(before: string, after: string): ConfigurationChange {
  return {
    subject: 'Installation',
    field: null,
    before,
    after,
    weakens: true,
    because:
      'A new installation began watching with this store; its configuration cannot be compared with the one before.',
  };
}

/** Whom the nodes that tell named, by the node. */
function toldBy(
  { nodes }: Configuration,
  definitions: readonly NodeDefinition[],
): readonly { readonly rule_id: string; readonly recipients: readonly string[] }[] {
  return nodes
    .filter(({ on }) => on)
    .flatMap((node) => {
      const definition = definitions.find(({ name }) => name === node.type);
      const field = definition && 'guards' in definition ? definition.guards?.tells : undefined;
      if (field === undefined) return [];
      const recipients = entriesOf(node.values[field]).map((address) => address.toLowerCase());
      return [{ rule_id: node.id, recipients: [...new Set(recipients)] }];
    });
}
