import { canonicalJson } from '../hash';
import { asTold } from './as-told';

/** A node of a flow, a tab, a subflow or a group, as Node-RED saves it. */
export type FlowNode = Readonly<Record<string, unknown>> & { readonly id: string; readonly type: string };

/** Which node it is, in the words of the editor. */
export interface NodeOfFlow {
  readonly id: string;
  readonly type: string;
  /** As a person named it; null when nobody did. */
  readonly name: string | null;
  /** The name of the tab or subflow it stands on, its id where that has no name; null for tabs and config nodes. */
  readonly flow: string | null;
}

/**
 * One property that differs. Null: it was not there, or was empty. Secrets read `[secret]`; code and long texts of nodes
 * that are not ours read `12 lines, SHA-256 ...` (`as-told.ts`).
 */
export interface PropertyDifference {
  readonly name: string;
  readonly before: unknown;
  readonly after: unknown;
}

/** What a deploy did to one node. `disabled` and `enabled` name only that; what else changed is a `changed` of its own. */
export interface FlowDifference {
  readonly kind: 'added' | 'removed' | 'changed' | 'disabled' | 'enabled';
  readonly node: NodeOfFlow;
  readonly properties: readonly PropertyDifference[];
}

/** Which node it is, and where it stands on the canvas: neither says what it does. */
const NOT_A_PROPERTY: readonly string[] = ['id', 'type', 'x', 'y', 'w', 'h', 'credentials'];
const NOTHING: Readonly<Record<string, unknown>> = {};

/**
 * What the step from one deployed version of the flows to the next did, node by node: first what was removed, then the
 * rest in the order of the later version. Moving a node on the canvas is nothing; moving it to another tab changes `z`.
 */
export function diffFlows(before: readonly FlowNode[], after: readonly FlowNode[]): readonly FlowDifference[] {
  const earlier = new Map(before.map((node) => [node.id, node]));
  const later = new Set(after.map(({ id }) => id));
  const namesBefore = namesOfFlows(before);
  const namesAfter = namesOfFlows(after);
  const removed = before
    .filter(({ id }) => !later.has(id))
    .map((node): FlowDifference => {
      return { kind: 'removed', node: nodeOf(node, namesBefore), properties: differing(node, NOTHING) };
    });
  const rest = after.flatMap((node) => {
    const old = earlier.get(node.id);
    const about = nodeOf(node, namesAfter);
    if (old?.type === node.type) return stepsBetween(old, node, about);
    const added: FlowDifference = { kind: 'added', node: about, properties: differing(NOTHING, node) };
    if (!old) return [added];
    // Another type under the same id is another node.
    const gone: FlowDifference = {
      kind: 'removed',
      node: nodeOf(old, namesBefore),
      properties: differing(old, NOTHING),
    };
    return [gone, added];
  });
  return [...removed, ...rest];
}

function stepsBetween(before: FlowNode, after: FlowNode, node: NodeOfFlow): FlowDifference[] {
  const switchName = after.type === 'tab' ? 'disabled' : 'd';
  const differences = differing(before, after);
  const properties = differences.filter(({ name }) => name !== switchName);
  const steps: FlowDifference[] = [];
  const isOff = after[switchName] === true;
  if (isOff !== (before[switchName] === true)) {
    const switched = { name: switchName, before: !isOff, after: isOff };
    steps.push({ kind: isOff ? 'disabled' : 'enabled', node, properties: [switched] });
  }
  if (properties.length > 0) steps.push({ kind: 'changed', node, properties });
  return steps;
}

function differing(
  before: Readonly<Record<string, unknown>>,
  after: Readonly<Record<string, unknown>>,
): readonly PropertyDifference[] {
  const names = [...new Set([...Object.keys(before), ...Object.keys(after)])];
  return names
    .filter((name) => !NOT_A_PROPERTY.includes(name))
    .filter((name) => canonicalJson(before[name] ?? null) !== canonicalJson(after[name] ?? null))
    .map((name) => ({
      name,
      before: asTold(typeIn(before), name, before[name]),
      after: asTold(typeIn(after), name, after[name]),
    }));
}

function nodeOf(node: FlowNode, flows: ReadonlyMap<string, string>): NodeOfFlow {
  const flow = textIn(node['z']);
  return {
    id: node.id,
    type: node.type,
    name: textIn(node['name']) ?? textIn(node['label']),
    flow: flow === null ? null : (flows.get(flow) ?? flow),
  };
}

function namesOfFlows(nodes: readonly FlowNode[]): ReadonlyMap<string, string> {
  return new Map(
    nodes
      .filter(({ type }) => type === 'tab' || type === 'subflow')
      .flatMap((node) => {
        const name = textIn(node['label']) ?? textIn(node['name']);
        return name === null ? [] : [[node.id, name] as const];
      }),
  );
}

function typeIn(node: Readonly<Record<string, unknown>>): string {
  return textIn(node['type']) ?? '';
}

function textIn(value: unknown): string | null {
  return typeof value === 'string' && value !== '' ? value : null;
}
