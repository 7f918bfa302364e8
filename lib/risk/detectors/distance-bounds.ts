import { EigenvalueDecomposition, Matrix } from 'ml-matrix';

/** In so many directions points are compared first; a multiple of four. */
const DIRECTIONS = 16;
/** A bound is held back by so much, far more than what rounding takes from it: it may be too low, never too high. */
const HELD_BACK = 1e-9;

/**
 * What the squared distance from a row to one of many points is at least, by sixteen numbers of each: how far apart they lie in
 * the directions in which the points differ most. Most points are ruled out by that as the nearest, for a fraction of what the
 * distance costs; and as none is ruled out that is the nearest, results stay the same to the last bit.
 */
export class DistanceBounds {
  /** What the squared distances to some points are at least: see `likeliest`. */
  readonly least: Float64Array;
  private readonly row = new Float64Array(DIRECTIONS);

  private constructor(
    private readonly columns: number,
    private readonly directions: Float64Array,
    private readonly points: Float64Array,
    most: number,
  ) {
    this.least = new Float64Array(most);
  }

  /**
   * @param points  one after another, each of `columns` numbers
   * @param most    how many of them are asked about at once
   */
  static of(points: Float64Array, columns: number, most: number): DistanceBounds {
    const count = points.length / columns;
    const places = new Float64Array(count * DIRECTIONS);
    const bounds = new DistanceBounds(columns, widestDirections(points, columns), places, most);
    for (let point = 0; point < count; point += 1) {
      bounds.from(points.subarray(point * columns, (point + 1) * columns));
      places.set(bounds.row, point * DIRECTIONS);
    }
    return bounds;
  }

  /** From now on bounds are those of the distances from this row. */
  from(row: Float64Array): void {
    for (let direction = 0, place = 0; direction < DIRECTIONS; direction += 1) {
      let sum = 0;
      for (let column = 0; column < this.columns; column += 1, place += 1) {
        sum += (this.directions[place] as number) * (row[column] as number);
      }
      this.row[direction] = sum;
    }
  }

  /**
   * Sets `least` for so many points from `first` on.
   * @returns which of them is the nearest by that, from 0
   */
  likeliest(first: number, count: number): number {
    const { row, points, least } = this;
    let likeliest = 0;
    for (let point = 0, place = first * DIRECTIONS; point < count; point += 1) {
      let sum = 0;
      for (let direction = 0; direction < DIRECTIONS; direction += 4, place += 4) {
        const one = (points[place] as number) - (row[direction] as number);
        const two = (points[place + 1] as number) - (row[direction + 1] as number);
        const three = (points[place + 2] as number) - (row[direction + 2] as number);
        const four = (points[place + 3] as number) - (row[direction + 3] as number);
        sum += one * one + two * two + three * three + four * four;
      }
      least[point] = sum - HELD_BACK * (1 + sum);
      if ((least[point] as number) < (least[likeliest] as number)) likeliest = point;
    }
    return likeliest;
  }
}

/** The first principal components of points, one after another; zeros where there are fewer columns. */
function widestDirections(points: Float64Array, columns: number): Float64Array {
  const { eigenvectorMatrix, realEigenvalues } = new EigenvalueDecomposition(spreadOf(points, columns), {
    assumeSymmetric: true,
  });
  const widest = [...realEigenvalues.keys()].sort(
    (left, right) => (realEigenvalues[right] as number) - (realEigenvalues[left] as number),
  );
  const directions = new Float64Array(DIRECTIONS * columns);
  for (const [direction, vector] of widest.slice(0, DIRECTIONS).entries()) {
    for (let column = 0; column < columns; column += 1) {
      directions[direction * columns + column] = eigenvectorMatrix.get(column, vector);
    }
  }
  return directions;
}

/** How the columns of points vary together, unscaled. */
function spreadOf(points: Float64Array, columns: number): Matrix {
  const count = points.length / columns;
  const means = new Float64Array(columns);
  for (let place = 0; place < points.length; place += 1) {
    const column = place % columns;
    means[column] = (means[column] as number) + (points[place] as number) / count;
  }
  const sums = new Float64Array(columns * columns);
  for (let from = 0; from < points.length; from += columns) {
    for (let column = 0; column < columns; column += 1) {
      const off = (points[from + column] as number) - (means[column] as number);
      for (let other = 0, place = column * columns; other <= column; other += 1, place += 1) {
        sums[place] = (sums[place] as number) + off * ((points[from + other] as number) - (means[other] as number));
      }
    }
  }
  const spread = Matrix.zeros(columns, columns);
  for (let column = 0; column < columns; column += 1) {
    for (let other = 0; other <= column; other += 1) {
      const sum = sums[column * columns + other] as number;
      spread.set(column, other, sum).set(other, column, sum);
    }
  }
  return spread;
}
