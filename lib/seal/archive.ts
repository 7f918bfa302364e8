import { createHash } from 'node:crypto';
import type { Findings } from './finding';
import type { LeafList } from './leaf-list';
import type { StoredArchive, StoredEvent } from './seal-book';

/** A month that left the database, as the trail itself says. */
export interface Archive {
  readonly id: string;
  readonly month: string;
  readonly file: string;
  readonly sha256: string;
  readonly events: number;
  readonly by: string;
  readonly at: string;
  readonly reason: string;
  /** Its file was given, and holds what was sealed. */
  readonly read: boolean;
}

/** Where a chain goes on after what was archived. */
export interface ChainStart {
  readonly seq: number;
  readonly hash: string;
}

/**
 * Compares the archives that the store tells of with the acts that stand in the trail. An event may only be gone by an archive
 * that the trail tells of, with the same spans and the same file: nobody can take events away and call it an archive, unseen.
 */
export class ArchiveCheck {
  private readonly acts = new Map<string, Act>();
  private readonly starts = new Map<string, ChainStart>();

  constructor(
    private readonly archives: readonly StoredArchive[],
    private readonly findings: Findings,
  ) {
    for (const { spans, month } of archives) {
      for (const { stream, first_seq, last_seq, last_hash } of spans) {
        const before = this.starts.get(stream)?.seq ?? 0;
        if (first_seq !== before + 1) {
          const text = `The archive of ${month} begins with event ${first_seq} of ${stream}, but ${before + 1} is the next.`;
          findings.add('event_missing', { stream, seq: before + 1 }, text);
        }
        this.starts.set(stream, { seq: last_seq, hash: last_hash });
      }
    }
  }

  /** @returns null where nothing of the chain was archived */
  startOf(stream: string): ChainStart | null {
    return this.starts.get(stream) ?? null;
  }

  /** How many payloads each erasure took of events that were archived afterwards. */
  erased(): ReadonlyMap<string, number> {
    const counts = new Map<string, number>();
    for (const { erased } of this.archives) {
      for (const [id, events] of Object.entries(erased)) counts.set(id, (counts.get(id) ?? 0) + events);
    }
    return counts;
  }

  see({ stream, event_key, payload }: StoredEvent): void {
    if (stream === 'keeping' && event_key.startsWith('archive:')) this.acts.set(event_key.slice(8), actOf(payload));
  }

  end(read: ReadonlySet<string>): readonly Archive[] {
    for (const archive of this.archives) {
      const act = this.acts.get(archive.id);
      const why = act === undefined ? 'the trail says nothing of it' : contradiction(act, archive);
      if (why === null) continue;
      for (const { stream, first_seq, last_seq } of archive.spans) {
        const text = `Events ${first_seq} to ${last_seq} of ${stream} are said to be in the archive of ${archive.month}; ${why}.`;
        this.findings.add('event_missing', { stream, seq: first_seq }, text);
      }
    }
    return this.archives.map(({ id, month, file, sha256, events, archived_by: by, archived_at: at, reason }) => ({
      ...{ id, month, file, sha256, events, by, at, reason },
      read: read.has(id),
    }));
  }
}

/** What the act says; a name that it lacks is empty. */
type Act = Readonly<Record<string, unknown>>;

function actOf(payload: string | null): Act {
  const told = payload === null ? null : (JSON.parse(payload) as { values?: Act } | null);
  return told?.values ?? {};
}

function contradiction(act: Act, { month, sha256, events, spans }: StoredArchive): string | null {
  const told = { month, sha256, events: String(events), spans: hashOfSpans(spans) };
  const differing = Object.entries(told).find(([name, value]) => act[name] !== value);
  return differing === undefined ? null : `the trail says another "${differing[0]}"`;
}

/** As `billing_audit.spans_text` writes them: the act binds this. */
function hashOfSpans(spans: StoredArchive['spans']): string {
  const lines = spans.map(
    ({ stream, first_seq, last_seq, last_hash }) => `${stream} ${first_seq}-${last_seq} ${last_hash}`,
  );
  return createHash('sha256').update(lines.join('\n')).digest('hex');
}

/** A chain goes on from a leaf of the signed tree, whatever the store says of it. */
export function checkStarts(archived: readonly StoredArchive[], leaves: LeafList, findings: Findings): void {
  const wanted = new Map(
    archived.flatMap(({ spans }) => spans.map((span) => [`${span.last_seq} ${span.stream}`, span.last_hash] as const)),
  );
  for (let index = 0; wanted.size > 0 && index < leaves.size; index += 1) {
    const { stream, seq } = leaves.eventAt(index);
    if (wanted.get(`${seq} ${stream}`) === leaves.entry(index).toString('hex')) wanted.delete(`${seq} ${stream}`);
  }
  for (const key of wanted.keys()) {
    const [seq = '', stream = ''] = key.split(/ (.*)/s);
    const text = `Event ${seq} of ${stream}, with which an archive ends, is not the one that was sealed.`;
    findings.add('not_as_sealed', { stream, seq: Number(seq) }, text);
  }
}
