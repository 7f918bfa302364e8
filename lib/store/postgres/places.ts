import { TwoLanes, type Lane } from '../embedded/two-lanes';

/**
 * Hands out a fixed number of places, callbacks first. The pool of `pg` counts the wait for a free connection as time to
 * connect; here those who wait have all the time they need.
 */
export class Places {
  readonly #waiting = new TwoLanes<() => void>();
  #free: number;
  #held = 0;
  #onEmpty: (() => void) | null = null;

  constructor(count: number) {
    this.#free = count;
  }

  async within<Answer>(lane: Lane, work: () => Promise<Answer>): Promise<Answer> {
    this.#held += 1;
    if (this.#free > 0) this.#free -= 1;
    else await new Promise<void>((go) => this.#waiting.push(go, lane));
    try {
      return await work();
    } finally {
      const next = this.#waiting.next();
      if (next) next();
      else this.#free += 1;
      this.#held -= 1;
      if (this.#held === 0) this.#onEmpty?.();
    }
  }

  /** Resolves when nobody holds or waits for a place. */
  async empty(): Promise<void> {
    if (this.#held > 0) await new Promise<void>((done) => (this.#onEmpty = done));
  }
}
