import { createHash, generateKeyPairSync } from 'node:crypto';
import {
  chainHash,
  checkTrail,
  Frontier,
  leafHash,
  signerOf,
  writeCheckpoint,
  type AnchorView,
  type Signer,
  type StoredCheckpoint,
  type StoredEvent,
  type StoredLeaf,
  type TrailReport,
  type TrailSource,
} from '../../lib/seal';

export const ORIGIN = 'billing-audit/log/paper';
export const START = Date.parse('2026-01-05T09:00:00.000Z');
const owner: Signer = signerOf(ORIGIN, generateKeyPairSync('ed25519').privateKey);
const other: Signer = signerOf(ORIGIN, generateKeyPairSync('ed25519').privateKey);

const sha = (...parts: readonly (Buffer | string)[]): string =>
  parts.reduce((hash, part) => hash.update(part), createHash('sha256')).digest('hex');
export const genesis = (stream: string): string => sha(`billing-audit:genesis:${stream}`);

/** A store on paper: what a superuser sees and may alter, row by row. An attack costs a millisecond here. */
export class PaperTrail {
  events: StoredEvent[] = [];
  leaves: StoredLeaf[] = [];
  checkpoints: StoredCheckpoint[] = [];
  heads = new Map<string, { seq: number; head: string }>();
  frontier = '';
  /** Out of the attacker's reach. */
  anchored: { note: string; leaves: { from: number; hashes: string[] } }[] = [];
  /** Beside the key: as safe as the key is. */
  lastSigned: string | null = null;

  copy(): PaperTrail {
    const copy = new PaperTrail();
    copy.events = this.events.map((each) => ({ ...each }));
    copy.leaves = this.leaves.map((each) => ({ ...each }));
    copy.checkpoints = this.checkpoints.map((each) => ({ ...each }));
    copy.heads = new Map([...this.heads].map(([stream, head]) => [stream, { ...head }]));
    copy.frontier = this.frontier;
    copy.anchored = [...this.anchored];
    copy.lastSigned = this.lastSigned;
    return copy;
  }

  append(stream: string, at: number, value: string): StoredEvent {
    const head = this.heads.get(stream) ?? { seq: 0, head: genesis(stream) };
    const event = eventOf(stream, head.seq + 1, head.head, new Date(at).toISOString(), value);
    this.events.push(event);
    this.heads.set(stream, { seq: event.seq, head: event.hash });
    return event;
  }

  /** Seals what is not sealed yet. `mine` false: with a key that nobody trusts. */
  seal(at: number, mine = true): void {
    for (const event of this.events.filter(({ leaf_index }) => leaf_index === null)) {
      const { stream, seq, hash } = event;
      this.leaves.push({ leaf_index: this.leaves.length, stream, seq, hash });
      Object.assign(event, { leaf_index: this.leaves.length - 1, leaf_hash: hash });
    }
    this.sign(this.leaves.length, at, mine);
  }

  sign(size: number, at: number, mine = true): void {
    const edge = Frontier.empty();
    for (const { hash } of this.leaves.slice(0, size)) edge.append(leafHash(Buffer.from(hash, 'hex')));
    const sealedAt = new Date(at).toISOString();
    const root = edge.root();
    const note = writeCheckpoint({ origin: ORIGIN, size, root, sealedAt, nextKey: null }, [mine ? owner : other]);
    const id = (this.checkpoints.at(-1)?.id ?? 0) + 1;
    const inHex = Buffer.from(root).toString('hex');
    this.checkpoints.push({ id, tree_size: size, root: inHex, note, sealed_at: sealedAt });
    this.frontier = edge
      .hashes()
      .map((hash) => Buffer.from(hash).toString('hex'))
      .join('');
    if (mine) this.lastSigned = note;
  }

  anchor(): void {
    const { note = '', tree_size: size = 0 } = this.checkpoints.at(-1) ?? {};
    const from = this.anchored.reduce((end, { leaves }) => Math.max(end, leaves.from + leaves.hashes.length), 0);
    this.anchored.push({ note, leaves: { from, hashes: this.leaves.slice(from, size).map(({ hash }) => hash) } });
  }

