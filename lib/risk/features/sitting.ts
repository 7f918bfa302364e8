import { signedLog } from '../state/figures';
import { type SittingSoFar, sittingWith } from '../state/sitting-so-far';
import { stepOf } from '../state/step-of';
import { type Feature, type View } from './view';

/**
 * What the whole sitting comes to with this event: one raise is nothing, ten raises and no lowering are. Alerts go by
 * sittings too, and by the highest score in one: so the last event of a series carries what all of them say.
 */
export const sitting = {
  sitting_events: (view) => Math.log1p(soFar(view).events),
  sitting_prices: (view) => Math.log1p(soFar(view).prices),
  sitting_price_share: (view) => (soFar(view).prices + 1) / (soFar(view).events + 3),
  sitting_raised: (view) => Math.log1p(soFar(view).raised),
  sitting_one_way: (view) => oneWaySurprise(soFar(view).raised, soFar(view).lowered),
  sitting_gained: (view) => signedLog(soFar(view).gained),
  sitting_above_book: (view) => soFar(view).above,
  sitting_rounded: (view) => Math.log1p(soFar(view).rounded),
  sitting_raised_historical: (view) => Math.log1p(soFar(view).raisedHistorical),
  sitting_cleared: (view) => Math.log1p(soFar(view).cleared),
  sitting_unusual: (view) => soFar(view).unusual,
} as const satisfies Readonly<Record<string, Feature>>;

/** Made once for each event, whatever number of figures ask for it. */
const made = new WeakMap<View, SittingSoFar>();

function soFar(view: View): SittingSoFar {
  const known = made.get(view);
  if (known) return known;
  const { event, state, row, person } = view;
  const sum = sittingWith(person?.sitting ?? null, event.at, stepOf(event, state, row, person));
  made.set(view, sum);
  return sum;
}

/** -log of the chance that an honest hand, which raises as often as it lowers, raises so often. */
export function oneWaySurprise(raised: number, lowered: number): number {
  const all = raised + lowered;
  // The upper tail of a fair coin, summed from the top; 2^-1000 is about the smallest number there is.
  let chance = 2 ** -Math.min(all, 1000);
  let tail = 0;
  for (let heads = all; heads >= raised; heads -= 1) {
    tail += chance;
    chance *= heads / (all - heads + 1);
  }
  return -Math.log(Math.min(1, tail));
}
