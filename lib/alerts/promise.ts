import type { CountedPromise } from '../store/promise';
import { reachesSeverity } from './decide';
import { Thresholds } from './thresholds';

/** What one rule's number of findings a day promises, and how it turned out. */
export interface Promised {
  readonly rule_id: string;
  readonly findings_a_day: number;
  readonly told_today: number;
  /** In the last 24 hours. */
  readonly held_today: number;
  /** At most this share of normal sittings is told at once; null: all may be, or too few sittings are known. */
  readonly promised: number | null;
  /** The share that was, in the last 28 days; null: no sitting is known. */
  readonly realised: number | null;
  /** Normal sittings of the last 28 days. */
  readonly sittings: number;
  /** How many sittings were confirmed as a real problem, and how many of them this setting would have told at once. */
  readonly problems: number;
  readonly shown: number;
}

/** What decides whether a past problem would have been shown. */
export type ShownBy = Pick<CountedPromise['rules'][number], 'findings_a_day' | 'risk_from' | 'severity_from'>;
type Problem = CountedPromise['problems'][number];

/**
 * How many of the past problems that reviewers confirmed a setting would have told at once, whatever rules told of them
 * until now: the setting may ask for less. Pure.
 * @param now  milliseconds since 1970
 */
export function shownOf(
  { normal, problems }: Pick<CountedPromise, 'normal' | 'problems'>,
  setting: ShownBy,
  now: number,
): Pick<Promised, 'problems' | 'shown'> {
  const thresholds = new Thresholds(normal, now);
  const shown = problems.filter((problem) => isShown(problem, asksFor(problem, setting), setting, thresholds));
  return { problems: problems.length, shown: shown.length };
}

/**
 * How the promise is kept. Pure.
 * @param now  milliseconds since 1970
 */
export function promisesOf({ normal, problems, rules }: CountedPromise, now: number): Promised[] {
  const thresholds = new Thresholds(normal, now);
  const sittings = normal.reduce((sum, each) => sum + each.sittings, 0);
  // What a model scores now is what is promised for; before there is one, rule points.
  const modelled = normal.some((each) => each.modelled);
  return rules.map((rule) => {
    const { rule_id, findings_a_day, told_today, held_today, told_normal } = rule;
    // What was told at its time was worth it by the rule of then.
    const shown = problems.filter((problem) =>
      isShown(problem, problem.told || asksFor(problem, rule), rule, thresholds),
    );
    return {
      ...{ rule_id, findings_a_day, told_today, held_today, sittings },
      promised: thresholds.border(findings_a_day, modelled).promised,
      realised: sittings === 0 ? null : Math.min(1, told_normal / sittings),
      problems: problems.length,
      shown: shown.length,
    };
  });
}

/** Whether the limits of a setting ask for a sitting, as `decide` says it of an event. */
function asksFor({ risk, severity }: Problem, { risk_from, severity_from }: ShownBy): boolean {
  return (risk !== null && risk >= risk_from) || reachesSeverity(severity, severity_from);
}

function isShown(
  { score, modelled, always }: Problem,
  isAsked: boolean,
  { findings_a_day }: ShownBy,
  thresholds: Thresholds,
): boolean {
  const { toldFrom, unusualFrom } = thresholds.border(findings_a_day, modelled);
  return always || ((isAsked || (modelled && score >= unusualFrom)) && score >= toldFrom);
}
