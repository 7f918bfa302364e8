import { createHash } from 'node:crypto';

/** How the sample is drawn, in words that an auditor can check by hand. */
export const SAMPLE_METHOD =
  'For each change the SHA-256 of "<seed>:<event_key>" is computed (UTF-8, as hexadecimal). The changes with the smallest ' +
  'hashes are the sample, in the order of their hashes. The same seed and the same changes give the same sample anywhere.';

interface Drawn<Value> {
  readonly hash: string;
  readonly value: Value;
}

/** Draws a random sample of known size out of a stream of unknown length; it does not depend on the order. */
export class Sample<Value> {
  private drawn: Drawn<Value>[] = [];
  /** Beyond this hash nothing can be in the sample any more. */
  private limit: string | null = null;

  constructor(
    private readonly seed: string,
    private readonly size: number,
  ) {}

  offer(key: string, value: Value): void {
    const hash = createHash('sha256').update(`${this.seed}:${key}`).digest('hex');
    if (this.size === 0 || (this.limit !== null && hash > this.limit)) return;
    this.drawn.push({ hash, value });
    if (this.drawn.length >= 2 * this.size) this.cut();
  }

  values(): readonly Value[] {
    this.cut();
    return this.drawn.map(({ value }) => value);
  }

  private cut(): void {
    this.drawn.sort((one, other) => (one.hash < other.hash ? -1 : 1));
    this.drawn = this.drawn.slice(0, this.size);
    if (this.drawn.length === this.size) this.limit = this.drawn.at(-1)?.hash ?? null;
  }
}
