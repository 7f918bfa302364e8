import { BadModel } from '../errors';

/** An exponential tail: beyond `from` lie `fitted` of all, and each `scale` more is e times as rare. */
interface TailFit {
  readonly from: number;
  readonly scale: number;
  /** How many numbers lie beyond: of few it is less sure, and promises less. */
  readonly fitted: number;
}

/** What `toJSON` gives. */
export interface AmountReachJson {
  readonly kind: 'amount-reach';
  readonly version: 1;
  readonly count: number;
  readonly common: number;
  readonly tails: readonly TailFit[];
}

/** Of fewer amounts nobody knows how far they reach, nor where so few are different. */
const FEWEST = 50;
const FEWEST_DIFFERENT = 20;

/**
 * How far an amount goes beyond all that were seen: by the tail of their logarithms, how much rarer than one in as many as
 * there were, in nats. 0 for what so many amounts may well reach, so that an ordinary tail adds nothing to anything.
 *
 * The tail is exponential in logarithms, as Pareto's is in money. It is asked of the greatest few, as many as the square root,
 * and of the greatest tenth, and the smaller answer counts: a paste of amounts that are nearly alike makes one of them steep.
 * Its scale goes by the middle one, which an absurd amount among those that it learns from does not move. A price that was
 * pasted a hundred times counts once for the tail, and nothing up to it is far.
 */
export class AmountReach {
  private constructor(
    /** Different amounts. */
    private readonly count: number,
    /** Up to it amounts were seen often, whatever the tail says. */
    private readonly common: number,
    private readonly tails: readonly TailFit[],
  ) {}

  /**
   * @param logarithms  of amounts, NaN where one is not known
   * @returns null where too few are known, or too few are different: nothing is known of how far amounts go then
   */
  static fit(logarithms: Float64Array): AmountReach | null {
    const rising = logarithms.filter((value) => Number.isFinite(value)).sort();
    if (rising.length < FEWEST) return null;
    const different = rising.filter((value, place) => value !== rising[place - 1]);
    const count = different.length;
    if (count < FEWEST_DIFFERENT) return null;
    const common = rising[rising.length - Math.ceil(Math.sqrt(rising.length) / 2)] as number;
    const tails = [Math.sqrt(count), count / 10].map((most) => fittedTo(different, Math.ceil(most)));
    return new AmountReach(count, common, tails);
  }

  /** In nats; 0 for an amount that is not known. */
  nats(logarithm: number): number {
    if (!(logarithm > this.common)) return 0;
    return this.tails.reduce((least, tail) => Math.min(least, this.natsBy(tail, logarithm)), Infinity);
  }

  toJSON(): AmountReachJson {
    return { kind: 'amount-reach', version: 1, count: this.count, common: this.common, tails: this.tails };
  }

  /** @throws BadModel  when it was written by another version, or a tail is not one */
  static fromJSON(json: AmountReachJson): AmountReach {
    if (json?.kind !== 'amount-reach' || json.version !== 1) {
      throw new BadModel('amount reach', `its kind is ${String(json?.kind)}, version ${String(json?.version)}`);
    }
    const { count, common, tails } = json;
    const isTail = (tail: TailFit | null): boolean =>
      tail !== null && Number.isFinite(tail.from) && tail.scale > 0 && Number.isInteger(tail.fitted) && tail.fitted > 0;
    const areTails = Array.isArray(tails) && tails.length > 0 && tails.every(isTail);
    if (!(count >= FEWEST_DIFFERENT) || !Number.isFinite(common) || !areTails) {
      throw new BadModel('amount reach', 'its tails are damaged');
    }
    return new AmountReach(count, common, tails);
  }

  /** What a tail promises of the next one, its scale being known from `fitted` numbers only: Pareto's, not the exponential. */
  private natsBy({ from, scale, fitted }: TailFit, logarithm: number): number {
    const beyond = Math.max(0, logarithm - from);
    const rarity = Math.log(this.count / fitted) + fitted * Math.log1p(beyond / (fitted * scale));
    return Math.max(0, rarity - Math.log(this.count + 1));
  }
}

/** @param rising  all of them different */
function fittedTo(rising: Float64Array, fitted: number): TailFit {
  const from = rising[rising.length - fitted - 1] as number;
  const middle = rising[rising.length - Math.ceil(fitted / 2)] as number;
  return { from, fitted, scale: (middle - from) / Math.LN2 };
}
