import type { NodeMessage } from 'node-red';
import type { Outputs } from '../../../lib/define';

/**
 * Lays out what a node gave for Node-RED: one place for each output in the order of its definition, several values as
 * several messages. The message that came in is used for the first value, copies of it for the others, so that all else
 * on it travels on.
 * @param original  null for a trigger: each value is a new message
 */
export function toMessages(
  outputs: Outputs,
  emitted: Readonly<Record<string, unknown>>,
  original: NodeMessage | null,
  clone: (message: NodeMessage) => NodeMessage,
): (NodeMessage[] | null)[] {
  const places = Object.keys(outputs).map((name) => valuesOf(emitted[name]));
  const copies = places.flat().map((_, index) => (original ? (index === 0 ? original : clone(original)) : {}));
  let next = 0;
  return places.map((values) =>
    values.length ? values.map((payload) => Object.assign(copies[next++] ?? {}, { payload })) : null,
  );
}

/** How many values a node gave. */
export function countOf(emitted: Readonly<Record<string, unknown>>): number {
  return Object.values(emitted).reduce<number>((sum, value) => sum + valuesOf(value).length, 0);
}

function valuesOf(given: unknown): readonly unknown[] {
  if (given === undefined || given === null) return [];
  return Array.isArray(given) ? given : [given];
}
