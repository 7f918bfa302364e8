/** A value in force: what a field holds once *Billing settings*, environment and default have had their say. */
export type ConfiguredValue = unknown;

/** One of our nodes as it is deployed. */
export interface ConfiguredNode {
  readonly id: string;
  /** The name of its definition. */
  readonly type: string;
  /** As a person named it; empty: nobody did. */
  readonly name: string;
  /** Neither it nor the flow it stands on is disabled. */
  readonly on: boolean;
  /** By the name of the field. Credentials are there by the id of the node that holds them, never by what they hold. */
  readonly values: Readonly<Record<string, ConfiguredValue>>;
  /** The shared settings that it uses; empty: none are deployed. */
  readonly settings: string;
  /** Its fields that take their value from there. */
  readonly inherits: readonly string[];
  /** Ids of the nodes of ours that its messages get to, whatever lies between. */
  readonly reaches: readonly string[];
  /** Nodes of others that lie between, by id: the fingerprint of each. One of them can hold messages back. */
  readonly between: Readonly<Record<string, string>>;
}

/** All that decides what is found, told and proved; what is compared from deploy to deploy, and kept in the store. */
export interface Configuration {
  readonly nodes: readonly ConfiguredNode[];
  /** Environment variables that are no field of a node, by name (`variables.ts`); an empty one is not set. */
  readonly variables: Readonly<Record<string, string>>;
}

/** What one step of the configuration did, for people. */
export interface ConfigurationChange {
  /** What was changed: `Alert "Managers"`, or the name of a variable. */
  readonly subject: string;
  /** The label of the field; null: the node itself. */
  readonly field: string | null;
  readonly before: string | null;
  readonly after: string | null;
  /** From now on less is found, told or proved than before. */
  readonly weakens: boolean;
  /** A sentence that says so. */
  readonly because: string;
}
