import { withoutSecrets } from '../flows-diff';
import type { Configuration } from './configuration';

/** Their values are ids of nodes: the node named so holds the credential, and none is here. */
const CREDENTIAL = /^credential /;

/**
 * The configuration as it may be kept: passwords, tokens and keys that were typed into fields or expressions, or come there
 * from a `${VARIABLE}`, are replaced. Only of a secret is it not seen that it differs.
 */
export function safeConfiguration(configuration: Configuration): Configuration {
  const nodes = configuration.nodes.map((node) => ({
    ...node,
    values: Object.fromEntries(
      Object.entries(node.values).map(([name, value]) => [
        name,
        CREDENTIAL.test(name) || value === undefined ? value : withoutSecrets(name, value),
      ]),
    ),
  }));
  return { ...configuration, nodes };
}
