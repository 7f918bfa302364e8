import { createHash } from 'node:crypto';
import type { ArchiveCheck } from './archive';
import { ErasureCheck, type Erasure } from './check-erasures';
import type { FindingKind, Findings } from './finding';
import type { LeafList } from './leaf-list';
import type { StoredEvent, StoredHeads } from './seal-book';
import { chainHash } from './seal-next';

/** An append takes seconds; clocks are corrected by less. More is a time that was made up, or a clock that went back. */
const CLOCK_TOLERANCE_MILLISECONDS = 10 * 60_000;

export interface CheckedEvents {
  readonly events: number;
  /** Younger than the last seal. */
  readonly unsealed: number;
  /** The hashes of such events, so far as they are few: what lost its seal is told from what is gone. */
  readonly unsealedHashes: ReadonlySet<string>;
  readonly erasures: readonly Erasure[];
}

const MOST_UNSEALED_HASHES = 100_000;

/** When each checkpoint was sealed, by size, in order of size. */
export type SealTimes = readonly { readonly size: number; readonly at: number }[];

/**
 * Walks every chain: each number, each hash over the one before, columns and payloads against what was hashed, each event
 * against its leaf. What was stored after `heads` were read is left out.
 */
export class EventCheck {
  private stream: string | null = null;
  private next = 1;
  private hash = '';
  private newest = 0;
  private events = 0;
  private unsealed = 0;
  private readonly unsealedHashes = new Set<string>();
  private readonly heads: ReadonlyMap<string, { readonly seq: number; readonly head: string }>;
  private readonly walked = new Set<string>();
  /** The last event of a chain that lies beyond its head: right when it was appended after the heads were read. */
  private readonly beyond = new Map<string, number>();
  private readonly leafSeen: Uint8Array;
  private readonly erasures: ErasureCheck;

  constructor(
    heads: StoredHeads,
    private readonly leaves: LeafList,
    private readonly times: SealTimes,
    private readonly archives: ArchiveCheck,
    private readonly findings: Findings,
  ) {
    this.heads = new Map(heads.streams.map((each) => [each.stream, each]));
    this.leafSeen = new Uint8Array(leaves.size);
    this.erasures = new ErasureCheck(findings, archives.erased());
    for (const key of heads.strays) {
      findings.add('stray', {}, `The payload or key of "${key}" belongs to no event: the event is gone.`);
    }
  }

  page(events: readonly StoredEvent[]): void {
    for (const event of events) {
      if (event.stream !== this.stream) this.begin(event.stream);
      const isSealed = event.leaf_index !== null && event.leaf_index < this.leaves.size;
      if (!isSealed && event.seq > (this.heads.get(event.stream)?.seq ?? 0)) this.beyond.set(event.stream, event.seq);
      else this.one(event);
    }
  }

  /** @param after  the heads once more: what lies beyond them was never appended */
  end(after: StoredHeads): CheckedEvents {
    this.endStream();
    const ends = new Map(after.streams.map(({ stream, seq }) => [stream, seq]));
    for (const [stream, seq] of this.beyond) {
      const end = ends.get(stream) ?? 0;
      if (seq <= end) continue;
      const text = `Event ${end + 1} of ${stream} lies beyond the end of its chain: it was not appended.`;
      this.findings.add('inserted', { stream, seq: end + 1 }, text);
    }
    for (const { stream, seq } of [...this.heads].map(([stream, { seq }]) => ({ stream, seq }))) {
      if (seq === 0 || this.walked.has(stream)) continue;
      this.endWithoutEvents(stream, seq);
    }
    for (let index = 0; index < this.leaves.size; index += 1) {
      if (this.leafSeen[index]) continue;
      const { stream, seq } = this.leaves.eventAt(index);
      if (seq <= (this.archives.startOf(stream)?.seq ?? 0)) continue;
      const place = { stream, seq, leaves: { from: index, to: index + 1 } };
      if (stream !== '') this.findings.add('event_missing', place, `Event ${seq} of ${stream} was sealed and is gone.`);
    }
    return {
      events: this.events,
      unsealed: this.unsealed,
      unsealedHashes: this.unsealedHashes,
      erasures: this.erasures.end(),
    };
  }

