import type { AlertBook, RuleAlert, Undecided } from './book';
import { Cap, sitterOf } from './cap';
import type { Decision } from './decide';

const BATCH = 200;

/** What nobody can judge is told rather than passed over, and does not hold up what follows. */
const UNREADABLE: Decision = {
  always: true,
  why: [{ code: 'unreadable', because: 'The recorded event could not be read; look at it in the audit trail.' }],
};

/**
 * Decides about every recorded event that waits, by every rule in force, until none is left. Each batch ends in one
 * transaction: a crash leaves it undecided, and it is decided again, with the same result. What people can look at in a day
 * is counted in the store, so a restart changes nothing.
 * @param at  gives the present as an ISO instant
 * @returns how many alerts are new
 */
export async function decideWaiting(book: AlertBook, at: () => string, signal: AbortSignal): Promise<number> {
  let raised = 0;
  while (!signal.aborted) {
    const undecided = await book.undecided(BATCH);
    if (undecided.events.length === 0) break;
    const now = at();
    const alerts = await alertsOf(undecided, book, now);
    const decided = undecided.events.map(({ stream, seq }) => ({ stream, seq }));
    raised += (await book.raise(alerts, decided, now)).raised;
  }
  return raised;
}

async function alertsOf({ events, rules }: Undecided, book: AlertBook, now: string): Promise<RuleAlert[]> {
  const people = new Set(events.flatMap(({ event }) => (event === null ? [] : [sitterOf(event)])));
  const hasCap = rules.some(({ findings_a_day }) => findings_a_day !== null);
  const known = hasCap ? await book.sittings([...people], now) : { normal: [], open: [], told_today: {} };
  const cap = new Cap(known, Date.parse(now));
  const capped = rules.map(({ rule_id, risk_from, severity_from, findings_a_day }) => ({
    ...{ ruleId: rule_id, riskFrom: risk_from, severityFrom: severity_from, findingsADay: findings_a_day },
  }));
  return events.flatMap(({ event, event_key }) =>
    event === null
      ? capped.map(({ ruleId }) => ({ ...UNREADABLE, eventKey: event_key, ruleId }))
      : cap
          .decide(event, capped)
          .map(({ rule, decision }) => ({ ...decision, eventKey: event_key, ruleId: rule.ruleId })),
  );
}
