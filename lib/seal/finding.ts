/** Something that is not as it was sealed, or cannot be so. */
export interface Finding {
  readonly kind: FindingKind;
  readonly place: Place;
  /** A sentence for whoever has to look into it. */
  readonly text: string;
}

/** Where: an event, leaves of the tree (`from` to before `to`), the anchor that contradicts, or the hash of a text. */
export interface Place {
  readonly stream?: string;
  readonly seq?: number;
  readonly leaves?: { readonly from: number; readonly to: number };
  readonly anchor?: string;
  readonly inForce?: string;
}

export type FindingKind =
  /** An event, or the end of a chain, is gone. */
  | 'event_missing'
  /** An event does not follow the one before it. */
  | 'chain_broken'
  /** The hash of an event is not that of its text. */
  | 'hash_wrong'
  /** Columns say something else than the text that was hashed. */
  | 'columns_altered'
  /** Values or personal fields are not those that were committed to. */
  | 'payload_altered'
  /** Values are gone, and no erasure that stands in the trail accounts for them. */
  | 'payload_missing'
  /** A payload or a key belongs to no event, or to another. */
  | 'stray'
  /** An event is another than the one that was sealed in its place. */
  | 'not_as_sealed'
  /** An event stands among sealed ones and was never sealed. */
  | 'inserted'
  /** Times run backwards. */
  | 'clock_went_back'
  /** The book-keeping of the tree does not fit its leaves. */
  | 'tree_altered'
  /** The tree does not have the root that was signed. */
  | 'root_differs'
  /** A checkpoint is not signed by a key that is trusted, or not in its form. */
  | 'not_signed'
  /** A checkpoint that was anchored is not in the store. */
  | 'checkpoint_missing'
  /** Anchors know more than the store: the end was cut off, or an older copy was put back. */
  | 'tail_cut'
  /** Anchors know another history than the store. */
  | 'fork'
  /** A file of an archive does not hold what left the database. */
  | 'archive_differs'
  /** The text of rules, a model or a flow is not the one that events name by its hash. */
  | 'in_force_altered'
  /** A legal hold is not what the trail says of it. */
  | 'hold_altered'
  /** Anchors speak of another log. */
  | 'other_log';

/** How many findings there are, as the beginning or end of a sentence. */
export function wrongInWords(found: number): string {
  return found === 1 ? '1 thing is wrong' : `${found} things are wrong`;
}

/** At most this many are kept; the rest is counted. */
const MOST_FINDINGS = 1000;

/** Findings as they come, the first about each event only: one edit must not read like five. */
export class Findings {
  readonly list: Finding[] = [];
  total = 0;
  private readonly events = new Set<string>();

  add(kind: FindingKind, place: Place, text: string): void {
    if (place.stream !== undefined && place.seq !== undefined) {
      const event = `${place.seq} ${place.stream}`;
      if (this.events.has(event)) return;
      this.events.add(event);
    }
    this.total += 1;
    if (this.list.length < MOST_FINDINGS) this.list.push({ kind, place, text });
  }
}
