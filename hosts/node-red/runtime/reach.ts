import { canonicalJson, sha256Hex } from '../../../lib/hash';

/** A node of a flow, a tab or a subflow, as Node-RED saves it. */
export type FlowNode = Readonly<Record<string, unknown>> & { readonly id: string; readonly type: string };

/** Where the messages of a node get to. */
export interface Reach {
  /** Nodes of ours, by id. */
  readonly reaches: readonly string[];
  /** Nodes of others that stand on the way there: the fingerprint of each, by id. */
  readonly between: Readonly<Record<string, string>>;
}

const PLACE = new Set(['x', 'y', 'w', 'h', 'g', 'name', 'info']);
/** They hand every message on. */
const CARRIERS = new Set(['junction', 'link in', 'link out']);

/**
 * Follows the wires from a node to the next nodes of ours: over links, junctions, subflows and nodes of others, but not
 * through what is disabled.
 */
export function reachOf(
  from: FlowNode,
  nodes: ReadonlyMap<string, FlowNode>,
  { isOurs, isOn }: { readonly isOurs: (node: FlowNode) => boolean; readonly isOn: (node: FlowNode) => boolean },
): Reach {
  const reaches = new Set<string>();
  const cameFrom = new Map<string, Set<string>>();
  const waiting = [from.id];
  for (let id = waiting.pop(); id !== undefined; id = waiting.pop()) {
    for (const next of nextOf(nodes.get(id), nodes)) {
      const node = nodes.get(next);
      if (!node || !isOn(node)) continue;
      const before = cameFrom.get(next);
      cameFrom.set(next, new Set([...(before ?? []), id]));
      if (isOurs(node)) reaches.add(next);
      else if (!before) waiting.push(next);
    }
  }
  return { reaches: [...reaches].sort(), between: onTheWay(from.id, reaches, cameFrom, nodes) };
}

function onTheWay(
  from: string,
  reaches: ReadonlySet<string>,
  cameFrom: ReadonlyMap<string, ReadonlySet<string>>,
  nodes: ReadonlyMap<string, FlowNode>,
): Readonly<Record<string, string>> {
  const way = new Set<string>();
  const waiting = [...reaches];
  for (let id = waiting.pop(); id !== undefined; id = waiting.pop()) {
    for (const before of cameFrom.get(id) ?? []) {
      if (before === from || way.has(before)) continue;
      way.add(before);
      waiting.push(before);
    }
  }
  const foreign = [...way]
    .sort()
    .flatMap((id) => nodes.get(id) ?? [])
    .filter(({ id, type }) => !reaches.has(id) && !CARRIERS.has(type));
  return Object.fromEntries(foreign.map((node) => [node.id, fingerprintOf(node)]));
}

/** What it does, not where it stands or what leaves it: wires are followed. */
function fingerprintOf(node: FlowNode): string {
  const properties = Object.entries(node).filter(([name]) => !PLACE.has(name) && name !== 'wires' && name !== 'z');
  return sha256Hex(canonicalJson(Object.fromEntries(properties))).slice(0, 16);
}

function nextOf(node: FlowNode | undefined, nodes: ReadonlyMap<string, FlowNode>): readonly string[] {
  if (!node) return [];
  const links = node.type === 'link out' || node.type === 'link call' ? textsIn(node['links']) : [];
  // What goes into a subflow comes out of it only from the nodes inside.
  const isInstance = node.type.startsWith('subflow:');
  const wired = isInstance ? intoSubflow(node, nodes) : portsOf(node).flat();
  return [...wired, ...links, ...outOfSubflow(node, nodes)];
}

function portsOf(node: FlowNode): readonly (readonly string[])[] {
  return Array.isArray(node['wires']) ? node['wires'].map(textsIn) : [];
}

/** From an instance to the first nodes of its subflow. */
function intoSubflow({ type }: FlowNode, nodes: ReadonlyMap<string, FlowNode>): readonly string[] {
  return endsOf(nodes.get(type.slice('subflow:'.length)), 'in')
    .flatMap(({ wires }) => wires)
    .map(({ id }) => id);
}

/** From a last node of a subflow to whatever is connected to its instances. */
function outOfSubflow({ id, z }: FlowNode, nodes: ReadonlyMap<string, FlowNode>): readonly string[] {
  const subflow = typeof z === 'string' ? nodes.get(z) : undefined;
  if (subflow?.type !== 'subflow') return [];
  const instances = [...nodes.values()].filter(({ type }) => type === `subflow:${subflow.id}`);
  return endsOf(subflow, 'out').flatMap(({ wires }, port) =>
    wires.some((wire) => wire.id === id) ? instances.flatMap((instance) => portsOf(instance)[port] ?? []) : [],
  );
}

interface SubflowEnd {
  readonly wires: readonly { readonly id: string }[];
}

function endsOf(subflow: FlowNode | undefined, which: 'in' | 'out'): readonly SubflowEnd[] {
  const ends = subflow?.[which];
  return Array.isArray(ends) ? (ends as readonly SubflowEnd[]).map(({ wires }) => ({ wires: wires ?? [] })) : [];
}

function textsIn(value: unknown): readonly string[] {
  return Array.isArray(value) ? value.filter((each) => typeof each === 'string') : [];
}
