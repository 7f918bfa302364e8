import { BadModel } from '../errors';

/** An exponential tail: beyond `from` lies the share `above`, and each `scale` more is e times as rare. */
interface TailFit {
  readonly from: number;
  readonly scale: number;
  /** How many numbers it was fitted to: of few it is less sure, and promises less. */
  readonly fitted: number;
}

/** What `toJSON` gives. */
export interface AmountReachJson {
  readonly kind: 'amount-reach';
  readonly version: 1;
  readonly count: number;
  readonly tails: readonly TailFit[];
}

/** Of fewer amounts nobody knows how far they reach. */
const FEWEST = 50;

/**
 * How far an amount goes beyond all that were seen: by the tail of their logarithms, how much rarer than one in as many as
 * there were, in nats. 0 for what so many amounts may well reach, so that an ordinary tail adds nothing to anything.
 *
 * The tail is exponential in logarithms, as Pareto's is in money. It is asked of the greatest few, as many as the square root,
 * and of the greatest tenth, and the smaller answer counts: a paste of amounts that are nearly alike makes one of them steep.
 * Its scale goes by the middle one, which an absurd amount among those that it learns from does not move.
 */
export class AmountReach {
  private constructor(
    private readonly count: number,
    private readonly tails: readonly TailFit[],
  ) {}

  /**
   * @param logarithms  of amounts, NaN where one is not known
   * @returns null where too few are known, or the greatest are all alike: nothing is known of how far amounts go then
   */
  static fit(logarithms: Float64Array): AmountReach | null {
    const rising = logarithms.filter((value) => Number.isFinite(value)).sort();
    const count = rising.length;
    if (count < FEWEST) return null;
    const tails = [Math.sqrt(count), count / 10].map((most) => fittedTo(rising, Math.ceil(most)));
    return tails.every(({ scale }) => scale > 0) ? new AmountReach(count, tails) : null;
  }

  /** In nats; 0 for an amount that is not known. */
  nats(logarithm: number): number {
    if (!Number.isFinite(logarithm)) return 0;
    return this.tails.reduce((least, tail) => Math.min(least, this.natsBy(tail, logarithm)), Infinity);
  }

  toJSON(): AmountReachJson {
    return { kind: 'amount-reach', version: 1, count: this.count, tails: this.tails };
  }

  /** @throws BadModel  when it was written by another version, or a tail is not one */
  static fromJSON(json: AmountReachJson): AmountReach {
    if (json?.kind !== 'amount-reach' || json.version !== 1) {
      throw new BadModel('amount reach', `its kind is ${String(json?.kind)}, version ${String(json?.version)}`);
    }
    const isTail = ({ from, scale, fitted }: TailFit): boolean =>
      Number.isFinite(from) && scale > 0 && Number.isInteger(fitted) && fitted > 0;
    if (!(json.count >= FEWEST) || !Array.isArray(json.tails) || !json.tails.length || !json.tails.every(isTail)) {
      throw new BadModel('amount reach', 'its tails are damaged');
    }
    return new AmountReach(json.count, json.tails);
  }

  /** What a tail promises of the next one, its scale being known from `fitted` numbers only: Pareto's, not the exponential. */
  private natsBy({ from, scale, fitted }: TailFit, logarithm: number): number {
    const beyond = Math.max(0, logarithm - from);
    const rarity = Math.log(this.count / fitted) + fitted * Math.log1p(beyond / (fitted * scale));
    return Math.max(0, rarity - Math.log(this.count + 1));
  }
}

function fittedTo(rising: Float64Array, fitted: number): TailFit {
  const from = rising[rising.length - fitted - 1] as number;
  const middle = rising[rising.length - Math.ceil(fitted / 2)] as number;
  return { from, fitted, scale: (middle - from) / Math.LN2 };
}
