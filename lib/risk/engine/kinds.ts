import { BadModel } from '../errors';
import { type FeatureName } from '../features/features';
import { drawDifferent, seededRandom } from '../seeded-random';
import { rowsOfTable, type Table } from '../table';
import { type AnomalyReading, AnomalyRank, type AnomalyRankJson } from './anomaly-rank';

export interface KindsJson {
  /** The column that tells them apart; null: all events are of one kind. */
  readonly column: number | null;
  /** What is known of those where it is 0, and of those where it is 1; or of all. */
  readonly ranks: readonly AnomalyRankJson[];
}

const TOLD_APART_BY: FeatureName = 'is_cell';
/** From so many events of each on, kinds are told apart: of fewer nobody knows what is ordinary among them. */
const FEWEST_OF_KIND = 100;
/** The detectors need no more rows than this to know what is ordinary; all rows teach the logistic model. */
const DETECTOR_ROWS = 10_000;
/** A model stays below 2 MB with these, and ranks as with twice of each. Kinds share all three. */
const TREES = 100;
const SAMPLES = 50;
const KNOTS = 320;

/**
 * Changed cells are compared with changed cells, and all else (new rows above all) with all else: where rows come by the
 * thousand, a changed cell is strange by being one, and how strange it is among its like is lost. As long as there are few of
 * either kind, every event is compared with all events. A place among few promises little by itself: the strangest of a hundred is one
 * in two hundred.
 */
export class Kinds {
  private constructor(
    private readonly column: number | null,
    private readonly ranks: readonly AnomalyRank[],
  ) {}

  /**
   * @param values  of all events, as they are, rows by `features`; NaN is missing
   * @param filled  the same standardised and filled
   */
  static fit(features: readonly string[], values: Float64Array, filled: Table, seed: number): Kinds {
    const [column, groups] = groupsOf(features, values);
    const ranks = groups.map((group) => {
      const rows = drawn(group, Math.floor(DETECTOR_ROWS / groups.length), seed);
      return AnomalyRank.fit(
        features,
        values,
        { sample: rowsOfTable(filled, rows), rows, group },
        {
          ...{ seed, trees: TREES / groups.length, samples: SAMPLES / groups.length, knots: KNOTS / groups.length },
          // Standardised by what is known, before gaps were filled.
          leastSpread: 1,
        },
      );
    });
    return new Kinds(column, ranks);
  }

  get columns(): number {
    return (this.ranks[0] as AnomalyRank).model.columns;
  }

  /** From now on an event costs less: for who asks about many. */
  prepareForMany(): void {
    for (const { model } of this.ranks) model.lesinn.prepareForMany();
  }

  /**
   * @param values  the event as it is
   * @param filled  the same standardised and filled
   * @throws BadNumbers  when it has not the columns, or an infinite value
   */
  score(values: ArrayLike<number>, filled: Float64Array): AnomalyReading {
    return this.of(values).score(values, filled);
  }

  /** The same with the values that are odd by themselves, the oddest first. */
  read(values: ArrayLike<number>, filled: Float64Array, most: number): ReturnType<AnomalyRank['read']> {
    return this.of(values).read(values, filled, most);
  }

  toJSON(): KindsJson {
    return { column: this.column, ranks: this.ranks.map((rank) => rank.toJSON()) };
  }

  /** @throws BadModel  when a part is of another version or damaged, or they do not fit each other */
  static fromJSON(json: KindsJson): Kinds {
    const { column, ranks } = json ?? {};
    if (column === undefined || !Array.isArray(ranks) || ranks.length !== (column === null ? 1 : 2)) {
      throw new BadModel('anomaly of kinds', 'its kinds are not whole');
    }
    const kinds = new Kinds(
      column,
      ranks.map((rank) => AnomalyRank.fromJSON(rank)),
    );
    const fits = column === null || (Number.isInteger(column) && column >= 0 && column < kinds.columns);
    if (!fits || kinds.ranks.some(({ model }) => model.columns !== kinds.columns)) {
      throw new BadModel('anomaly of kinds', 'its parts know different columns');
    }
    return kinds;
  }

  private of(values: ArrayLike<number>): AnomalyRank {
    const kind = this.column !== null && values[this.column] === 1 ? 1 : 0;
    return this.ranks[kind] as AnomalyRank;
  }
}

/** The column that tells kinds apart, or null, and the rows of each kind. */
function groupsOf(features: readonly string[], values: Float64Array): [number | null, readonly (readonly number[])[]] {
  const width = features.length;
  const column = features.indexOf(TOLD_APART_BY);
  const all = Array.from({ length: values.length / width }, (_, row) => row);
  const isOne = (row: number): boolean => column >= 0 && values[row * width + column] === 1;
  const groups = [all.filter((row) => !isOne(row)), all.filter(isOne)];
  return groups.every(({ length }) => length >= FEWEST_OF_KIND) ? [column, groups] : [null, [all]];
}

/** So many rows of a group at most, drawn by chance, rising. */
function drawn(group: readonly number[], most: number, seed: number): readonly number[] {
  if (group.length <= most) return group;
  const places = drawDifferent(group.length, most, seededRandom(seed + 1)).sort((left, right) => left - right);
  return places.map((place) => group[place] as number);
}
