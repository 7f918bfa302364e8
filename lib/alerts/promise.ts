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

/** What decides whether a past problem would have been shown. */
export type ShownBy = Pick<CountedPromise['rules'][number], 'findings_a_day' | 'risk_from'>;

/**
 * How many of the past problems that reviewers confirmed a setting would have told at once. Pure.
 * @param now  milliseconds since 1970
 */
export function shownOf(
  { normal, problems }: Pick<CountedPromise, 'normal' | 'problems'>,
  setting: ShownBy,
  now: number,
): Pick<Promised, 'problems' | 'shown'> {
  const isShown = shownBy(new Thresholds(normal, now), setting);
  return { problems: problems.length, shown: problems.filter(isShown).length };
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
    return {
      ...{ rule_id, findings_a_day, told_today, held_today, sittings },
      promised: thresholds.border(findings_a_day, modelled).promised,
      realised: sittings === 0 ? null : Math.min(1, told_normal / sittings),
      problems: problems.length,
      shown: problems.filter(shownBy(thresholds, { findings_a_day, risk_from })).length,
    };
  });
}

function shownBy(thresholds: Thresholds, { findings_a_day, risk_from }: ShownBy) {
  return ({ score, modelled, always, told }: CountedPromise['problems'][number]): boolean => {
    const { toldFrom, unusualFrom } = thresholds.border(findings_a_day, modelled);
    const worth = told || score >= risk_from || (modelled && score >= unusualFrom);
    return always || (worth && score >= toldFrom);
  };
}
