import type { Ports } from '../../lib/ports';
import type { Store } from '../../lib/store/store';

/** What a deployed node gave last. */
export interface Shown {
  version: string | undefined;
  /** How the evidence stood; it changes by a seal, without anything that the store's version tells of. */
  seal: string;
  /** Milliseconds since 1970; before it the store is left alone. */
  nextAt: number;
}

/** By store, so that it goes with the Runtime, and by node. */
const shownOf = new WeakMap<Store, Map<string, Shown>>();

/** The store may be asked for a quarter of the time at most: a slow question makes the page slower, not the store. */
const SHARE_OF_TIME = 3;

/** What this node gave last; where the host has no ids of nodes, nothing is remembered and everything is given. */
export function shownBy({ store, nodeId }: Pick<Ports, 'store' | 'nodeId'>): Shown {
  const fresh: Shown = { version: undefined, seal: '', nextAt: 0 };
  if (nodeId === undefined) return fresh;
  const ofStore = shownOf.get(store) ?? new Map<string, Shown>();
  shownOf.set(store, ofStore);
  const known = ofStore.get(nodeId) ?? fresh;
  ofStore.set(nodeId, known);
  return known;
}

/** A node that was deployed anew stands before empty pages. */
export function forgetShown({ store, nodeId }: Pick<Ports, 'store' | 'nodeId'>): void {
  if (nodeId !== undefined) shownOf.get(store)?.delete(nodeId);
}

/** Questions that the store has not answered must not pile up; one that failed is asked again after this. */
const LONGEST_ANSWER = 10_000;

/** Nobody else asks for this node until the answer is there. */
export function holdOff(shown: Shown, now: number): void {
  shown.nextAt = now + LONGEST_ANSWER;
}

/** Remembers what was given, and how long the store took for it. */
export function remember(
  shown: Shown,
  { version, seal = '' }: { readonly version: string; readonly seal?: string },
  began: number,
  ended: number,
): void {
  [shown.version, shown.seal] = [version, seal];
  shown.nextAt = ended + SHARE_OF_TIME * Math.max(0, ended - began);
}
