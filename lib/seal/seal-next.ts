import { createHash } from 'node:crypto';
import type { Now } from '../ports';
import { readCheckpoint, writeCheckpoint } from './checkpoint';
import { Frontier, leafHash } from './merkle';
import { signersOf, type Signer } from './note';
import type { NextEvent, SealBook, SealState } from './seal-book';
import type { SealKeys } from './seal-keys';

/** Most events between two checkpoints. */
export const MOST_IN_ONE_SEAL = 1000;

export interface SealParts {
  readonly book: SealBook;
  readonly keys: SealKeys;
  readonly now: Now;
}

/** An event that was altered before it could be sealed: it is not signed, nor what stands upon it. */
export interface RefusedEvent {
  readonly stream: string;
  readonly seq: number;
  readonly why: string;
}

export interface SealTurn {
  /** How many events were sealed. */
  readonly sealed: number;
  readonly refused: readonly RefusedEvent[];
  /** More may wait. */
  readonly more: boolean;
}

/**
 * Seals what is next: appends it to the tree, signs the tree's head, and stores both. Each event is checked against the
 * one before; a chain that does not fit is sealed up to the break.
 * @throws StoreRefused  BA011: another process has sealed meanwhile, which is no fault
 */
export async function sealNext({ book, keys, now }: SealParts): Promise<SealTurn> {
  const state = await book.state();
  const given = await book.next(MOST_IN_ONE_SEAL);
  const { good, refused } = sorted(given);
  const signers = signersFor(state, keys);
  if (good.length === 0 && !signers.isNew) return { sealed: 0, refused, more: false };
  const frontier = Frontier.of(state.size, chunks(state.frontier));
  for (const { hash } of good) frontier.append(leafHash(Buffer.from(hash, 'hex')));
  const sealedAt = new Date(now()).toISOString();
  const note = writeCheckpoint(
    {
      origin: state.origin,
      size: frontier.size,
      root: frontier.root(),
      sealedAt,
      nextKey: signers.vouched ? signers.current : null,
    },
    signers.all,
  );
  await book.commit({
    from_size: state.size,
    entries: good.map(({ stream, seq, hash }) => ({ stream, seq, hash })),
    frontier: frontier.hashes().map(inHex).join(''),
    root: inHex(frontier.root()),
    note,
    sealed_at: sealedAt,
  });
  keys.remember(signers.current);
  keys.keepLastSigned(note);
  if (signers.vouched) keys.changed();
  return { sealed: good.length, refused, more: given.length === MOST_IN_ONE_SEAL && good.length > 0 };
}

interface Signers {
  readonly current: Signer;
  readonly all: readonly Signer[];
  /** The key before signs as well: it vouches for the new one. */
  readonly vouched: boolean;
  /** The last checkpoint is another key's: a new one is due, with or without events. */
  readonly isNew: boolean;
}

function signersFor({ origin, checkpoint }: SealState, keys: SealKeys): Signers {
  const current = keys.current(origin);
  if (checkpoint === null) return { current, all: [current], vouched: false, isNew: false };
  const { note } = readCheckpoint(checkpoint.note);
  if (signersOf(note, [current]).length > 0) return { current, all: [current], vouched: false, isNew: false };
  const before = keys.before(origin);
  const all = before ? [before, current] : [current];
  return { current, all, vouched: before !== null, isNew: true };
}

function sorted(events: readonly NextEvent[]): { good: readonly NextEvent[]; refused: readonly RefusedEvent[] } {
  const heads = new Map<string, string>();
  const broken = new Map<string, RefusedEvent>();
  const good = events.filter((event) => {
    const { stream, seq, previous_hash, preimage, hash } = event;
    if (broken.has(stream)) return false;
    const before = event.sealed_hash ?? heads.get(stream);
    const isNext = previous_hash === before;
    if (isNext && hash === chainHash(previous_hash, preimage)) return heads.set(stream, hash);
    const why = isNext ? 'its hash is not that of its text' : 'it does not follow the event before';
    broken.set(stream, { stream, seq, why });
    return false;
  });
  return { good, refused: [...broken.values()] };
}

/** The hash of an event: over the one before, and the text. */
export function chainHash(previousHash: string, preimage: string): string {
  return createHash('sha256').update(Buffer.from(previousHash, 'hex')).update(preimage, 'utf8').digest('hex');
}

function inHex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex');
}

function chunks(hashes: string): readonly Buffer[] {
  return (hashes.match(/.{64}/g) ?? []).map((one) => Buffer.from(one, 'hex'));
}
