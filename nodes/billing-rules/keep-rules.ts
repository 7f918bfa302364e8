import type { Ports } from '../../lib/ports';
import type { Store } from '../../lib/store/store';
import { rulesText, type Rules } from './rules';

/** Rules that a store has, or is being given: by hash. All nodes over a store share it. */
const keptIn = new WeakMap<Store, Map<string, Promise<void>>>();

/**
 * Sees to it that the store can say what `rules_hash` stands for, before the first event bears it.
 * @throws StoreUnavailable  the rules cannot be kept; the change is not lost, it is handed out again
 */
export function keepRules(rules: Rules, { store }: Pick<Ports, 'store'>): Promise<void> {
  const kept = keptIn.get(store) ?? new Map<string, Promise<void>>();
  keptIn.set(store, kept);
  const known = kept.get(rules.hash);
  if (known) return known;
  const keeping = store.keepInForce([{ kind: 'rules', text: rulesText(rules) }]).then(
    () => undefined,
    (thrown: unknown) => {
      kept.delete(rules.hash);
      throw thrown;
    },
  );
  kept.set(rules.hash, keeping);
  return keeping;
}
