import type { AuditEvent } from '../event';
import { SittingBook } from '../risk/sittings';
import type { CountedSittings } from '../store/promise';
import { type AlertThresholds, decide, type Decision } from './decide';
import { Thresholds } from './thresholds';

/** What the store knows of sittings when events are decided. */
export interface KnownSittings {
  readonly normal: readonly CountedSittings[];
  /** The last sitting of each person whose events are decided; told_by: the rules that told it at once. */
  readonly open: readonly {
    readonly person: string;
    readonly from: string;
    readonly to: string;
    readonly events: number;
    readonly score: number;
    readonly told_by: readonly string[];
  }[];
  /** Findings that each rule has told since midnight, business time. */
  readonly told_today: Readonly<Record<string, number>>;
}

export interface CappedRule extends AlertThresholds {
  readonly ruleId: string;
  /** Null = no cap. */
  readonly findingsADay: number | null;
}

/** held: told in the next summary, not at once. */
export interface CappedDecision extends Decision {
  readonly held: boolean;
}

/**
 * Decides by sittings how much is told at once. The riskiest are told first: a sitting that is less unusual than people
 * have time for, or that comes when the day's findings are used up, waits for the summary. Nothing is dropped, and what is
 * always told neither counts nor waits. Give it every event, in the order of the trail.
 */
export class Cap {
  private readonly book: SittingBook;
  private readonly thresholds: Thresholds;
  private readonly toldBy = new Map<string, Set<string>>();
  private readonly toldToday: Map<string, number>;

  /** @param now  milliseconds since 1970 */
  constructor({ normal, open, told_today }: KnownSittings, now: number) {
    this.thresholds = new Thresholds(normal, now);
    this.book = new SittingBook(
      open.map((each) => ({ ...each, from: Date.parse(each.from), to: Date.parse(each.to) })),
    );
    for (const { person, told_by } of open) this.toldBy.set(person, new Set(told_by));
    this.toldToday = new Map(Object.entries(told_today));
  }

  /** @returns for each rule that tells of the event at once or later: which, and why */
  decide<Rule extends CappedRule>(
    event: AuditEvent,
    rules: readonly Rule[],
  ): { rule: Rule; decision: CappedDecision }[] {
    const person = sitterOf(event);
    const moment = { person, at: Date.parse(event.changed_at), score: sittingScore(event) };
    const { current, ended } = this.book.take(moment);
    if (ended !== null) this.toldBy.delete(person);
    return rules.flatMap((rule) => {
      const decision = this.decideBy(rule, event, current.score);
      return decision === null ? [] : [{ rule, decision }];
    });
  }

  private decideBy(rule: CappedRule, event: AuditEvent, sitting: number): CappedDecision | null {
    const decision = decide(event, rule);
    const { findingsADay } = rule;
    if (findingsADay === null) return decision && { ...decision, held: false };
    if (decision?.always) return { ...decision, held: false };
    const modelled = event.anomaly_score !== null;
    const border = this.thresholds.border(findingsADay, modelled);
    const found = decision ?? this.unusual(sittingScore(event), modelled, border.unusualFrom);
    if (found === null) return null;
    const told = this.toldBy.get(sitterOf(event)) ?? new Set<string>();
    const count = this.toldToday.get(rule.ruleId) ?? 0;
    if (!told.has(rule.ruleId)) {
      if (sitting < border.toldFrom || count >= findingsADay) return heldBack(found, findingsADay);
      this.toldBy.set(sitterOf(event), told.add(rule.ruleId));
      this.toldToday.set(rule.ruleId, count + 1);
    }
    return { ...found, held: false };
  }

  /** A model finds what no rule asks for. */
  private unusual(score: number, modelled: boolean, from: number): Decision | null {
    if (!modelled || score < from) return null;
    const share = Math.floor(1000 * this.thresholds.shareBelow(score, modelled)) / 10;
    const because = `It is riskier than ${share} % of what people did in a sitting in the last 28 days.`;
    return { always: false, why: [{ code: 'sitting', because }] };
  }
}

function heldBack({ always, why }: Decision, findingsADay: number): CappedDecision {
  const findings = findingsADay === 1 ? '1 finding a day is' : `${findingsADay} findings a day are`;
  const because = `Of what is not always told, ${findings} told at once, the riskiest; this one waited for the summary.`;
  return { always, why: [...why, { code: 'held', because }], held: true };
}

/** Whose sitting an event belongs to, as the store names it. */
export function sitterOf({ changed_by, changed_by_kind }: AuditEvent): string {
  return changed_by === null ? `kind:${changed_by_kind}` : changed_by.toLowerCase();
}

/** The score of an event among sittings, in thousandths, as the store keeps it. */
export function sittingScore({ risk_score, anomaly_score }: AuditEvent): number {
  return Math.round((risk_score ?? anomaly_score ?? 0) * 1000) / 1000;
}
