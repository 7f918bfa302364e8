import type { AlertBook, RuleAlert } from './book';
import { decide, type Decision } from './decide';

const BATCH = 200;

/** What nobody can judge is told rather than passed over, and does not hold up what follows. */
const UNREADABLE: Decision = {
  always: true,
  why: [{ code: 'unreadable', because: 'The recorded event could not be read; look at it in the audit trail.' }],
};

/**
 * Decides about every recorded event that waits, by every rule in force, until none is left. Each batch ends in one
 * transaction: a crash leaves it undecided, and it is decided again, with the same result.
 * @param at  gives the present as an ISO instant
 * @returns how many alerts are new
 */
export async function decideWaiting(book: AlertBook, at: () => string, signal: AbortSignal): Promise<number> {
  let raised = 0;
  while (!signal.aborted) {
    const { events, rules } = await book.undecided(BATCH);
    if (events.length === 0) break;
    const alerts = events.flatMap(({ event, event_key }) =>
      rules.flatMap((rule): RuleAlert[] => {
        const thresholds = { riskFrom: rule.risk_from, severityFrom: rule.severity_from };
        const decision = event ? decide(event, thresholds) : UNREADABLE;
        return decision ? [{ ...decision, eventKey: event_key, ruleId: rule.rule_id }] : [];
      }),
    );
    const decided = events.map(({ stream, seq }) => ({ stream, seq }));
    raised += (await book.raise(alerts, decided, at())).raised;
  }
  return raised;
}