  /** Every hash from an event on as the attacker needs it, so that the chain fits; leaves as well. */
  rehash(stream: string): void {
    let before = genesis(stream);
    let seq = 0;
    for (const event of this.events.filter((each) => each.stream === stream)) {
      seq += 1;
      const told = JSON.parse(event.preimage) as unknown[];
      told[2] = seq;
      const preimage = JSON.stringify(told);
      Object.assign(event, {
        seq,
        previous_hash: before,
        preimage,
        columns: preimage,
        hash: chainHash(before, preimage),
      });
      before = event.hash;
    }
    this.heads.set(stream, { seq, head: before });
  }

  /** Leaves made anew out of the sealed events, in their order. */
  releaf(): void {
    const sealed = this.events.filter(({ leaf_index }) => leaf_index !== null);
    sealed.sort((one, two) => (one.leaf_index ?? 0) - (two.leaf_index ?? 0) || one.seq - two.seq);
    this.leaves = sealed.map(({ stream, seq, hash }, leaf_index) => ({ leaf_index, stream, seq, hash }));
    sealed.forEach((event, leaf_index) => Object.assign(event, { leaf_index, leaf_hash: event.hash }));
  }

  check({ blind = false } = {}): Promise<TrailReport> {
    const memory = {
      anchor: 'The key folder',
      inHouse: true,
      checkpoints: this.lastSigned === null ? [] : [{ note: this.lastSigned, leaves: null }],
    };
    const anchors: AnchorView[] = [{ anchor: 'folder', checkpoints: blind ? [] : this.anchored }, memory];
    return checkTrail({ source: this.source(), trusted: [owner], anchors });
  }

  private source(): TrailSource {
    const streams = [...this.heads].map(([stream, head]) => ({ stream, ...head }));
    const events = [...this.events].sort((one, two) =>
      one.stream === two.stream ? one.seq - two.seq : one.stream < two.stream ? -1 : 1,
    );
    const last = this.checkpoints.at(-1);
    return {
      state: () =>
        Promise.resolve({
          origin: ORIGIN,
          size: this.leaves.length,
          frontier: this.frontier,
          unsealed: 0,
          oldest_unsealed_at: null,
          checkpoint: last ?? null,
          anchors: [],
        }),
      heads: () => Promise.resolve({ streams, strays: [] }),
      archives: () => Promise.resolve([]),
      holds: () => Promise.resolve([]),
      allEvents: () => pages(events),
      allLeaves: () => pages(this.leaves),
      allCheckpoints: () => pages(this.checkpoints),
      inForce: () => Promise.resolve([]),
    };
  }
}

async function* pages<Row>(rows: readonly Row[]): AsyncGenerator<readonly Row[]> {
  for (let at = 0; at < rows.length; at += 7) yield Promise.resolve(rows.slice(at, at + 7));
}

export function eventOf(stream: string, seq: number, before: string, at: string, value: string): StoredEvent {
  const payload = JSON.stringify({ new_value: value });
  const salt = sha(`${stream}${seq}${value}`).slice(0, 32);
  const commitment = sha(Buffer.from(salt, 'hex'), payload);
  const key = `${stream}:${value}`;
  const preimage = JSON.stringify([
    1,
    stream,
    seq,
    at,
    key,
    'cell_changed',
    '1',
    '21',
    null,
    'Quantity',
    'NONE',
    value,
    commitment,
  ]);
  return {
    stream,
    seq,
    event_key: key,
    recorded_at: at,
    sheet_id: '1',
    previous_hash: before,
    preimage,
    columns: preimage,
    hash: chainHash(before, preimage),
    commitment,
    salt,
    payload,
    payload_fits: true,
    key_fits: true,
    leaf_index: null,
    leaf_hash: null,
    erasure: null,
  };
}
