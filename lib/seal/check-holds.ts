import type { Findings } from './finding';
import type { StoredEvent, StoredHeads, StoredHold } from './seal-book';

/** The chain in which setting and releasing stand. */
const KEEPING = 'keeping';

interface Told {
  readonly seq: number;
  /** What is held, as the trail says it; null where the values of the event are gone. */
  readonly scope: string | null;
}

/**
 * Compares the legal holds in force with what the trail tells of their setting and release: a hold that vanished from its table
 * lets everything be erased and archived that it held, while every hash still fits.
 */
export class HoldCheck {
  private readonly set = new Map<string, Told>();
  private readonly released = new Map<string, number>();
  /** What is told later than this may be of holds that were set or released since the table was read. */
  private readonly known: number;

  /**
   * @param heads   read before `inForce`
   * @param inForce  read before the events are
   */
  constructor(
    private readonly findings: Findings,
    heads: StoredHeads,
    private readonly inForce: readonly StoredHold[],
  ) {
    this.known = heads.streams.find(({ stream }) => stream === KEEPING)?.seq ?? 0;
  }

  see({ stream, seq, event_key, payload }: StoredEvent): void {
    const [, id, act] = stream === KEEPING ? (/^hold:(\d+):(set|released)$/.exec(event_key) ?? []) : [];
    if (id === undefined) return;
    if (act === 'released') this.released.set(id, seq);
    else this.set.set(id, { seq, scope: payload === null ? null : scopeTold(payload) });
  }

  end(): void {
    const inForce = new Map(this.inForce.map((hold) => [hold.id, hold]));
    for (const [id, { seq, scope }] of this.set) {
      const hold = inForce.get(id);
      if (hold !== undefined && scope !== null && scopeOf(hold) !== scope) {
        this.add(seq, `Legal hold ${id} holds something else than the trail says that it was set on.`);
      } else if (hold === undefined && seq <= this.known && !this.released.has(id)) {
        this.add(seq, `Legal hold ${id} was set and, as the trail says, never released, and is not in force.`);
      }
    }
    for (const id of inForce.keys()) {
      const seq = this.released.get(id) ?? this.known + 1;
      if (!this.set.has(id))
        this.add(null, `Legal hold ${id} is in force, and the trail does not say that it was set.`);
      else if (seq <= this.known)
        this.add(seq, `Legal hold ${id} is in force, and the trail says that it was released.`);
    }
  }

  private add(seq: number | null, text: string): void {
    this.findings.add('hold_altered', { stream: KEEPING, ...(seq !== null && { seq }) }, text);
  }
}

function scopeTold(payload: string): string {
  const { values } = JSON.parse(payload) as { values: Readonly<Record<string, unknown>> };
  return JSON.stringify([values['person'], values['sheet'], values['from'], values['to']].map((each) => each ?? null));
}

function scopeOf({ person, sheet_id, from, to }: StoredHold): string {
  return JSON.stringify([person, sheet_id, from, to]);
}
