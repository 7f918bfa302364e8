import type { CountedPromise } from '../store/promise';
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

/**
 * How the promise is kept. Pure.
 * @param now  milliseconds since 1970
 */
export function promisesOf({ normal, problems, rules }: CountedPromise, now: number): Promised[] {
  const thresholds = new Thresholds(normal, now);
  const sittings = normal.reduce((sum, each) => sum + each.sittings, 0);
  // What a model scores now is what is promised for; before there is one, rule points.
  const modelled = normal.some((each) => each.modelled);
  return rules.map(({ rule_id, findings_a_day, risk_from, told_today, held_today, told_normal }) => {
    const isShown = (problem: CountedPromise['problems'][number]): boolean => {
      const { toldFrom, unusualFrom } = thresholds.border(findings_a_day, problem.modelled);
      const worth = problem.told || problem.score >= risk_from || (problem.modelled && problem.score >= unusualFrom);
      return problem.always || (worth && problem.score >= toldFrom);
    };
    return {
      ...{ rule_id, findings_a_day, told_today, held_today, sittings },
      promised: thresholds.border(findings_a_day, modelled).promised,
      realised: sittings === 0 ? null : Math.min(1, told_normal / sittings),
      problems: problems.length,
      shown: problems.filter(isShown).length,
    };
  });
}
