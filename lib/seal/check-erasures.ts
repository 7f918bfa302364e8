import type { Findings } from './finding';
import type { StoredEvent } from './seal-book';

/** Who took values away, when and why, as the trail itself says. */
export interface Erasure {
  readonly id: string;
  readonly by: string | null;
  readonly at: string;
  /** In a sentence, with the reason; null where it was erased itself. */
  readonly text: string | null;
  /** How many payloads are gone by it. */
  readonly events: number;
}

interface Note {
  readonly by: string | null;
  readonly at: string;
  readonly text: string | null;
  /** Null: the note's own payload was erased. */
  readonly events: number | null;
}

/**
 * Compares payloads that are gone with the erasures that stand in the trail: a payload may only be gone by an erasure that
 * was recorded, of as many events as it says. So nobody can take values away and call it an erasure afterwards, unseen.
 */
export class ErasureCheck {
  private readonly notes = new Map<string, Note>();
  private readonly gone = new Map<string, { readonly stream: string; readonly seq: number; count: number }>();

  /** @param archived  how many payloads each erasure took of events that are archived */
  constructor(
    private readonly findings: Findings,
    private readonly archived: ReadonlyMap<string, number>,
  ) {}

  see(event: StoredEvent): void {
    const { stream, seq, event_key, payload, erasure } = event;
    if (stream === 'keeping' && event_key.startsWith('erasure:')) this.notes.set(event_key.slice(8), noteOf(event));
    if (payload !== null) return;
    if (erasure === null) {
      const text = `The values of event ${seq} of ${stream} are gone, and no erasure took them.`;
      this.findings.add('payload_missing', { stream, seq }, text);
      return;
    }
    const counted = this.gone.get(erasure);
    if (counted) counted.count += 1;
    else this.gone.set(erasure, { stream, seq, count: 1 });
  }

  end(): readonly Erasure[] {
    for (const [id, { stream, seq, count }] of this.gone) {
      const note = this.notes.get(id);
      const all = count + (this.archived.get(id) ?? 0);
      if (note && (note.events === null || note.events === all)) continue;
      const said = note ? `the trail says ${note.events}` : 'the trail says nothing of it';
      const text = `Erasure ${id} is said to have taken the values of ${all} events; ${said}.`;
      this.findings.add('payload_missing', { stream, seq }, text);
    }
    return [...this.notes].map(([id, { by, at, text }]) => ({
      id,
      by,
      at,
      text,
      events: (this.gone.get(id)?.count ?? 0) + (this.archived.get(id) ?? 0),
    }));
  }
}

function noteOf({ payload, recorded_at }: StoredEvent): Note {
  const told = payload === null ? null : (JSON.parse(payload) as Record<string, unknown>);
  const events = Number((told?.['values'] as Record<string, unknown> | undefined)?.['events']);
  const text = (name: string): string | null => (typeof told?.[name] === 'string' ? told[name] : null);
  return {
    by: text('changed_by'),
    at: recorded_at,
    text: text('issue_description'),
    events: Number.isInteger(events) ? events : null,
  };
}
