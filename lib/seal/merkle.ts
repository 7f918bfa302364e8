import { createHash } from 'node:crypto';

/** 32 bytes of SHA-256. */
export type Hash = Uint8Array;

const LEAF = Uint8Array.of(0);
const NODE = Uint8Array.of(1);

/** RFC 6962 §2.1: leaves and nodes are told apart by their first byte, so that neither can pass for the other. */
export function leafHash(entry: Uint8Array): Hash {
  return createHash('sha256').update(LEAF).update(entry).digest();
}

export function nodeHash(left: Hash, right: Hash): Hash {
  return createHash('sha256').update(NODE).update(left).update(right).digest();
}

export function emptyRoot(): Hash {
  return createHash('sha256').digest();
}

export function sameHash(one: Hash, other: Hash): boolean {
  return Buffer.compare(one, other) === 0;
}

/**
 * The edge of a tree: the roots of its complete subtrees, the biggest first. All that is needed to go on appending, and
 * a few hundred bytes however large the tree.
 */
export class Frontier {
  private constructor(
    private length: number,
    private readonly roots: Hash[],
  ) {}

  static empty(): Frontier {
    return new Frontier(0, []);
  }

  /** @throws RangeError  when so many hashes are not the edge of a tree of this size */
  static of(size: number, roots: readonly Hash[]): Frontier {
    if (roots.length !== ones(size) || roots.some((root) => root.length !== 32)) {
      throw new RangeError(`${roots.length} hashes are not the edge of a tree of ${size} leaves.`);
    }
    return new Frontier(size, [...roots]);
  }

  get size(): number {
    return this.length;
  }

  hashes(): readonly Hash[] {
    return [...this.roots];
  }

  append(leaf: Hash): void {
    this.roots.push(leaf);
    // Each trailing one bit of the size is a complete subtree as large as the one that has just ended.
    for (let size = this.length; size % 2 === 1; size = (size - 1) / 2) {
      const right = this.roots.pop() as Hash;
      this.roots.push(nodeHash(this.roots.pop() as Hash, right));
    }
    this.length += 1;
  }

  root(): Hash {
    const last = this.roots.at(-1);
    if (last === undefined) return emptyRoot();
    return this.roots.slice(0, -1).reduceRight<Hash>((right, left) => nodeHash(left, right), last);
  }
}

/** A whole tree, from which proofs are made. */
export class MerkleTree {
  /** `levels[k]`: the roots of the complete subtrees of 2^k leaves, from left to right. */
  private readonly levels: HashRow[] = [];

  get size(): number {
    return this.at(0).length;
  }

  append(leaf: Hash): void {
    let whole = leaf;
    for (let level = 0; ; level += 1) {
      const row = this.at(level);
      row.push(whole);
      if (row.length % 2 === 1) return;
      whole = nodeHash(row.at(row.length - 2) as Hash, whole);
    }
  }

  /** The root that the tree had, or has, with `size` leaves. */
  root(size = this.size): Hash {
    this.require(size <= this.size, size);
    return size === 0 ? emptyRoot() : this.between(0, size);
  }

  /** Shows that the leaf is in the tree of `size` leaves (RFC 6962 §2.1.1), from the leaf upwards. */
  inclusionProof(index: number, size = this.size): readonly Hash[] {
    this.require(index >= 0 && index < size && size <= this.size, index);
    const path = (from: number, to: number): Hash[] => {
      if (to - from === 1) return [];
      const middle = from + split(to - from);
      return index < middle
        ? [...path(from, middle), this.between(middle, to)]
        : [...path(middle, to), this.between(from, middle)];
    };
    return path(0, size);
  }

  /** Shows that the tree of `first` leaves is the beginning of that of `second` (RFC 6962 §2.1.2). */
  consistencyProof(first: number, second = this.size): readonly Hash[] {
    this.require(first > 0 && first <= second && second <= this.size, first);
    const path = (from: number, to: number, wasWhole: boolean): Hash[] => {
      if (to === first) return wasWhole ? [] : [this.between(from, to)];
      const middle = from + split(to - from);
      return first <= middle
        ? [...path(from, middle, wasWhole), this.between(middle, to)]
        : [...path(middle, to, false), this.between(from, middle)];
    };
    return path(0, second, true);
  }

