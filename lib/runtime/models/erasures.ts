import type { TrailLines } from '../../store/models';

/** What whoever reads on from a position knows of erasures already. */
export interface KnownErasures {
  /** The position to read on from; 0: the beginning. */
  readonly position: number;
  /** What was read before, or is to be read, holds nothing of an erasure up to this position any more. */
  readonly erasedUpTo: number;
}

/**
 * Hears whether somebody's data was erased after reading the trail began: what was read before still holds it then, and is
 * to be read anew. An erasure that was there before is none of that, and is read again while it is young.
 */
export class Erasures {
  private known: number | null;

  /**
   * @param readUpTo  the position up to which the trail was read before; 0: reading begins with it
   * @param known     from an earlier reading; it says nothing of a state that has come to another position
   */
  constructor(readUpTo: number, known: KnownErasures | null = null) {
    if (known?.position === readUpTo) this.known = known.erasedUpTo;
    else this.known = readUpTo === 0 ? null : readUpTo;
  }

  /** Erasures up to this position are no news. */
  get upTo(): number {
    return this.known ?? 0;
  }

  /** Whether a page tells of one that is news. Reading anew, that one is known. */
  areNewIn({ lines, settled }: Pick<TrailLines, 'lines' | 'settled'>): boolean {
    this.known ??= settled;
    const newest = Math.max(
      0,
      ...lines.filter(({ kind }) => kind === 'payloads_erased').map(({ position }) => position),
    );
    if (newest <= this.known) return false;
    this.known = newest;
    return true;
  }
}
