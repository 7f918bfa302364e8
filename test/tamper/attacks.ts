import type { StoredEvent } from '../../lib/seal';
import { eventOf, START, type PaperTrail } from './paper-trail';

/** A number in [0, most). */
export type Dice = (most: number) => number;

/** The same throws for the same seed (mulberry32). */
export function diceOf(seed: number): Dice {
  let state = seed >>> 0;
  return (most) => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return Math.floor((((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296) * most);
  };
}

export const KINDS = [
  'edit',
  'edit values',
  'delete',
  'insert',
  'swap',
  'duplicate',
  'bit flip',
  'tail cut',
  'rewrite',
  'clock rollback',
  'forked copy',
] as const;
export type Kind = (typeof KINDS)[number];

/** `careful`: whoever attacks makes all hashes, leaves and book-keeping fit again, and signs anew when holding the key. */
export interface Attack {
  readonly kind: Kind;
  readonly careful: boolean;
  readonly withKey: boolean;
}

const flip = (hex: string, at: number): string => {
  const bits = Buffer.from(hex, 'hex');
  bits[at % bits.length] = (bits[at % bits.length] ?? 0) ^ (1 << (at % 8));
  return bits.toString('hex');
};
const withValue = (event: StoredEvent, value: string): Partial<StoredEvent> =>
  eventOf(event.stream, event.seq, event.previous_hash, event.recorded_at, value);

/** Alters a trail at an event, as a superuser can. @returns false where this attack has nothing to work on */
export function attack(
  trail: PaperTrail,
  target: StoredEvent,
  { kind, careful, withKey }: Attack,
  dice: Dice,
): boolean {
  const place = trail.events.indexOf(target);
  const { stream, leaf_index: leaf, leaf_hash } = target;
  const value = `forged${dice(1e9)}`;
  const columns = (event: StoredEvent): void => {
    const told = JSON.parse(event.preimage) as unknown[];
    told[11] = value;
    event.columns = JSON.stringify(told);
    if (careful) event.preimage = event.columns;
  };
  switch (kind) {
    case 'edit':
      columns(target);
      break;
    case 'edit values':
      Object.assign(target, careful ? withValue(target, value) : { payload: JSON.stringify({ new_value: value }) }, {
        leaf_index: leaf,
        leaf_hash,
      });
      break;
    case 'delete':
      trail.events.splice(place, 1);
      break;
    case 'insert':
      trail.events.splice(place, 0, {
        ...eventOf(stream, target.seq, target.previous_hash, target.recorded_at, value),
        leaf_index: careful ? leaf : null,
        leaf_hash: careful ? leaf_hash : null,
      });
      if (!careful)
        trail.events
          .filter((each) => each.stream === stream)
          .slice(-1)
          .forEach((last) => (last.seq += 1));
      break;
    case 'swap': {
      const next = trail.events.find((each) => each.stream === stream && each.seq === target.seq + 1);
      if (!next) return false;
      const [one, two] = [{ ...target }, { ...next }];
      Object.assign(target, {
        preimage: two.preimage,
        columns: two.columns,
        salt: two.salt,
        payload: two.payload,
        commitment: two.commitment,
        hash: two.hash,
      });
      Object.assign(next, {
        preimage: one.preimage,
        columns: one.columns,
        salt: one.salt,
        payload: one.payload,
        commitment: one.commitment,
        hash: one.hash,
      });
      break;
    }
    case 'duplicate':
      trail.events.splice(place + 1, 0, { ...target, key_fits: careful, leaf_index: careful ? leaf : null });
      break;
    case 'bit flip':
      if (dice(2) === 0) target.hash = flip(target.hash, dice(256));
      else target.previous_hash = flip(target.previous_hash, dice(256));
      break;
    case 'tail cut':
      return cut(trail, place, withKey);
    case 'rewrite':
      for (const each of trail.events.filter((one) => one.stream === stream && one.seq >= target.seq)) {
        Object.assign(each, withValue(each, `${value}.${each.seq}`), {
          leaf_index: each.leaf_index,
          leaf_hash: each.leaf_hash,
        });
      }
      return cover(trail, stream, withKey);
    case 'clock rollback': {
      const told = JSON.parse(target.preimage) as unknown[];
      told[3] = target.recorded_at = new Date(START - 30 * 86_400_000).toISOString();
      target.columns = JSON.stringify(told);
      if (careful) target.preimage = target.columns;
      break;
    }
    case 'forked copy':
      cut(trail, place, withKey);
      trail.append(stream, Date.parse(target.recorded_at), value);
      if (withKey) trail.seal(Date.parse(target.recorded_at));
      return true;
  }
  // Making a flipped bit fit again would undo it.
  return careful && kind !== 'bit flip' ? cover(trail, stream, withKey) : true;
}

/** All that is from an event on is gone, and nothing points to it any more. */
function cut(trail: PaperTrail, place: number, withKey: boolean): boolean {
  const size = trail.events.slice(0, place).filter(({ leaf_index }) => leaf_index !== null).length;
  trail.events = trail.events.slice(0, place);
  trail.leaves = trail.leaves.slice(0, size);
  trail.checkpoints = trail.checkpoints.filter(({ tree_size }) => tree_size <= size);
  // Without the key, what is not covered by a checkpoint is left unsealed.
  const kept = withKey ? size : (trail.checkpoints.at(-1)?.tree_size ?? 0);
  trail.leaves = trail.leaves.slice(0, kept);
  for (const event of trail.events)
    if ((event.leaf_index ?? 0) >= kept) Object.assign(event, { leaf_index: null, leaf_hash: null });
  for (const stream of trail.heads.keys()) trail.rehash(stream);
  const memory = trail.lastSigned;
  trail.sign(kept, Date.parse(trail.checkpoints.at(-1)?.sealed_at ?? new Date(START).toISOString()), withKey);
  if (!withKey) {
    trail.checkpoints.pop();
    trail.lastSigned = memory;
  }
  return true;
}

/** Makes everything fit that can be made to fit. */
function cover(trail: PaperTrail, stream: string, withKey: boolean): boolean {
  trail.rehash(stream);
  trail.releaf();
  const sizes = trail.checkpoints.map(({ tree_size, sealed_at }) => ({
    size: Math.min(tree_size, trail.leaves.length),
    at: Date.parse(sealed_at),
  }));
  if (sizes.length === 0) return true;
  const [old, memory] = [trail.checkpoints, trail.lastSigned];
  trail.checkpoints = [];
  for (const { size, at } of sizes) trail.sign(size, at);
  if (trail.leaves.length > (sizes.at(-1)?.size ?? 0)) trail.sign(trail.leaves.length, sizes.at(-1)?.at ?? START);
  if (!withKey) [trail.checkpoints, trail.lastSigned] = [old, memory];
  return true;
}
