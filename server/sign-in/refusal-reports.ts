import type { Now } from '../../lib/ports';

const ONCE_EVERY = 60_000;
const REMEMBER_AT_MOST = 5_000;

/** Keeps a flood of refusals of one kind from one address to one report a minute, which says how many there were. */
export class RefusalReports {
  private readonly last = new Map<string, { at: number; more: number }>();

  constructor(private readonly now: Now) {}

  /** @returns null: not now; else how many were left out since the last report */
  due(address: string, reason: string): number | null {
    const key = `${reason} ${address}`;
    const known = this.last.get(key);
    const now = this.now();
    if (known && now - known.at < ONCE_EVERY) {
      known.more += 1;
      return null;
    }
    this.last.delete(key);
    this.last.set(key, { at: now, more: 0 });
    const [oldest] = this.last.keys();
    if (this.last.size > REMEMBER_AT_MOST && oldest !== undefined) this.last.delete(oldest);
    return known?.more ?? 0;
  }
}
