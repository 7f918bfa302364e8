import { leafHash, type Hash } from './merkle';
import type { StoredLeaf } from './seal-book';
import type { Findings } from './finding';

/** All leaves, kept small: ten million fit into memory. */
export class LeafList {
  private hashes = Buffer.alloc(32 * 1024);
  private seqs = new Float64Array(1024);
  private streamOf = new Uint32Array(1024);
  private readonly names: string[] = [];
  private readonly numbers = new Map<string, number>();
  /** How far each chain is sealed. */
  readonly sealedThrough = new Map<string, number>();
  size = 0;

  /** Takes leaves in order, up to `limit`: what was sealed after the check began is left out. */
  take(leaves: readonly StoredLeaf[], limit: number, findings: Findings): void {
    for (const { leaf_index, stream, seq, hash } of leaves) {
      if (leaf_index >= limit) return;
      if (leaf_index !== this.size) {
        const place = { leaves: { from: this.size, to: leaf_index } };
        findings.add('tree_altered', place, `Leaves ${this.size} to ${leaf_index - 1} are missing from the tree.`);
        // Their places stay empty, so that what follows keeps its own.
        while (this.size < leaf_index) this.push('', 0, Buffer.alloc(32));
      }
      this.push(stream, seq, Buffer.from(hash, 'hex'));
      const before = this.sealedThrough.get(stream) ?? 0;
      if (seq !== before + 1) {
        findings.add(
          'tree_altered',
          { stream, seq, leaves: { from: leaf_index, to: leaf_index + 1 } },
          `Leaf ${leaf_index} is event ${seq} of ${stream}, but event ${before + 1} is the next to be sealed.`,
        );
      }
      this.sealedThrough.set(stream, Math.max(before, seq));
    }
  }

  /** The event's hash. */
  entry(index: number): Buffer {
    return this.hashes.subarray(index * 32, index * 32 + 32);
  }

  leaf(index: number): Hash {
    return leafHash(this.entry(index));
  }

  eventAt(index: number): { readonly stream: string; readonly seq: number } {
    return { stream: this.names[this.streamOf[index] ?? 0] ?? '', seq: this.seqs[index] ?? 0 };
  }

  /** The last leaf of each chain, by its event's hash. */
  ends(): ReadonlyMap<string, { readonly seq: number; readonly hash: string }> {
    const last = new Map<number, number>();
    for (let index = 0; index < this.size; index += 1) last.set(this.streamOf[index] ?? 0, index);
    return new Map(
      [...last.values()].map((index) => {
        const { stream, seq } = this.eventAt(index);
        return [stream, { seq, hash: this.entry(index).toString('hex') }];
      }),
    );
  }

  private push(stream: string, seq: number, hash: Buffer): void {
    if (this.size === this.seqs.length) this.grow();
    let number = this.numbers.get(stream);
    if (number === undefined) {
      number = this.names.push(stream) - 1;
      this.numbers.set(stream, number);
    }
    hash.copy(this.hashes, this.size * 32);
    this.seqs[this.size] = seq;
    this.streamOf[this.size] = number;
    this.size += 1;
  }

  private grow(): void {
    const length = this.size * 2;
    const hashes = Buffer.alloc(length * 32);
    this.hashes.copy(hashes);
    const seqs = new Float64Array(length);
    seqs.set(this.seqs);
    const streamOf = new Uint32Array(length);
    streamOf.set(this.streamOf);
    [this.hashes, this.seqs, this.streamOf] = [hashes, seqs, streamOf];
  }
}
