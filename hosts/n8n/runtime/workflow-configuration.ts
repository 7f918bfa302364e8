import type { IExecuteFunctions, NodeTypeAndVersion } from 'n8n-workflow';
import type { Field, Fields, NodeDefinition } from '../../../lib/define';
import { isEmpty } from '../../../lib/fields';
import { canonicalJson, sha256Hex } from '../../../lib/hash';
import { completeFields, completeSettings } from '../../../lib/settings';
import type { Configuration, ConfiguredNode } from '../../../lib/weakening';
import { nodeName, OPTIONS, PACKAGE_NAME } from '../names';
import { plain } from './entered-fields';
import { WATCHED } from './watched-definitions';

/** What n8n lets a node know of the workflow around it. */
export type Workflow = Pick<IExecuteFunctions, 'getChildNodes'>;
type Values = Readonly<Record<string, unknown>>;

const SETTINGS = 'billing-settings';

/**
 * What of ours is in force in the workflow of a trigger: the trigger, and the nodes behind it with their values, whether
 * they are on, and where their items get to. n8n tells a node of those behind it, and of no others: a branch that the
 * trigger does not lead to, another workflow, and credentials but for our own stay hidden.
 * @param trigger  the trigger, with its parameters
 * @param shared  the *Billing settings* of the store credential
 */
export function workflowConfiguration(workflow: Workflow, trigger: NodeTypeAndVersion, shared: Values): Configuration {
  // Asked as its method: taken out of it, that of a real n8n does not know its workflow any more.
  const children = workflow.getChildNodes(trigger.name, { includeNodeParameters: true });
  const all = [trigger, ...children.filter(({ name }) => name !== trigger.name)];
  const behind = (name: string): readonly NodeTypeAndVersion[] =>
    workflow.getChildNodes(name).flatMap((child) => all.find((node) => node.name === child.name) ?? []);
  const nodes = all.flatMap((node): ConfiguredNode[] => {
    const definition = definitionOf(node);
    if (!definition) return [];
    const entered = enteredIn(node, definition.fields as Fields);
    return [
      {
        // n8n hides the ids of nodes; their names are unique in a workflow.
        id: node.name,
        type: definition.name,
        name: node.name,
        on: !node.disabled,
        values: effective(definition.fields as Fields, entered, shared),
        settings: SETTINGS,
        inherits: inheritedOf(definition.fields as Fields, entered),
        ...reachOf(node, behind),
      },
    ];
  });
  return { nodes: [...nodes, settingsNode(shared)], variables: {} };
}

/** Whether it is one of ours whose change can weaken detection. */
export function isWatched(node: Pick<NodeTypeAndVersion, 'type'>): boolean {
  return definitionOf(node) !== undefined;
}

function definitionOf({ type }: Pick<NodeTypeAndVersion, 'type'>): NodeDefinition | undefined {
  return WATCHED.find((definition) => type === `${PACKAGE_NAME}.${nodeName(definition)}`);
}

/** Nodes of ours that items get to, and the others on the way there: one of them can hold items back. */
function reachOf(
  node: NodeTypeAndVersion,
  behind: (name: string) => readonly NodeTypeAndVersion[],
): Pick<ConfiguredNode, 'reaches' | 'between'> {
  const later = behind(node.name);
  const ours = later.filter((each) => isWatched(each) && !each.disabled);
  const beyond = new Set(ours.flatMap(({ name }) => behind(name).map((each) => each.name)));
  const between = later.filter(
    (each) => !isWatched(each) && !each.disabled && !beyond.has(each.name) && behind(each.name).some(isWatched),
  );
  return {
    reaches: ours.map(({ name }) => name),
    between: Object.fromEntries(between.map((each) => [each.name, fingerprint(each)])),
  };
}

function fingerprint({ type, typeVersion, parameters = {} }: NodeTypeAndVersion): string {
  return sha256Hex(canonicalJson({ type, typeVersion, parameters }));
}

/** What stands in its form; an expression is worked out for each item, and stays what it is. */
function enteredIn({ parameters = {} }: NodeTypeAndVersion, fields: Fields): Values {
  const options = (parameters[OPTIONS] ?? {}) as Values;
  const entered = Object.entries(fields).map(([name, field]) => {
    const value = plain(field, parameters[name] ?? options[name]);
    return [name, typeof value === 'string' && value.startsWith('=') ? { expression: value } : value] as const;
  });
  return Object.fromEntries(entered.filter(([, value]) => value !== undefined && value !== null));
}

/** One value that cannot be read must not hide the others: it is compared as it stands. */
function effective(fields: Fields, entered: Values, shared: Values): Values {
  return Object.fromEntries(
    Object.entries(fields).map(([name, field]) => [name, effectiveValue(name, field, entered[name], shared)]),
  );
}

function effectiveValue(name: string, field: Field, entered: unknown, shared: Values): unknown {
  if (typeof entered === 'object' && entered !== null && 'expression' in entered) return entered;
  try {
    const given = { fields: { [name]: field }, entered: { [name]: entered }, shared: filled(shared), environment: {} };
    return completeFields(given).params[name] ?? null;
  } catch {
    // What the node itself will refuse is compared as it was entered.
    return entered ?? null;
  }
}

function inheritedOf(fields: Fields, entered: Values): readonly string[] {
  return Object.entries(fields)
    .filter(([name, field]) => field.setting !== undefined && isEmpty(entered[name]))
    .map(([name]) => name);
}

/** The *Billing settings* stand in the store credential, so all nodes that share it share them. */
function settingsNode(shared: Values): ConfiguredNode {
  return {
    id: SETTINGS,
    type: SETTINGS,
    name: '',
    on: true,
    values: settingsIn(shared),
    settings: '',
    inherits: [],
    reaches: [],
    between: {},
  };
}

function settingsIn(shared: Values): Values {
  try {
    return { ...completeSettings({ shared: filled(shared), environment: {} }) };
  } catch {
    // As above.
    return filled(shared);
  }
}

function filled(values: Values): Values {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => !isEmpty(value)));
}
