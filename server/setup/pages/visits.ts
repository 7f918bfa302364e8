import type { Visitor } from '../../sign-in';
import type { Message } from '../../sign-in/pages';
import type { Draft, Finding } from '../step';

/** Where somebody stands in the set-up. In memory only: a secret that was typed is written once, into `.env`. */
export interface Visit {
  readonly before: Draft;
  draft: Draft;
  /** What the last step found. */
  findings: readonly Finding[];
  /** What the next page says, once. */
  message: Message | null;
  /** What was typed into a form that was refused; never a secret. */
  typed: Readonly<Record<string, string>>;
  /** Changes in the trail when the waiting for the first one began. */
  watchedFrom: number | null;
}

const MOST_VISITS = 50;

/** One for each session; in practice one for all, who are whoever sits at this machine. */
export class Visits {
  private readonly visits = new Map<string, Visit>();

  /** @param present  what holds now, for a visit that begins */
  of({ session }: Visitor, present: () => Draft): Visit {
    const key = session?.id ?? 'practice';
    const known = this.visits.get(key);
    if (known) return known;
    const before = present();
    const visit: Visit = { before, draft: before, findings: [], message: null, typed: {}, watchedFrom: null };
    const [oldest] = this.visits.keys();
    if (this.visits.size >= MOST_VISITS && oldest !== undefined) this.visits.delete(oldest);
    this.visits.set(key, visit);
    return visit;
  }

  end({ session }: Visitor): void {
    this.visits.delete(session?.id ?? 'practice');
  }
}
