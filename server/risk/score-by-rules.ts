import { businessMoment } from '../../lib/calendar';
import type { AuditEvent } from '../../lib/event';
import { type ContextLine, type EventLine } from '../../lib/risk';
import type { BillingSettings } from '../../lib/settings';
import { DOCUMENTED_WEIGHTS, pointsOf } from '../../nodes/risk-score';

/** What the documented rules say of an event without a model. */
export type RuleScore = Pick<
  AuditEvent,
  'risk_score' | 'anomaly_score' | 'predicted_category' | 'reasons' | 'unknown_facts'
>;

const MINUTE = 60_000;

/** Scores a stream of events by rule points: people come from the context, their pace from the stream itself. */
export class RuleScorer {
  private readonly people = new Map<string, Extract<ContextLine, { kind: 'person' }>>();
  private readonly times = new Map<string, number[]>();

  constructor(private readonly settings: BillingSettings) {}

  learn(line: ContextLine): void {
    if (line.kind === 'person') this.people.set(line.person, line);
  }

  score(line: EventLine): RuleScore {
    const at = Date.parse(line.changed_at);
    const event = {
      kind: 'cell_changed',
      is_historical: null,
      delta: null,
      row_id: null,
      old_value: null,
      ...line,
    } as AuditEvent;
    const moment = businessMoment(line.changed_at, this.settings);
    const person = line.changed_by ? this.facts(line.changed_by, at) : null;
    return pointsOf(
      { event: { ...event, currency: event.currency ?? 'USD' }, moment, person, settings: this.settings },
      DOCUMENTED_WEIGHTS,
    );
  }

  private facts(name: string, at: number) {
    const times = this.times.get(name) ?? [];
    const lastAt = times.at(-1);
    const within = [...times, at].filter((time) => time > at - this.settings.rapidMinutes * MINUTE && time <= at);
    this.times.set(name, [...within.slice(-200)]);
    const known = this.people.get(name);
    return {
      access_level: known?.access_level ?? null,
      last_review_at: known?.last_review_at ?? null,
      last_active_at: lastAt === undefined ? null : new Date(lastAt).toISOString(),
      changes_in_window: within.length,
    };
  }
}
