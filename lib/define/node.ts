import type { Ports } from '../ports';
import type { CredentialDefinition } from './credential';
import type { Fields, Params } from './fields';
import type { ValueOn, Wire } from './wire';

/** Outputs by name, in the order in which a host draws them. */
export type Outputs = Readonly<Record<string, Wire>>;

/** What a node gives: for each output nothing, one value, or several in order. */
export type Emit<O extends Outputs> = {
  readonly [Name in keyof O]?: ValueOn<O[Name]> | readonly ValueOn<O[Name]>[];
};

/** Sends from a trigger; resolves when the host has taken the values. */
export type Send<O extends Outputs> = (emitted: Emit<O>) => void;

/** Ends a trigger and waits until it has ended. `removed`: the node is gone for good, not only deployed anew. */
export type Stop = (end?: { readonly removed: boolean }) => Promise<void>;

/** Text under a node: a key of the host's locale catalogue, facts for it, and how it stands. */
export interface Status {
  readonly state: 'ok' | 'working' | 'waiting' | 'warning' | 'error' | 'off';
  /** At most about 40 characters, in English; the host may translate it by `key`. */
  readonly text: string;
}

/** What a node that works without messages may do in its host. */
export interface BegunBy<O extends Outputs> {
  readonly send: Send<O>;
  readonly show: (status: Status) => void;
}

/** A node without which less is found, told or proved: removing, disabling or disconnecting it is told. */
export interface Guards {
  /** Only while this field has one of these values; left out: always. */
  readonly when?: { readonly field: string; readonly is: readonly string[] };
  /** The field that names whom it tells: they hear of what weakens detection, also when they were just removed. */
  readonly tells?: string;
}

/** A sentence beside a field: a key of its texts, and facts for it. */
export interface SaidBeside<Key extends string = string> {
  readonly key: Key;
  readonly facts: Readonly<Record<string, string | number>>;
}

/** What a dialog says beside a field as its values change, worked out by whatever runs behind it. Nothing is changed by asking. */
export interface BesideField<F extends Fields = Fields> {
  /** In English, by key, with `__fact__` where a fact stands; a host may translate them. */
  readonly texts: Readonly<Record<string, string>>;
  /**
   * @param params  the dialog as it stands, deployed or not
   * @throws BillingAuditError  it is shown in the place of the sentence
   */
  tell(params: Params<F>, ports: Pick<Ports, 'store' | 'now'>): Promise<SaidBeside>;
}

interface Described<F extends Fields, O extends Outputs> {
  /** Kebab-case, unique, never changed once published. */
  readonly name: string;
  /** Raised when saved nodes must be lifted; see the host's migrations. */
  readonly version: number;
  readonly runs: 'anywhere' | 'server';
  readonly title: string;
  /** One sentence, for the palette's tooltip and the n8n description. */
  readonly summary: string;
  readonly outputs: O;
  readonly credentials: readonly CredentialDefinition[];
  readonly fields: F;
  /** By the field beside which it stands. Shown by hosts whose dialogs can ask what runs (Node-RED). */
  readonly beside?: { readonly [Name in keyof F]?: BesideField<F> };
  readonly guards?: Guards;
}

/** A node that does something with what arrives. */
export interface ActionDefinition<
  F extends Fields = Fields,
  I extends Wire = Wire,
  O extends Outputs = Outputs,
> extends Described<F, O> {
  readonly role: 'action';
  readonly input: I;
  /** What "Try with an example" puts in: a value of the input type. */
  readonly example: ValueOn<I>;
  /** Done when its promise is. Throws a BillingAuditError, or anything, to reach the host's error path. */
  run(input: ValueOn<I>, params: Params<F>, ports: Ports): Promise<Emit<O>>;
  /**
   * Called once the node is deployed, before and without any message; what it gives ends it. For a node that works
   * also while nothing arrives. A failure is shown on the node, and messages still reach `run`.
   */
  begin?(params: Params<F>, ports: Ports, host?: BegunBy<O>): Promise<Stop>;
  /** Shown under the node after each run; nothing = a count of what went through. */
  status?(emitted: Emit<O>): Status;
}

/** A node that starts flows. */
export interface TriggerDefinition<F extends Fields = Fields, O extends Outputs = Outputs> extends Described<F, O> {
  readonly role: 'trigger';
  /** What "Try with an example" shows as coming out. */
  readonly example: Emit<O>;
  /** Begins; resolves to what ends it. */
  start(params: Params<F>, ports: Ports, send: Send<O>, show: (status: Status) => void): Promise<Stop>;
}

/** Values that several nodes share; no ports. Node-RED draws it as a config node. */
export interface SettingsDefinition<F extends Fields = Fields> {
  readonly role: 'settings';
  readonly name: string;
  readonly version: number;
  readonly title: string;
  readonly summary: string;
  readonly fields: F;
}

export type NodeDefinition = ActionDefinition | TriggerDefinition | SettingsDefinition;

/** Declares a node that works on messages; the types of fields, input and outputs are carried into `run`. */
export function defineNode<const F extends Fields, I extends Wire, const O extends Outputs>(
  definition: Omit<ActionDefinition<F, I, O>, 'role'>,
): ActionDefinition<F, I, O> {
  return { ...definition, role: 'action' };
}

/** Declares a node that starts flows. */
export function defineTrigger<const F extends Fields, const O extends Outputs>(
  definition: Omit<TriggerDefinition<F, O>, 'role'>,
): TriggerDefinition<F, O> {
  return { ...definition, role: 'trigger' };
}

/** Declares settings that nodes share. */
export function defineSettings<const F extends Fields>(
  definition: Omit<SettingsDefinition<F>, 'role'>,
): SettingsDefinition<F> {
  return { ...definition, role: 'settings' };
}
