import type { TrailLines } from '../../store/models';

/**
 * Hears whether somebody's data was erased after reading the trail began: what was read before still holds it then, and is
 * to be read anew. An erasure that was there before is none of that, and is read again while it is young.
 */
export class Erasures {
  private known: number | null;

  /** @param readUpTo  the position up to which the trail was read before; null: reading begins with it */
  constructor(readUpTo: number | null) {
    this.known = readUpTo;
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
