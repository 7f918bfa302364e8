import { BadModel } from '../errors';
import { seededRandom } from '../seeded-random';
import { checkRow, type Table } from '../table';
import { growTree, type TreeSpace } from './grow-tree';

export interface IsolationForestOptions {
  /** How many trees; more make the score steadier, and slower in proportion. */
  readonly trees?: number;
  /** Rows that each tree sees; few rows keep clustered anomalies from hiding each other. */
  readonly sample?: number;
  /** Same data and seed: same forest, byte for byte. */
  readonly seed?: number;
}

/** What `toJSON` gives: plain numbers, no training row. */
export interface IsolationForestJson {
  readonly kind: 'isolation-forest';
  readonly version: 1;
  readonly columns: number;
  readonly sample: number;
  readonly trees: number;
  readonly features: number[];
  readonly children: number[];
  readonly splits: number[];
  readonly starts: number[];
}

const EULER_MASCHERONI = 0.577_215_664_901_532_9;
const DEFAULTS = { trees: 100, sample: 256, seed: 0 } as const;

/**
 * Isolation forest (Liu, Ting, Zhou 2008): what random cuts separate from the rest after few cuts is strange.
 * Columns that are constant in a node are passed over, as in scikit-learn. Flat typed arrays: about 5 us for one row.
 */
export class IsolationForest {
  private readonly scale: number;

  private constructor(
    readonly columns: number,
    readonly sample: number,
    /** For each node the column that it asks about, or -1 in a leaf. */
    private readonly features: Int16Array,
    /** For each inner node how far behind it its left child stands; the right one follows that. */
    private readonly children: Int32Array,
    /** In an inner node the cut (`<=` goes left), in a leaf its depth with what would be below it. */
    private readonly splits: Float64Array,
    /** Where each tree begins. */
    private readonly starts: Int32Array,
  ) {
    this.scale = -Math.LN2 / (starts.length * Math.max(averageDepth(sample), Number.MIN_VALUE));
  }

  /** Grows a forest on a table of finite numbers. One row, or only constant columns, give every row the score 0.5. */
  static fit(table: Table, options: IsolationForestOptions = {}): IsolationForest {
    const { trees, sample, seed } = { ...DEFAULTS, ...options };
    const random = seededRandom(seed);
    const size = Math.min(sample, table.rows);
    const space = treeSpace(trees * 2 * size);
    const starts = new Int32Array(trees);
    const deepest = Math.ceil(Math.log2(Math.max(size, 2)));
    for (let tree = 0; tree < trees; tree += 1) {
      starts[tree] = space.used;
      growTree(table, size, deepest, random, space, averageDepth);
    }
    return new IsolationForest(
      table.columns,
      size,
      space.features.slice(0, space.used),
      space.children.slice(0, space.used),
      space.splits.slice(0, space.used),
      starts,
    );
  }

  /**
   * How strange one row is, 0..1; about 0.5 is ordinary, towards 1 is strange.
   * @param values  the row, or a table's values with `offset` at the row's start
   * @throws BadNumbers  when the row is too short or holds what is not finite
   */
  score(values: ArrayLike<number>, offset = 0): number {
    checkRow(values, offset, this.columns);
    const { features, children, splits, starts } = this;
    let depth = 0;
    for (let tree = 0; tree < starts.length; tree += 1) {
      let node = starts[tree] as number;
      let feature = features[node] as number;
      while (feature >= 0) {
        const goesRight = (values[offset + feature] as number) > (splits[node] as number) ? 1 : 0;
        node += (children[node] as number) + goesRight;
        feature = features[node] as number;
      }
      depth += splits[node] as number;
    }
    return this.sample < 2 ? 0.5 : Math.exp(depth * this.scale);
  }

  toJSON(): IsolationForestJson {
    return {
      kind: 'isolation-forest',
      version: 1,
      columns: this.columns,
      sample: this.sample,
      trees: this.starts.length,
      features: [...this.features],
      children: [...this.children],
      splits: [...this.splits],
      starts: [...this.starts],
    };
  }

  /** @throws BadModel  when the text was written by another version, or does not hold whole trees */
  static fromJSON(json: IsolationForestJson): IsolationForest {
    if (json?.kind !== 'isolation-forest' || json.version !== 1) {
      throw new BadModel('isolation forest', `its kind is ${String(json?.kind)}, version ${String(json?.version)}`);
    }
    const size = json.features?.length;
    const whole =
      size > 0 &&
      json.children?.length === size &&
      json.splits?.length === size &&
      json.starts?.length === json.trees &&
      json.trees > 0 &&
      json.columns > 0 &&
      json.splits.every((split) => Number.isFinite(split)) &&
      json.starts.every((start) => start >= 0 && start < size) &&
      json.features.every((feature, node) => leadsOn(json, feature, node));
    if (!whole) throw new BadModel('isolation forest', 'its trees are not whole');
    return new IsolationForest(
      json.columns,
      json.sample,
      Int16Array.from(json.features),
      Int32Array.from(json.children),
      Float64Array.from(json.splits),
      Int32Array.from(json.starts),
    );
  }
}

/** The mean depth at which a search ends in a tree of `count` rows: c(n) of the paper. */
function averageDepth(count: number): number {
  if (count <= 1) return 0;
  if (count === 2) return 1;
  return 2 * (Math.log(count - 1) + EULER_MASCHERONI) - (2 * (count - 1)) / count;
}

function treeSpace(nodes: number): TreeSpace {
  return {
    used: 0,
    features: new Int16Array(nodes),
    children: new Int32Array(nodes),
    splits: new Float64Array(nodes),
  };
}

/** A node is sound when it is a leaf, or asks about a known column and has both children behind itself. */
function leadsOn({ columns, children, features }: IsolationForestJson, feature: number, node: number): boolean {
  if (feature === -1) return true;
  const left = node + (children[node] ?? 0);
  return feature >= 0 && feature < columns && left > node && left + 1 < features.length;
}