  private begin(stream: string): void {
    this.endStream();
    this.stream = stream;
    const start = this.archives.startOf(stream);
    this.next = (start?.seq ?? 0) + 1;
    this.hash = start?.hash ?? genesisOf(stream);
    this.newest = 0;
  }

  /** A chain of which nothing is here must have been archived whole. */
  private endWithoutEvents(stream: string, end: number): void {
    const start = this.archives.startOf(stream);
    const head = this.heads.get(stream)?.head;
    if (start === null) {
      this.findings.add('event_missing', { stream, seq: 1 }, `All ${end} events of ${stream} are gone.`);
    } else if (start.seq < end) {
      const text = `Events ${start.seq + 1} to ${end} of ${stream} are gone from its end.`;
      this.findings.add('event_missing', { stream, seq: start.seq + 1 }, text);
    } else if (start.seq > end || start.hash !== head) {
      this.findings.add(
        'chain_broken',
        { stream, seq: end },
        `The chain of ${stream} does not end where its head says.`,
      );
    }
  }

  private endStream(): void {
    const { stream, next, hash } = this;
    if (stream === null || !this.walked.has(stream)) return;
    const head = this.heads.get(stream);
    const last = next - 1;
    if (head && head.seq > last) {
      const which = head.seq === next ? `Event ${next}` : `Events ${next} to ${head.seq}`;
      this.findings.add('event_missing', { stream, seq: next }, `${which} of ${stream} are gone from its end.`);
    } else if (head?.seq !== last || head.head !== hash) {
      const place = { stream, seq: Math.max(last, 1) };
      this.findings.add('chain_broken', place, `The chain of ${stream} does not end where its head says.`);
    }
  }

  private one(event: StoredEvent): void {
    const { stream, seq } = event;
    this.events += 1;
    this.walked.add(stream);
    if (seq !== this.next) {
      const which = seq === this.next + 1 ? `Event ${this.next} is` : `Events ${this.next} to ${seq - 1} are`;
      const place = { stream, seq: this.next };
      if (seq > this.next) this.findings.add('event_missing', place, `${which} missing from ${stream}.`);
      this.findingsOf(event);
    } else if (event.previous_hash !== this.hash) {
      this.findings.add(
        'chain_broken',
        { stream, seq },
        `Event ${seq} of ${stream} does not follow the one before it.`,
      );
    } else {
      this.findingsOf(event);
    }
    this.erasures.see(event);
    this.archives.see(event);
    this.compareLeaf(event);
    this.compareTimes(event);
    this.next = seq + 1;
    this.hash = event.hash;
  }

  private findingsOf(event: StoredEvent): void {
    const flaw = flawOf(event);
    if (flaw) this.findings.add(flaw.kind, { stream: event.stream, seq: event.seq }, flaw.text);
  }

  private compareLeaf(event: StoredEvent): void {
    const { stream, seq, leaf_index: index } = event;
    const name = `Event ${seq} of ${stream}`;
    if (index === null || index >= this.leaves.size) {
      this.unsealed += 1;
      if (this.unsealed <= MOST_UNSEALED_HASHES) this.unsealedHashes.add(event.hash);
      const sealed = this.leaves.sealedThrough.get(stream) ?? 0;
      if (seq > sealed) return;
      this.findings.add('inserted', { stream, seq }, `${name} stands among sealed events and was never sealed.`);
      return;
    }
    this.leafSeen[index] = 1;
    if (this.leaves.entry(index).toString('hex') === event.hash) return;
    const place = { stream, seq, leaves: { from: index, to: index + 1 } };
    this.findings.add('not_as_sealed', place, `${name} is not the one that was sealed as leaf ${index}.`);
  }

