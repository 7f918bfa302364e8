import { randomUUID } from 'node:crypto';
import type { NewAccessEvent } from '../../lib/access';

/** What anybody can cause without having signed in: it must not push out what those do who have. */
const FLOOD: readonly string[] = ['sign_in_failed', 'sign_in_delayed', 'access_refused'];

/** Whether there is room for an event where so many lines wait; `most` for what strangers cause, twice that for all. */
export function hasRoom({ kind }: NewAccessEvent, waiting: number, most: number): boolean {
  return waiting < (FLOOD.includes(kind) ? most : 2 * most);
}

/** Counts access events for which there was no room, to be told as one event. */
export class LeftOut {
  private counts: Record<string, number> = {};
  private from = '';
  private to = '';

  get isEmpty(): boolean {
    return this.to === '';
  }

  add({ kind, happened_at }: NewAccessEvent): void {
    if (this.isEmpty) this.from = happened_at;
    this.to = happened_at;
    this.counts[kind] = (this.counts[kind] ?? 0) + 1;
  }

  /** The one event, after which counting begins anew; null when nothing was left out. */
  take(): NewAccessEvent | null {
    if (this.isEmpty) return null;
    const { counts, from, to } = this;
    const all = Object.values(counts).reduce((sum, count) => sum + count, 0);
    this.counts = {};
    this.from = this.to = '';
    return {
      id: randomUUID(),
      kind: 'other',
      source: 'server',
      happened_at: to,
      person: null,
      happened: `${all} access events from ${from} to ${to} were left out: too many waited for the trail.`,
      sheet_id: null,
      sheet_name: null,
      ip_address: null,
      device_info: null,
      session_id: null,
      user_agent: null,
      details: { left_out: counts, from, to },
    };
  }
}
