/** Beyond that memory is given back; batches are smaller, a single large body may be longer. */
const LONGEST_KEPT_BYTES = 2 * 1024 * 1024;
/** As many as there are batches under way. */
const MOST_KEPT = 2;

/**
 * Puts bodies together in memory that is used again. New memory for each batch lies outside of JavaScript's heap, where V8
 * counts it and collects the whole heap for it every few hundred callbacks: that took as much time as taking them.
 */
export class BodyBuffers {
  readonly #free: Buffer[] = [];

  /** @param use  gets the bodies one after the other; the bytes are its own until what it returns has settled */
  async together<Answer>(bodies: readonly Uint8Array[], use: (bytes: Uint8Array) => Promise<Answer>): Promise<Answer> {
    const size = bodies.reduce((sum, body) => sum + body.byteLength, 0);
    const buffer = this.#take(size);
    let end = 0;
    for (const body of bodies) {
      buffer.set(body, end);
      end += body.byteLength;
    }
    try {
      return await use(buffer.subarray(0, size));
    } finally {
      if (buffer.length <= LONGEST_KEPT_BYTES && this.#free.length < MOST_KEPT) this.#free.push(buffer);
    }
  }

  #take(size: number): Buffer {
    const free = this.#free.pop();
    if (free && free.length >= size) return free;
    return Buffer.allocUnsafeSlow(2 ** Math.ceil(Math.log2(Math.max(size, 1))));
  }
}