  private compareTimes({ stream, seq, recorded_at, leaf_index: index }: StoredEvent): void {
    const at = Date.parse(recorded_at);
    const text = `Event ${seq} of ${stream} says it was recorded at ${recorded_at}`;
    const sealedBefore = this.sealTimeBefore(index ?? this.leaves.size);
    if (at < this.newest - CLOCK_TOLERANCE_MILLISECONDS) {
      this.findings.add('clock_went_back', { stream, seq }, `${text}, before the event that precedes it.`);
    } else if (at < sealedBefore - CLOCK_TOLERANCE_MILLISECONDS) {
      const since = new Date(sealedBefore).toISOString();
      this.findings.add('clock_went_back', { stream, seq }, `${text}, but was not there at the seal of ${since}.`);
    }
    this.newest = Math.max(this.newest, at);
  }

  /** When the last checkpoint was sealed that does not cover the leaf. */
  private sealTimeBefore(index: number): number {
    let [low, high] = [0, this.times.length];
    while (low < high) {
      const middle = Math.floor((low + high) / 2);
      if ((this.times[middle]?.size ?? 0) <= index) low = middle + 1;
      else high = middle;
    }
    return low === 0 ? 0 : (this.times[low - 1]?.at ?? 0);
  }
}

/** What is wrong with an event by itself: its hash, its columns, its values, its key. */
export function flawOf(event: StoredEvent): { readonly kind: FindingKind; readonly text: string } | null {
  const name = `event ${event.seq} of ${event.stream}`;
  if (event.hash !== chainHash(event.previous_hash, event.preimage)) {
    return { kind: 'hash_wrong', text: `The text of ${name} was altered: it does not have its hash.` };
  }
  if (event.preimage !== event.columns) {
    return { kind: 'columns_altered', text: `Columns of ${name} were altered: ${differenceOf(event)}.` };
  }
  if (!payloadHolds(event)) {
    return { kind: 'payload_altered', text: `The values or personal fields of ${name} were altered.` };
  }
  if (!event.key_fits) {
    return { kind: 'stray', text: `The key of ${name} is missing, or belongs to another event.` };
  }
  return null;
}

/** The hash that the first event of a chain follows. */
export function genesisOf(stream: string): string {
  return createHash('sha256').update(`billing-audit:genesis:${stream}`).digest('hex');
}

/** A payload that is gone was erased, which breaks nothing. */
function payloadHolds({ salt, payload, payload_fits, commitment }: StoredEvent): boolean {
  if (salt === null || payload === null) return true;
  const digest = createHash('sha256').update(Buffer.from(salt, 'hex')).update(payload, 'utf8').digest('hex');
  return digest === commitment && payload_fits === true;
}

const COLUMNS = [
  'form,stream,seq,recorded_at,event_key,kind,sheet_id,row_id,work_request,column_name,violation_type,delta,currency',
  'changed_by_kind,changed_at,week_ending,is_historical,audit_run_id,severity,risk_score,anomaly_score',
  'predicted_category,approval_id,intermediate_unknown,rules_hash,model_version,flow_version,commitment',
]
  .join(',')
  .split(',');

/** Which columns differ, and from what. */
function differenceOf({ preimage, columns }: StoredEvent): string {
  try {
    const [told, found] = [JSON.parse(preimage) as unknown[], JSON.parse(columns ?? 'null') as unknown[]];
    const differing = COLUMNS.flatMap((name, at) =>
      told[at] === found[at] ? [] : [`${name} was ${JSON.stringify(told[at])}, is ${JSON.stringify(found[at])}`],
    );
    if (differing.length > 0) return differing.slice(0, 3).join('; ');
  } catch {
    // Not even a list any more: that is said below.
  }
  return 'they do not fit the text that was hashed';
}
