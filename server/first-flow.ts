import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

interface FlowNode {
  readonly id: string;
  readonly type: string;
  readonly modules?: Readonly<Record<string, string>>;
}

/**
 * Puts the shipped flows into a home that has none. A flow that is there belongs to its user and is left alone.
 * @param shippedFlows  files, each an importable array; their ids differ
 */
export function placeFirstFlows(userDirectory: string, shippedFlows: readonly string[]): boolean {
  const target = join(userDirectory, 'flows.json');
  if (existsSync(target)) return false;
  const flows = shippedFlows.map((file) => JSON.parse(readFileSync(file, 'utf8')) as FlowNode[]);
  writeFileSync(target, `${JSON.stringify(joined(flows.flat()), null, 2)}\n`);
  return true;
}

/** Each file says which modules it needs in a global-config of its own; a Node-RED has one. */
function joined(nodes: readonly FlowNode[]): readonly FlowNode[] {
  const isConfiguration = ({ type }: FlowNode): boolean => type === 'global-config';
  const [first, ...more] = nodes.filter(isConfiguration);
  if (!first) return nodes;
  const modules = Object.assign({}, ...[first, ...more].map((node) => node.modules)) as Record<string, string>;
  return nodes.flatMap((node) => (node === first ? [{ ...first, modules }] : isConfiguration(node) ? [] : [node]));
}
