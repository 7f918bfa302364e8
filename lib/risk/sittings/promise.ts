import { BadNumbers } from '../errors';
import type { Sitting } from './sittings';

/** Days of sittings that a threshold is made from. */
export const CALIBRATION_DAYS = 28;

const DAY = 86_400_000;

/**
 * Conformal thresholds over the sittings of the last 28 days (Vovk; Bates et al. 2023): when a new sitting is like those,
 * at most the share `alpha` of normal ones is at or above the threshold, whatever the scores mean.
 */
export class PromiseKeeper {
  /** Scores and ends of sittings taken for normal, in order of time. */
  private readonly sittings: { readonly to: number; readonly score: number; readonly person: string }[] = [];

  /** Takes a sitting that ended and was not confirmed as a finding. */
  learn({ to, score, person }: Sitting): void {
    if (!Number.isFinite(score)) {
      throw new BadNumbers(`A sitting of ${person} has the score ${score}.`, 'Score its events first.');
    }
    this.sittings.push({ to, score, person });
  }

  /** Takes back what reviewers confirmed as a finding: it must not make the threshold blind for its like. */
  forget(matches: (sitting: { readonly to: number; readonly person: string }) => boolean): void {
    for (let index = this.sittings.length - 1; index >= 0; index -= 1) {
      if (matches(this.sittings[index] as { to: number; person: string })) this.sittings.splice(index, 1);
    }
  }

  /** How many normal sittings of the 28 days before `now` are known. */
  count(now: number): number {
    return this.recent(now).length;
  }

  /**
   * The share of normal sittings that score as high or higher, the sitting itself counted: (1 + higher) / (n + 1).
   * Small is rare; it is never 0.
   */
  rarity(score: number, now: number): number {
    const recent = this.recent(now);
    const asHigh = recent.filter((one) => one.score >= score).length;
    return (1 + asHigh) / (recent.length + 1);
  }

  /**
   * The lowest score that alerts, so that at most `alpha` of normal sittings do.
   * @returns Infinity while there are too few sittings to promise it: fewer than 1 / alpha
   */
  threshold(alpha: number, now: number): number {
    checkShare(alpha);
    const scores = this.recent(now)
      .map(({ score }) => score)
      .sort((left, right) => right - left);
    // rarity <= alpha  <=>  at most allowed - 1 sittings score as high.
    const allowed = Math.floor(alpha * (scores.length + 1));
    if (allowed < 1) return Infinity;
    const border = scores[allowed - 1] as number;
    return nextAbove(border);
  }

  /**
   * Whether a score is at or above `threshold(alpha, now)`; for who asks of many sittings, as nothing is put in order for it.
   * @throws BadNumbers  as `threshold`
   */
  isTold(score: number, alpha: number, now: number): boolean {
    checkShare(alpha);
    let [known, asHigh] = [0, 0];
    for (const { to, score: other } of this.sittings) {
      if (to < now - CALIBRATION_DAYS * DAY || to > now) continue;
      known += 1;
      if (other >= score) asHigh += 1;
    }
    return asHigh < Math.floor(alpha * (known + 1));
  }

  /** The promise for a number of findings a day: which alpha gives so many of the sittings that a day has. */
  alphaFor(findingsADay: number, now: number): number {
    const recent = this.recent(now);
    const first = recent[0];
    if (first === undefined) return 1e-9;
    const days = Math.max(1, Math.min(CALIBRATION_DAYS, (now - first.to) / DAY));
    return Math.min(0.5, Math.max(1e-9, findingsADay / (recent.length / days)));
  }

  private recent(now: number): readonly { readonly to: number; readonly score: number }[] {
    const from = now - CALIBRATION_DAYS * DAY;
    while (this.sittings[0] !== undefined && this.sittings[0].to < from) this.sittings.shift();
    return this.sittings.filter(({ to }) => to >= from && to <= now);
  }
}

function checkShare(alpha: number): void {
  if (alpha > 0 && alpha < 1) return;
  throw new BadNumbers(`A share of ${alpha} cannot be promised.`, 'Give a share between 0 and 1.', { alpha });
}

/** The next larger double, so that a score equal to the border does not alert. */
function nextAbove(value: number): number {
  if (!Number.isFinite(value)) return value;
  const view = new DataView(new ArrayBuffer(8));
  view.setFloat64(0, value === 0 ? 0 : value);
  const bits = view.getBigInt64(0);
  view.setBigInt64(0, value >= 0 ? bits + 1n : bits - 1n);
  return view.getFloat64(0);
}
