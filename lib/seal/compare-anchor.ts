import { messageOf } from '../errors';
import { readCheckpoint, type FoundCheckpoint } from './checkpoint';
import type { Findings } from './finding';
import type { LeafList } from './leaf-list';
import { sameHash, type Hash } from './merkle';
import type { SealState } from './seal-book';
import type { Trust } from './trust';

/** A checkpoint as an anchor holds it, with the hashes of the events that were new in it, where it has them. */
export interface AnchoredCheckpoint {
  readonly note: string;
  readonly leaves: { readonly from: number; readonly hashes: readonly string[] } | null;
}

/** What an anchor says; null = it cannot be read back. */
export interface AnchorView {
  readonly anchor: string;
  readonly checkpoints: readonly AnchoredCheckpoint[] | null;
  /** Kept beside the key, not out of the house: it is compared, and does not count as an anchor. */
  readonly inHouse?: boolean;
}

/** Roots of the tree by its size. */
export type Roots = ReadonlyMap<number, Hash>;

export function readView({ anchor, checkpoints }: AnchorView, findings: Findings): readonly ViewedCheckpoint[] {
  return (checkpoints ?? []).flatMap(({ note, leaves }) => {
    try {
      return [{ ...readCheckpoint(note), leaves }];
    } catch (thrown) {
      findings.add('not_signed', { anchor }, `The anchor ${anchor} holds what is no checkpoint: ${messageOf(thrown)}`);
      return [];
    }
  });
}

type ViewedCheckpoint = FoundCheckpoint & Pick<AnchoredCheckpoint, 'leaves'>;
interface Compared {
  readonly state: SealState;
  readonly leaves: LeafList;
  /** Events that are there without a seal. */
  readonly unsealedHashes: ReadonlySet<string>;
  readonly roots: Roots;
  readonly trust: Trust;
  /** The notes that are stored. */
  readonly known: ReadonlySet<string>;
  readonly findings: Findings;
}

/** @returns the largest size in which the anchor agrees; null when it cannot be read */
export function compareAnchor(
  view: AnchorView & { readonly found: readonly ViewedCheckpoint[] },
  compared: Compared,
): number | null {
  if (view.checkpoints === null) return null;
  const { findings, state, trust, roots, leaves } = compared;
  const { anchor } = view;
  const name = view.inHouse ? anchor : `The anchor ${anchor}`;
  let agreed = 0;
  for (const checkpoint of [...view.found].sort((one, other) => one.size - other.size)) {
    const { size, root, origin, sealedAt, text } = checkpoint;
    const place = { anchor, leaves: { from: agreed, to: size } };
    if (origin !== state.origin) {
      findings.add('other_log', { anchor }, `${name} holds checkpoints of ${origin}; this is ${state.origin}.`);
      return agreed;
    }
    if (!trust.accepts(checkpoint)) {
      findings.add('not_signed', place, `${name} holds a checkpoint of ${sealedAt} that no trusted key signed.`);
      continue;
    }
    if (size > leaves.size) {
      const from = firstLost(view.found, compared);
      const cut = { anchor, leaves: { from, to: size } };
      const lost = `${from} are there: leaves ${from} to ${size - 1} were cut off, or an older copy was put back`;
      findings.add('tail_cut', cut, `${name} knows ${size} sealed events since ${sealedAt}; ${lost}.`);
      return agreed;
    }
    const have = roots.get(size);
    if (!have || !sameHash(have, root)) {
      tellFork(name, checkpoint, agreed, anchor, compared);
      return agreed;
    }
    if (!compared.known.has(text)) {
      findings.add('checkpoint_missing', place, `${name} holds a checkpoint of ${sealedAt} that the store lacks.`);
    }
    agreed = size;
  }
  return agreed;
}

/** From where on events are gone: others may stand in their place. Those that only lost their seal are still there. */
function firstLost(found: readonly ViewedCheckpoint[], { leaves, unsealedHashes }: Compared): number {
  const known = new Map<number, string>();
  for (const { leaves: told } of found) told?.hashes.forEach((hash, at) => known.set(told.from + at, hash));
  for (const [at, hash] of [...known].sort(([one], [other]) => one - other)) {
    if (at < leaves.size && leaves.entry(at).toString('hex') !== hash) return at;
  }
  let index = leaves.size;
  while (unsealedHashes.has(known.get(index) ?? '')) index += 1;
  return index;
}

/** Two histories: where they part, exactly where the anchor has the hashes, else between two checkpoints. */
function tellFork(
  name: string,
  { size, sealedAt, leaves: told }: ViewedCheckpoint,
  agreed: number,
  anchor: string,
  { leaves, findings }: Compared,
): void {
  const at = told?.hashes.findIndex((hash, place) => leaves.entry(told.from + place).toString('hex') !== hash) ?? -1;
  if (told && at >= 0) {
    const index = told.from + at;
    const { stream, seq } = leaves.eventAt(index);
    const place = { stream, seq, anchor, leaves: { from: index, to: index + 1 } };
    const text = `${name} knows another event as leaf ${index} than event ${seq} of ${stream}: the history was rewritten from there, with hashes that fit.`;
    findings.add('fork', place, text);
    return;
  }
  const text = `${name} knows another history of leaves ${agreed} to ${size - 1}, sealed at ${sealedAt}: it was rewritten, with hashes that fit.`;
  findings.add('fork', { anchor, leaves: { from: agreed, to: size } }, text);
}
