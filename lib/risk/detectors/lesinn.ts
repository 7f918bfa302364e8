import { BadModel } from '../errors';
import { drawDifferent, seededRandom } from '../seeded-random';
import { checkRow, type Table } from '../table';
import { DistanceBounds } from './distance-bounds';
import { type Scaling, scalingOf } from './scaling';

export interface LeSiNNOptions {
  /** How many samples the distance is averaged over. */
  readonly samples?: number;
  /** Rows in each sample. Few: local oddities show, and clusters of odd rows cannot vouch for each other. */
  readonly size?: number;
  readonly seed?: number;
  /**
   * No column's spread is taken for smaller. 1 for a table that was standardised before its gaps were filled: a column that
   * is hardly ever known varies little then, and its few known values would outweigh all others.
   */
  readonly leastSpread?: number;
}

/** What `toJSON` gives. The points are rows of features, standardised; nothing names where they came from. */
export interface LeSiNNJson extends Scaling {
  readonly kind: 'lesinn';
  readonly version: 1;
  readonly samples: number;
  readonly size: number;
  readonly points: number[];
}

const DEFAULTS = { samples: 50, size: 32, seed: 0, leastSpread: 0 } as const;

/**
 * LeSiNN (Pang, Ting, Albrecht 2015): the distance to the nearest of a few rows, averaged over many small samples.
 * Sees what a forest's straight cuts do not: rows that are odd for their own neighbourhood only.
 */
export class LeSiNN {
  private readonly scaled: Float64Array;
  /** Columns in which points differ most come first: what is too far off shows sooner. */
  private readonly order: Uint16Array;
  private readonly ordered: Float64Array;
  /** Made when many rows are asked about: it costs as much as a few hundred of them. */
  private bounds: DistanceBounds | null = null;

  private constructor(
    readonly columns: number,
    private readonly samples: number,
    private readonly size: number,
    private readonly scaling: Scaling,
    private readonly points: Float64Array,
    /** Which row of the training table each point was; only known in the process that trained it. */
    private readonly rowsOfPoints: Int32Array | null,
  ) {
    this.scaled = new Float64Array(columns);
    this.order = byDifference(points, columns);
    this.ordered = new Float64Array(points.length);
    for (let from = 0; from < points.length; from += columns) {
      for (let place = 0; place < columns; place += 1) {
        this.ordered[from + place] = points[from + (this.order[place] as number)] as number;
      }
    }
  }

  static fit(table: Table, options: LeSiNNOptions = {}): LeSiNN {
    const { samples, size: wanted, seed, leastSpread } = { ...DEFAULTS, ...options };
    const size = Math.min(wanted, table.rows);
    const { columns, values } = table;
    const scaling = scalingOf(table, leastSpread);
    const random = seededRandom(seed);
    const points = new Float64Array(samples * size * columns);
    const rows = new Int32Array(samples * size);
    for (let sample = 0; sample < samples; sample += 1) {
      rows.set(drawDifferent(table.rows, size, random), sample * size);
    }
    for (const [place, row] of rows.entries()) {
      for (let column = 0; column < columns; column += 1) {
        const value = values[row * columns + column] as number;
        const scaled = (value - (scaling.means[column] as number)) / (scaling.spreads[column] as number);
        // A thousandth of a standard deviation is nothing beside a distance, and a third of the saved text.
        points[place * columns + column] = Math.round(scaled * 1000) / 1000;
      }
    }
    return new LeSiNN(columns, samples, size, scaling, points, rows);
  }

  /**
   * The mean distance to the nearest neighbour, in standard deviations; larger is stranger.
   * @throws BadNumbers  when the row is too short or holds what is not finite
   */
  score(values: ArrayLike<number>, offset = 0): number {
    return this.meanDistance(values, offset, -1);
  }

  /** From now on rows cost less: for who asks about many. */
  prepareForMany(): void {
    this.bounds ??= DistanceBounds.of(this.ordered, this.columns, this.size);
  }

  /** The scores of the very table that it was fitted on: a row is not its own neighbour. */
  trainingScores({ rows, values }: Table): Float64Array {
    this.prepareForMany();
    return Float64Array.from({ length: rows }, (_, row) => this.meanDistance(values, row * this.columns, row));
  }

