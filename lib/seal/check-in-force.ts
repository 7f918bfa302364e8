import { createHash } from 'node:crypto';
import type { Findings } from './finding';
import type { KeptText } from './seal-book';

/** Where rules, model and flow stand in the text of an event: before the commitment, which is its last place. */
const NAMED = /(null|"[0-9a-f]{64}"), (null|"[0-9a-f]{64}"), (null|"[0-9a-f]{64}"), "[0-9a-f]{64}"\]$/;
/** Three hashes, the commitment, and what stands between them. */
const LONGEST_END = 4 * 66 + 3 * 2 + 1;
const MOST_AT_ONCE = 200;

/** Compares the texts of rules, models and flows with the hashes by which sealed events name them. */
export class InForceCheck {
  private readonly named = new Set<string>();
  private lastEnd = '';

  constructor(private readonly findings: Findings) {}

  see(preimage: string): void {
    const found = NAMED.exec(preimage.slice(-LONGEST_END));
    if (found === null) return;
    const end = found.slice(1).join();
    // Most events name what the one before them named.
    if (end === this.lastEnd) return;
    this.lastEnd = end;
    for (const one of found.slice(1)) if (one !== 'null') this.named.add(one.slice(1, -1));
  }

  /** @returns how many texts that events name are not kept: nobody can say what their hashes stand for */
  async end(read: (hashes: readonly string[]) => Promise<readonly KeptText[]>): Promise<number> {
    const all = [...this.named].sort();
    let kept = 0;
    for (let at = 0; at < all.length; at += MOST_AT_ONCE) {
      for (const { hash, kind, text } of await read(all.slice(at, at + MOST_AT_ONCE))) {
        kept += 1;
        if (createHash('sha256').update(text, 'utf8').digest('hex') === hash) continue;
        const what = `The text of the ${kind} that events name by ${hash} was altered: it has another SHA-256.`;
        this.findings.add('in_force_altered', { inForce: hash }, what);
      }
    }
    return all.length - kept;
  }
}
