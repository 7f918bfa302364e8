import type { FlowNode } from './version-shelf';

/** How many nodes differ between two versions. */
export interface Difference {
  readonly added: number;
  readonly removed: number;
  readonly changed: number;
  /** Moved on the canvas, and nothing else. */
  readonly moved: number;
}

const PLACE: readonly string[] = ['x', 'y', 'w', 'h'];

/** What the step from one version to the next did. */
export function differenceOf(before: readonly FlowNode[], after: readonly FlowNode[]): Difference {
  const earlier = new Map(before.map((node) => [node.id, node]));
  const later = new Set(after.map(({ id }) => id));
  const difference = { added: 0, removed: 0, changed: 0, moved: 0 };
  difference.removed = before.filter(({ id }) => !later.has(id)).length;
  for (const node of after) {
    const old = earlier.get(node.id);
    if (!old) difference.added += 1;
    else if (textOf(old, PLACE) !== textOf(node, PLACE)) difference.changed += 1;
    else if (textOf(old, []) !== textOf(node, [])) difference.moved += 1;
  }
  return difference;
}

/** Whether the flows do something else: where a node stands on the canvas is a matter of taste. */
export function isDifferent({ added, removed, changed }: Difference): boolean {
  return added + removed + changed > 0;
}

/** "2 added, 1 changed", or "nothing". */
export function inWords({ added, removed, changed, moved }: Difference): string {
  const parts = Object.entries({ added, removed, changed, moved }).filter(([, count]) => count > 0);
  return parts.length === 0 ? 'nothing' : parts.map(([word, count]) => `${count} ${word}`).join(', ');
}

/** The order of fields says nothing. */
function textOf(node: FlowNode, without: readonly string[]): string {
  const fields = Object.entries(node).filter(([name]) => !without.includes(name));
  return JSON.stringify(fields.sort(([one], [other]) => (one < other ? -1 : 1)));
}