  toJSON(): LeSiNNJson {
    const { samples, size, scaling, points } = this;
    return { kind: 'lesinn', version: 1, samples, size, ...scaling, points: [...points] };
  }

  /** @throws BadModel  when the text was written by another version, or its points are not whole */
  static fromJSON(json: LeSiNNJson): LeSiNN {
    if (json?.kind !== 'lesinn' || json.version !== 1) {
      throw new BadModel('LeSiNN', `its kind is ${String(json?.kind)}, version ${String(json?.version)}`);
    }
    const columns = json.means?.length ?? 0;
    const whole =
      columns > 0 &&
      json.spreads?.length === columns &&
      json.points?.length === json.samples * json.size * columns &&
      json.means.every(Number.isFinite) &&
      json.points.every(Number.isFinite) &&
      json.spreads.every((spread) => spread > 0);
    if (!whole) throw new BadModel('LeSiNN', 'its points are not whole');
    const { means, spreads } = json;
    return new LeSiNN(columns, json.samples, json.size, { means, spreads }, Float64Array.from(json.points), null);
  }

  private meanDistance(values: ArrayLike<number>, offset: number, ownRow: number): number {
    checkRow(values, offset, this.columns);
    const { columns, scaled, scaling, order } = this;
    for (let place = 0; place < columns; place += 1) {
      const column = order[place] as number;
      scaled[place] =
        ((values[offset + column] as number) - (scaling.means[column] as number)) / (scaling.spreads[column] as number);
    }
    this.bounds?.from(scaled);
    let sum = 0;
    let used = 0;
    for (let sample = 0; sample < this.samples; sample += 1) {
      const nearest = this.nearestIn(sample, ownRow);
      if (nearest === Infinity) continue;
      sum += Math.sqrt(nearest);
      used += 1;
    }
    return used === 0 ? 0 : sum / used;
  }

  /** The squared distance from the scaled row to the nearest point of one sample; Infinity when only itself is there. */
  private nearestIn(sample: number, ownRow: number): number {
    const { size, bounds, rowsOfPoints } = this;
    const first = sample * size;
    const likeliest = bounds?.likeliest(first, size) ?? 0;
    let nearest = Infinity;
    for (let turn = 0; turn < size; turn += 1) {
      // The likeliest goes first, in place of the first.
      const place = turn === 0 ? likeliest : turn === likeliest ? 0 : turn;
      if (bounds && (bounds.least[place] as number) >= nearest) continue;
      if (ownRow >= 0 && rowsOfPoints?.[first + place] === ownRow) continue;
      const distance = this.distanceTo(first + place, nearest);
      if (distance < nearest) nearest = distance;
    }
    return nearest;
  }

  /** The squared distance from the scaled row to a point; what reaches `enough` is not measured any farther. */
  private distanceTo(point: number, enough: number): number {
    const { columns, ordered, scaled } = this;
    const wholeFours = columns - (columns % 4);
    const from = point * columns;
    let distance = 0;
    let column = 0;
    // Four at a time: asking costs as much as one.
    for (; column < wholeFours && distance < enough; column += 4) {
      const first = (ordered[from + column] as number) - (scaled[column] as number);
      const second = (ordered[from + column + 1] as number) - (scaled[column + 1] as number);
      const third = (ordered[from + column + 2] as number) - (scaled[column + 2] as number);
      const fourth = (ordered[from + column + 3] as number) - (scaled[column + 3] as number);
      distance += first * first + second * second + third * third + fourth * fourth;
    }
    for (; column < columns && distance < enough; column += 1) {
      const off = (ordered[from + column] as number) - (scaled[column] as number);
      distance += off * off;
    }
    return distance;
  }
}

/** Columns by how far two points lie apart in them on average, the farthest first. */
function byDifference(points: Float64Array, columns: number): Uint16Array {
  const apart = new Float64Array(columns);
  for (let place = columns; place < points.length; place += 1) {
    const column = place % columns;
    apart[column] =
      (apart[column] as number) + Math.abs((points[place] as number) - (points[place - columns] as number));
  }
  const order = Uint16Array.from({ length: columns }, (_, column) => column);
  return order.sort((left, right) => (apart[right] as number) - (apart[left] as number) || left - right);
}
