import { PromiseKeeper } from '../sittings/promise';
import { type Sitting, SittingBook } from '../sittings/sittings';
import type { LearnedEvent } from './lesson';

/** So many false alerts are to be expected at least, or a share of them says nothing. */
const EXPECTED_ALERTS = 20;
const LEAST_SHARE = 0.01;
const MOST_SHARE = 0.1;

/**
 * The share of normal sittings that alerted over the share promised, on the sittings from event `from` on; those before
 * make the first thresholds. NaN where there are too few to tell.
 * @param ranks     what events are ranked by, one for each event
 * @param findings  whether an event belongs to a finding: its sitting is not normal, and makes no threshold
 */
export function promiseKept(
  events: readonly LearnedEvent[],
  ranks: ArrayLike<number>,
  findings: ArrayLike<number>,
  from: number,
): number {
  const sittings = sittingsOf(events, ranks, findings);
  const border = events[from]?.at ?? Infinity;
  const measured = sittings.filter(({ sitting, isFinding }) => !isFinding && sitting.to >= border).length;
  const alpha = Math.max(LEAST_SHARE, EXPECTED_ALERTS / Math.max(1, measured));
  if (alpha > MOST_SHARE) return NaN;
  const keeper = new PromiseKeeper();
  let alerts = 0;
  for (const { sitting, isFinding } of sittings) {
    if (isFinding) continue;
    if (sitting.to >= border && keeper.isTold(sitting.score, alpha, sitting.to)) alerts += 1;
    keeper.learn(sitting);
  }
  return alerts / measured / alpha;
}

interface Judged {
  readonly sitting: Sitting;
  readonly isFinding: boolean;
}

function sittingsOf(
  events: readonly LearnedEvent[],
  ranks: ArrayLike<number>,
  findings: ArrayLike<number>,
): readonly Judged[] {
  const book = new SittingBook();
  const open = new Map<string, boolean>();
  const ended: Judged[] = [];
  const end = (sitting: Sitting): void => {
    ended.push({ sitting, isFinding: open.get(sitting.person) === true });
    open.delete(sitting.person);
  };
  for (const [index, { person, at }] of events.entries()) {
    if (person === null) continue;
    const before = book.take({ person, at, score: ranks[index] as number }).ended;
    if (before) end(before);
    open.set(person, open.get(person) === true || Boolean(findings[index]));
  }
  for (const sitting of book.endIdle(Infinity)) end(sitting);
  return ended.sort((left, right) => left.sitting.to - right.sitting.to);
}
