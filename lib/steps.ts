import { setImmediate as nextTurn } from 'node:timers/promises';

/** Work that takes long, in steps of which each takes little. */
export type Steps<Result> = Generator<void, Result>;

/** So short that an event which passes meanwhile does not notice it. */
const SLICE_MILLISECONDS = 4;

/** Does all steps at once: for a thread in which nobody else waits. */
export function atOnce<Result>(steps: Steps<Result>): Result {
  for (;;) {
    const { done, value } = steps.next();
    if (done) return value;
  }
}

/**
 * Does the steps in slices of a few milliseconds, between which all others of this thread have their turn.
 * @throws whatever a step throws
 */
export async function inSlices<Result>(steps: Steps<Result>, slice = SLICE_MILLISECONDS): Promise<Result> {
  for (let began = performance.now(); ;) {
    const { done, value } = steps.next();
    if (done) return value;
    if (performance.now() - began < slice) continue;
    await nextTurn();
    began = performance.now();
  }
}
