import type { AnchoredCheckpoint } from '../compare-anchor';

/** A place outside the reach of whoever administers the database, where checkpoints are laid down. */
export interface Anchor {
  /** As people know it, for example `folder /mnt/evidence`. No secret. */
  readonly name: string;
  /** A new checkpoint is laid down this often. */
  readonly everySeconds: number;
  /**
   * Lays a checkpoint down. Repeating it does no harm; nothing that is there is altered.
   * @throws AnchorFailed
   */
  put(checkpoint: AnchoredCheckpoint, size: number): Promise<void>;
  /**
   * What it holds; null when it cannot be read back, as a mailbox.
   * @throws AnchorFailed
   */
  read(): Promise<readonly AnchoredCheckpoint[] | null>;
}

/** Fifteen minutes: what an anchor does not cover yet is a quarter of an hour at most. */
export const ANCHOR_SECONDS = 900;

/** The two files of a checkpoint: the note as it was signed, and the hashes of the events that are new in it. */
export function filesOf(
  { note, leaves }: AnchoredCheckpoint,
  size: number,
  root: string,
): readonly (readonly [string, string])[] {
  const name = `${String(size).padStart(12, '0')}-${root.slice(0, 16)}`;
  const hashes = leaves && ([`${name}.leaves`, `${[leaves.from, ...leaves.hashes].join('\n')}\n`] as const);
  // The note comes last: whoever sees it sees its hashes as well.
  return [...(hashes ? [hashes] : []), [`${name}.checkpoint`, note] as const];
}

/** The checkpoints among files, by name. Hashes that cannot be read are left out: the note alone decides. */
export function checkpointsAmong(files: ReadonlyMap<string, string>): readonly AnchoredCheckpoint[] {
  return [...files].flatMap(([name, note]) => {
    if (!name.endsWith('.checkpoint')) return [];
    const text = files.get(name.replace(/\.checkpoint$/, '.leaves'));
    return [{ note, leaves: text === undefined ? null : readLeaves(text) }];
  });
}

function readLeaves(text: string): AnchoredCheckpoint['leaves'] {
  const [from = '', ...hashes] = text.trim().split('\n');
  const fits = /^\d{1,15}$/.test(from) && hashes.every((hash) => /^[0-9a-f]{64}$/.test(hash));
  return fits ? { from: Number(from), hashes } : null;
}
