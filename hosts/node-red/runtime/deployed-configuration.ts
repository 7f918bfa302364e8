import type { Field, NodeDefinition, SettingsDefinition } from '../../../lib/define';
import { isEmpty } from '../../../lib/fields';
import { completeFields, completeSettings } from '../../../lib/settings';
import { variablesIn, type Configuration, type ConfiguredNode } from '../../../lib/weakening';
import { nodeType, SETTINGS_PROPERTY, SETTINGS_TYPE, typeProperty } from '../names';
import { reachOf, type FlowNode } from './reach';

type Environment = Readonly<Record<string, string | undefined>>;
type Values = Readonly<Record<string, unknown>>;

/** Sources whose value is in the field itself. */
const FIXED = new Set(['', 'str', 'num', 'bool', 'json', 'choice']);

/**
 * What of ours is in force by deployed flows and an environment: each node with its effective values, whether it is on,
 * and where its messages get to.
 */
export function configurationOf(
  flows: readonly FlowNode[],
  definitions: readonly NodeDefinition[],
  environment: Environment,
): Configuration {
  const nodes = new Map(flows.map((node) => [node.id, node]));
  const definitionFor = (node: FlowNode): NodeDefinition | undefined =>
    definitions.find((definition) => nodeType(definition) === node.type);
  const guards = (node: FlowNode): boolean => {
    const definition = definitionFor(node);
    return definition !== undefined && 'guards' in definition && definition.guards !== undefined;
  };
  const isOn = (node: FlowNode): boolean => isInForce(node, nodes);
  const settingsNodes = flows.filter((node) => node.type === SETTINGS_TYPE && isOn(node));
  const deployed = flows.flatMap((node): ConfiguredNode[] => {
    const definition = definitionFor(node);
    if (!definition) return [];
    const saved = resolved(node, nodes, environment);
    const settings = definition.role === 'settings' ? '' : settingsFor(saved, settingsNodes);
    const shared = nodes.get(settings);
    const values =
      definition.role === 'settings'
        ? settingValues(definition, saved, environment)
        : nodeValues(definition, saved, shared ? resolved(shared, nodes, environment) : {}, environment);
    const reach = guards(node) ? reachOf(node, nodes, { isOurs: guards, isOn }) : { reaches: [], between: {} };
    return [
      {
        id: node.id,
        type: definition.name,
        name: typeof node['name'] === 'string' ? node['name'].trim() : '',
        on: isOn(node),
        values,
        settings,
        inherits: inheritedOf(definition, saved),
        ...reach,
      },
    ];
  });
  return { nodes: deployed, variables: variablesIn(environment) };
}

/** Neither it, nor the flow it stands on, nor every place of its subflow is disabled. */
function isInForce(node: FlowNode, nodes: ReadonlyMap<string, FlowNode>, seen: readonly string[] = []): boolean {
  if (node['d'] === true || node['disabled'] === true) return false;
  const flow = typeof node['z'] === 'string' ? nodes.get(node['z']) : undefined;
  if (!flow || seen.includes(flow.id)) return true;
  if (flow.type !== 'subflow') return isInForce(flow, nodes);
  const instances = [...nodes.values()].filter(({ type }) => type === `subflow:${flow.id}`);
  return instances.some((instance) => isInForce(instance, nodes, [...seen, flow.id]));
}

/** The values as a node sees them: `${NAME}` is looked up in its flow, then in the environment. */
function resolved(node: FlowNode, nodes: ReadonlyMap<string, FlowNode>, environment: Environment): Values {
  const flow = typeof node['z'] === 'string' ? nodes.get(node['z']) : undefined;
  const own = Array.isArray(flow?.['env']) ? (flow['env'] as readonly { name?: unknown; value?: unknown }[]) : [];
  const look = (name: string): unknown => own.find((each) => each.name === name)?.value ?? environment[name] ?? '';
  return Object.fromEntries(
    Object.entries(node).map(([name, value]) => {
      const reference = typeof value === 'string' ? /^\$\{([^}]+)\}$/.exec(value.trim()) : null;
      return [name, reference ? look(reference[1] ?? '') : value];
    }),
  );
}

/** As `SharedSettings`: those that are chosen, else the only ones; empty where there are none, or several. */
function settingsFor(saved: Values, settingsNodes: readonly FlowNode[]): string {
  const chosen = saved[SETTINGS_PROPERTY];
  if (typeof chosen === 'string' && chosen !== '') return chosen;
  return settingsNodes.length === 1 ? (settingsNodes[0]?.id ?? '') : '';
}

function settingValues({ fields }: SettingsDefinition, saved: Values, environment: Environment): Values {
  const given = Object.fromEntries(Object.keys(fields).map((name) => [name, saved[name]]));
  try {
    return { ...completeSettings({ shared: given, environment }) };
  } catch {
    // Settings that cannot be read are an error on every node that uses them; here they are compared as they stand.
    return given;
  }
}

function nodeValues(
  definition: Exclude<NodeDefinition, SettingsDefinition>,
  saved: Values,
  shared: Values,
  environment: Environment,
): Values {
  const { fields, credentials } = definition;
  const worked = Object.entries(fields).filter(([name, field]) => isWorkedOut(name, field, saved));
  const expressions = worked.map(([name]) => [
    name,
    { expression: `${String(saved[typeProperty(name)])}: ${String(saved[name] ?? '')}` },
  ]);
  const chosen = credentials.map(({ name }) => [`credential ${name}`, saved[name] ?? '']);
  const entered = Object.fromEntries(
    Object.keys(fields)
      .filter((name) => !worked.some(([each]) => each === name))
      .map((name) => [name, saved[name]]),
  );
  return {
    ...effective(definition, entered, shared, environment),
    ...Object.fromEntries(expressions),
    ...Object.fromEntries(chosen),
  };
}

/** One value that cannot be read must not hide the others: it is compared as it stands. */
function effective(
  { fields }: Exclude<NodeDefinition, SettingsDefinition>,
  entered: Values,
  shared: Values,
  environment: Environment,
): Values {
  return Object.fromEntries(
    Object.entries(fields).map(([name, field]) => {
      try {
        const sources = { entered: { [name]: entered[name] }, shared: sharedValues(shared), environment };
        return [name, completeFields({ fields: { [name]: field }, ...sources }).params[name] ?? null];
      } catch {
        return [name, entered[name] ?? null];
      }
    }),
  );
}

/** Without what Node-RED keeps beside the settings themselves. */
function sharedValues(shared: Values): Values {
  return Object.fromEntries(Object.entries(shared).filter(([name, value]) => name !== 'id' && !isEmpty(value)));
}

function isWorkedOut(name: string, field: Field, saved: Values): boolean {
  return field.expression === true && !FIXED.has(String(saved[typeProperty(name)] ?? ''));
}

function inheritedOf({ fields }: NodeDefinition, saved: Values): readonly string[] {
  return Object.entries(fields as Readonly<Record<string, Field>>)
    .filter(([name, field]) => field.setting !== undefined && isEmpty(saved[name]))
    .map(([name]) => name);
}
