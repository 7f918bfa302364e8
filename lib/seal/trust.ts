import type { FoundCheckpoint } from './checkpoint';
import { signersOf, verifierText, type Verifier } from './note';

/**
 * Whose signatures count: the keys that the reader brings, and the keys that one of these has vouched for by signing a
 * checkpoint that names them. A new key must sign that checkpoint too, else anybody's key could be named.
 */
export class Trust {
  private readonly keys: Verifier[];

  constructor(given: readonly Verifier[]) {
    this.keys = [...given];
  }

  /** Whether a trusted key signed it; learns the key that it names. */
  accepts({ note, origin, nextKey }: FoundCheckpoint): boolean {
    const known = this.keys.filter(({ name }) => name === origin);
    if (signersOf(note, known).length === 0) return false;
    if (nextKey === null || this.knows(nextKey)) return true;
    if (nextKey.name !== origin || signersOf(note, [nextKey]).length === 0) return false;
    this.keys.push(nextKey);
    return true;
  }

  all(): readonly Verifier[] {
    return [...this.keys];
  }

  private knows(key: Verifier): boolean {
    return this.keys.some((each) => verifierText(each) === verifierText(key));
  }
}
