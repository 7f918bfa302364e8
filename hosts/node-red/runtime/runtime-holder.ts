import type { Runtime } from '../../../lib/runtime/runtime';

/** A node's share in the Runtime. */
export interface RuntimeLease {
  /** The open Runtime. After a failed try it tries again. */
  runtime(): Promise<Runtime>;
  /** Gives the share back; for the last one it resolves when the Runtime has closed. Repeating it is harmless. */
  release(): Promise<void>;
}

/**
 * One Runtime for all nodes: opened by the first that asks, closed with the last that lets go. A redeploy of all nodes
 * closes it and opens it anew, one after the other, since a store belongs to one at a time.
 */
export class RuntimeHolder {
  private users = 0;
  private current: Promise<Runtime> | null = null;
  private closing: Promise<void> = Promise.resolve();

  /**
   * @param open    opens the Runtime and whatever lives as long as it (routes)
   * @param close   ends both
   */
  constructor(
    private readonly open: () => Promise<Runtime>,
    private readonly close: (runtime: Runtime) => Promise<void>,
  ) {}

  acquire(): RuntimeLease {
    this.users += 1;
    let released: Promise<void> | null = null;
    return {
      runtime: () => (released ? Promise.reject(new Error('This node has been closed.')) : this.opened()),
      release: () => (released ??= this.releaseOne()),
    };
  }

  /** The Runtime that nodes hold open; null while none does. Who looks on holds it not: it may close at any time. */
  running(): Promise<Runtime> | null {
    return this.current;
  }

  private opened(): Promise<Runtime> {
    if (this.current) return this.current;
    const opening = this.closing.then(this.open);
    this.current = opening;
    opening.catch(() => {
      if (this.current === opening) this.current = null;
    });
    return opening;
  }

  private releaseOne(): Promise<void> {
    this.users -= 1;
    if (this.users > 0 || !this.current) return Promise.resolve();
    const opening = this.current;
    this.current = null;
    const closed = opening.then(this.close, () => undefined);
    this.closing = closed.catch(() => undefined);
    return closed;
  }
}
