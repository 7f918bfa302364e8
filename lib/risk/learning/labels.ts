/** What a reviewer said of an event; `Feedback` of the store. */
export interface ReviewedEvent {
  readonly event_key: string;
  readonly verdict: 'true' | 'false' | 'unsure';
  readonly reviewer: string;
  readonly subject: string | null;
  readonly marked_at: string;
  readonly incident: string | null;
  readonly category: string | null;
}

/** What a model may learn of an event. */
export interface Label {
  readonly isFinding: boolean;
  readonly reviewer: string;
  /** What the reviewer called it; null: by no name. Its sitting is the incident then. */
  readonly incident: string | null;
  readonly category: string | null;
}

const DAY = 86_400_000;

/**
 * The verdicts that a model may learn from: the last of each event, if it was a clear one, by somebody else than the person
 * whose change it was, and given a day ago at least. So nobody teaches the model about himself, and a slip of the hand, or
 * somebody who has taken over a reviewer's account, can be undone before it counts.
 * @param now  milliseconds since 1970
 */
export function labelsOf(reviewed: readonly ReviewedEvent[], now: number): ReadonlyMap<string, Label> {
  const last = new Map<string, ReviewedEvent>();
  for (const one of reviewed) {
    const before = last.get(one.event_key);
    if (!before || Date.parse(one.marked_at) >= Date.parse(before.marked_at)) last.set(one.event_key, one);
  }
  const labels = new Map<string, Label>();
  for (const { event_key, verdict, reviewer, subject, marked_at, incident, category } of last.values()) {
    const isOwn = subject !== null && subject.toLowerCase() === reviewer.toLowerCase();
    const isFresh = !(Date.parse(marked_at) <= now - DAY);
    if (verdict === 'unsure' || isOwn || isFresh) continue;
    const label = { isFinding: verdict === 'true', reviewer: reviewer.toLowerCase(), category };
    labels.set(event_key, { ...label, incident });
  }
  return labels;
}
