import { PromiseKeeper } from '../risk/sittings';
import type { CountedSittings } from '../store/promise';

/** What a number of findings a day means for sittings. */
export interface Border {
  /** The share of normal sittings that is promised to be told at most; null: all may be, or too few are known. */
  readonly promised: number | null;
  /** The least score that is told at once; -Infinity where nothing is promised, and the number alone holds back. */
  readonly toldFrom: number;
  /** With a model: the least score that is told though no rule asks for it; Infinity while too few sittings are known. */
  readonly unusualFrom: number;
}

/** Of normal sittings at most this share is called unusual, however many findings people can look at. */
export const UNUSUAL = 0.02;

/** From this share on a threshold would hold back what people have the time for. */
const ALL = 0.5;

/** Which scores are told, by the normal sittings of the last 28 days (conformal: see `PromiseKeeper`). Pure. */
export class Thresholds {
  private readonly plain = new PromiseKeeper();
  private readonly modelled = new PromiseKeeper();
  private readonly borders = new Map<string, Border>();

  /** @param now  milliseconds since 1970 */
  constructor(
    normal: readonly CountedSittings[],
    private readonly now: number,
  ) {
    const inTime = normal.toSorted((left, right) => Date.parse(left.first_at) - Date.parse(right.first_at));
    for (const { score, modelled, sittings, first_at } of inTime) {
      const to = Date.parse(first_at);
      const sitting = { person: '', from: to, to, events: 1, score };
      for (let count = 0; count < sittings; count += 1) this.keeper(modelled).learn(sitting);
    }
  }

  border(findingsADay: number, modelled: boolean): Border {
    const key = `${findingsADay}:${modelled}`;
    const known = this.borders.get(key) ?? this.borderOf(findingsADay, this.keeper(modelled));
    this.borders.set(key, known);
    return known;
  }

  /** The share of normal sittings with a lower score, 0..1. */
  shareBelow(score: number, modelled: boolean): number {
    return 1 - this.keeper(modelled).rarity(score, this.now);
  }

  private borderOf(findingsADay: number, keeper: PromiseKeeper): Border {
    const alpha = keeper.alphaFor(findingsADay, this.now);
    const unusualFrom = keeper.threshold(Math.min(alpha, UNUSUAL), this.now);
    const threshold = alpha < ALL ? keeper.threshold(alpha, this.now) : Infinity;
    return Number.isFinite(threshold)
      ? { promised: alpha, toldFrom: threshold, unusualFrom }
      : { promised: null, toldFrom: -Infinity, unusualFrom };
  }

  private keeper(modelled: boolean): PromiseKeeper {
    return modelled ? this.modelled : this.plain;
  }
}
