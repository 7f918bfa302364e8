import { AmountReach, type AmountReachJson } from '../detectors/amount-reach';
import { AnomalyModel, type AnomalyModelJson, type Strangeness, VOTES } from '../detectors/anomaly-model';
import type { Tail } from '../detectors/ecod';
import { EmpiricalDistribution, type EmpiricalDistributionJson } from '../detectors/empirical-distribution';
import { BadModel } from '../errors';
import { AMOUNTS } from '../features/features';
import type { Table } from '../table';

export interface AnomalyRankJson {
  readonly model: AnomalyModelJson;
  readonly reaches: readonly { readonly column: number; readonly reach: AmountReachJson }[];
  readonly ranks: EmpiricalDistributionJson;
  /** What the strangest training event came to. */
  readonly strangest: number;
}

/** How strange an event is: by each detector, and among the training events, 0..1. */
export interface AnomalyReading {
  readonly strangeness: Strangeness;
  readonly anomaly: number;
}

interface Reach {
  readonly column: number;
  readonly reach: AmountReach;
}

interface Learned {
  readonly sample: Table;
  readonly rows: readonly number[];
  readonly group: readonly number[];
}

/** Rarer than e^-20 is nothing: 1 - anomaly must not become 0. */
const RAREST = 20;

/**
 * The place of an event among the training events of its kind, by how strange it is. The detectors ask how many figures are odd, each
 * by its rank, so that a dozen slightly odd ones outweigh an amount however enormous. So an amount that goes beyond all that
 * were seen counts with all the votes that they have: as rare as it is, as rare each of them would have to call the event.
 */
export class AnomalyRank {
  private constructor(
    readonly model: AnomalyModel,
    private readonly reaches: readonly Reach[],
    private readonly ranks: EmpiricalDistribution,
    private readonly strangest: number,
  ) {}

  /**
   * @param features  the names of the columns
   * @param values    of all events, as they are; NaN is missing
   * @param sample    some events of its kind, standardised and filled, which the detectors learn from
   * @param rows      which events these are
   * @param group     all events of its kind: amounts are known of few
   */
  static fit(
    features: readonly string[],
    values: Float64Array,
    { sample, rows, group }: Learned,
    options: Parameters<typeof AnomalyModel.fitted>[1],
  ): AnomalyRank {
    const width = features.length;
    const { model, scores } = AnomalyModel.fitted(sample, options);
    const reaches = features.flatMap((name, column): Reach[] => {
      const reach = AMOUNTS.has(name)
        ? AmountReach.fit(Float64Array.from(group, (row) => values[row * width + column] as number))
        : null;
      return reach ? [{ column, reach }] : [];
    });
    const totals = Float64Array.from(scores, ({ combined }, place) => {
      const row = rows[place] as number;
      return combined + VOTES * natsOf(reaches, values.subarray(row * width, (row + 1) * width));
    });
    const strangest = totals.reduce((most, total) => Math.max(most, total), 0);
    return new AnomalyRank(model, reaches, EmpiricalDistribution.fit(totals), strangest);
  }

  /**
   * @param values  the event as it is
   * @param filled  the same standardised and filled
   * @throws BadNumbers  when it has not the columns, or an infinite value
   */
  score(values: ArrayLike<number>, filled: Float64Array): AnomalyReading {
    return this.placed(values, this.model.score(filled));
  }

  /** The same with the values that are odd by themselves, the oddest first. */
  read(
    values: ArrayLike<number>,
    filled: Float64Array,
    most: number,
  ): AnomalyReading & { readonly tails: readonly Tail[] } {
    const { strangeness, tails } = this.model.read(filled, most);
    return { ...this.placed(values, strangeness), tails };
  }

  toJSON(): AnomalyRankJson {
    const { model, reaches, ranks, strangest } = this;
    const json = reaches.map(({ column, reach }) => ({ column, reach: reach.toJSON() }));
    return { model: model.toJSON(), reaches: json, ranks: ranks.toJSON(), strangest };
  }

  /** @throws BadModel  when a part is of another version or damaged */
  static fromJSON(json: AnomalyRankJson): AnomalyRank {
    const model = AnomalyModel.fromJSON(json?.model);
    const isColumn = (known: { readonly column: number } | null): boolean =>
      known !== null && Number.isInteger(known.column) && known.column >= 0 && known.column < model.columns;
    if (!Array.isArray(json.reaches) || !json.reaches.every(isColumn) || !Number.isFinite(json.strangest)) {
      throw new BadModel('anomaly rank', 'its amounts are damaged');
    }
    const reaches = json.reaches.map(({ column, reach }) => ({ column, reach: AmountReach.fromJSON(reach) }));
    return new AnomalyRank(model, reaches, EmpiricalDistribution.fromJSON(json.ranks), json.strangest);
  }

  /**
   * Beyond the strangest training event the place goes on by nats, shared among the votes, which might all say the same: of
   * two such events the stranger one comes first.
   */
  private placed(values: ArrayLike<number>, strangeness: Strangeness): AnomalyReading {
    const total = strangeness.combined + VOTES * natsOf(this.reaches, values);
    const beyond = Math.max(0, total - this.strangest) / VOTES;
    const rarity = -Math.log1p(-this.ranks.rank(total)) + beyond;
    return { strangeness, anomaly: -Math.expm1(-Math.min(RAREST, rarity)) };
  }
}

/** Of several amounts the one that goes farthest: they are often the same one, told otherwise. */
function natsOf(reaches: readonly Reach[], values: ArrayLike<number>): number {
  return reaches.reduce((most, { column, reach }) => Math.max(most, reach.nats(values[column] as number)), 0);
}