  private between(from: number, to: number): Hash {
    const size = to - from;
    if (ones(size) === 1) {
      const whole = this.at(Math.round(Math.log2(size))).at(from / size);
      if (whole) return whole;
    }
    const middle = from + split(size);
    return nodeHash(this.between(from, middle), this.between(middle, to));
  }

  private at(level: number): HashRow {
    return (this.levels[level] ??= new HashRow());
  }

  private require(holds: boolean, place: number): void {
    if (!holds) throw new RangeError(`${place} lies outside of a tree of ${this.size} leaves.`);
  }
}

const HASH_BYTES = 32;
const HASHES_A_BLOCK = 1024;

/** Hashes side by side: as objects of their own each would take some four times its 32 bytes. */
class HashRow {
  private readonly blocks: Buffer[] = [];
  length = 0;

  push(hash: Hash): void {
    const place = this.length % HASHES_A_BLOCK;
    if (place === 0) this.blocks.push(Buffer.allocUnsafeSlow(HASHES_A_BLOCK * HASH_BYTES));
    this.blocks.at(-1)?.set(hash, place * HASH_BYTES);
    this.length += 1;
  }

  at(index: number): Hash | undefined {
    if (index >= this.length) return undefined;
    const from = (index % HASHES_A_BLOCK) * HASH_BYTES;
    return this.blocks[Math.floor(index / HASHES_A_BLOCK)]?.subarray(from, from + HASH_BYTES);
  }
}

/** RFC 9162 §2.1.3.2. Never throws: a proof from outside may be anything. */
export function provesInclusion(
  leaf: Hash,
  index: number,
  { size, root }: { readonly size: number; readonly root: Hash },
  proof: readonly Hash[],
): boolean {
  if (!(index >= 0 && index < size)) return false;
  let [place, last, hash] = [index, size - 1, leaf];
  for (const other of proof) {
    if (last === 0) return false;
    if (place % 2 === 1 || place === last) {
      hash = nodeHash(other, hash);
      while (place % 2 === 0 && place !== 0) [place, last] = [half(place), half(last)];
    } else {
      hash = nodeHash(hash, other);
    }
    [place, last] = [half(place), half(last)];
  }
  return last === 0 && sameHash(hash, root);
}

interface Head {
  readonly size: number;
  readonly root: Hash;
}

/** RFC 9162 §2.1.4.2. A tree of no leaves is the beginning of every tree, and needs no proof. */
export function provesConsistency(first: Head, second: Head, proof: readonly Hash[]): boolean {
  if (first.size > second.size || first.size < 0) return false;
  if (first.size === second.size) return proof.length === 0 && sameHash(first.root, second.root);
  if (first.size === 0) return proof.length === 0 && sameHash(first.root, emptyRoot());
  const [start, ...rest] = ones(first.size) === 1 ? [first.root, ...proof] : proof;
  if (start === undefined) return false;
  let [place, last] = [first.size - 1, second.size - 1];
  while (place % 2 === 1) [place, last] = [half(place), half(last)];
  let [before, after] = [start, start];
  for (const other of rest) {
    if (last === 0) return false;
    if (place % 2 === 1 || place === last) {
      before = nodeHash(other, before);
      after = nodeHash(other, after);
      while (place % 2 === 0 && place !== 0) [place, last] = [half(place), half(last)];
    } else {
      after = nodeHash(after, other);
    }
    [place, last] = [half(place), half(last)];
  }
  return last === 0 && sameHash(before, first.root) && sameHash(after, second.root);
}

/** Not by bit operations: those end at 2^31 leaves. */
function half(value: number): number {
  return Math.floor(value / 2);
}

/** How many complete subtrees a tree of this size has. */
function ones(size: number): number {
  let count = 0;
  for (let rest = size; rest > 0; rest = half(rest)) count += rest % 2;
  return count;
}

/** The largest power of two below `size`. */
function split(size: number): number {
  let power = 1;
  while (power * 2 < size) power *= 2;
  return power;
}
