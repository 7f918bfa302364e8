import { areaUnderCurve, averagePrecision, PromiseKeeper, SittingBook, type Sitting } from '../../lib/risk';
import type { Prepared } from './prepare';

/** What a scorer reaches on the test weeks. */
export interface Reached {
  readonly area: number;
  readonly precision: number;
  /** Share of incidents with an event above what lets 0.5 % of normal events through; and 1 %. */
  readonly incidentsAtHalf: number;
  readonly incidentsAtOne: number;
  readonly sittings: SittingFigures;
}

export interface SittingFigures {
  /** Share of normal sittings that alerted, over the share promised. */
  readonly kept: number;
  readonly worstWeek: number;
  readonly recall: number;
  readonly precision: number;
  /** By incident, for intervals: 1 found. */
  readonly found: ReadonlyMap<string, 0 | 1>;
}

const ALPHA = 0.01;

/**
 * @param scores  one for each event of the stream; those from week `from` on are measured, the four weeks before calibrate
 */
export function evaluate(prepared: Prepared, scores: Float64Array, from: number): Reached {
  const { truth, week } = prepared;
  const test = [...scores.keys()].filter((index) => (week[index] as number) >= from);
  const labels = test.map((index) => truth[index]?.label ?? 0);
  const numbers = test.map((index) => scores[index] as number);
  const normal = numbers.filter((_, place) => labels[place] === 0).sort((left, right) => right - left);
  const share = (allowed: number): number => {
    const border = normal[Math.floor(allowed * normal.length)] ?? -Infinity;
    const found = new Map<string, boolean>();
    for (const index of test) {
      const incident = truth[index]?.incident;
      if (incident) found.set(incident, found.get(incident) === true || (scores[index] as number) > border);
    }
    return [...found.values()].filter(Boolean).length / found.size;
  };
  return {
    area: areaUnderCurve(labels, numbers),
    precision: averagePrecision(labels, numbers),
    incidentsAtHalf: share(0.005),
    incidentsAtOne: share(0.01),
    sittings: sittingFigures(prepared, scores, from),
  };
}

/**
 * Streams the sittings: each is compared with the threshold of the 28 days before it, cleaned of confirmed findings. The
 * night after the last Sunday belongs to the last week: else its one or two sittings are a week of their own, and one of
 * them that alerts is a hundred times the promise.
 */
function sittingFigures(
  { config, events, truth, at, week }: Prepared,
  scores: Float64Array,
  from: number,
): SittingFigures {
  const book = new SittingBook();
  const keeper = new PromiseKeeper();
  /** The incidents in the sitting that a person has open, and its week. */
  const open = new Map<string, { readonly incidents: Set<string>; readonly inWeek: number }>();
  const found = new Map<string, 0 | 1>();
  const weeks = new Map<number, { normal: number; alerts: number }>();
  let [trueAlerts, falseAlerts] = [0, 0];
  /** In the order of their ends, soon after them: the threshold of a sitting is made from the 28 days before it. */
  const end = (sitting: Sitting): void => {
    const { incidents, inWeek } = open.get(sitting.person) ?? { incidents: new Set<string>(), inWeek: 0 };
    open.delete(sitting.person);
    if (inWeek >= from) {
      const alerted = sitting.score >= keeper.threshold(ALPHA, sitting.to);
      const counts = weeks.get(inWeek) ?? { normal: 0, alerts: 0 };
      if (incidents.size === 0) {
        weeks.set(inWeek, { normal: counts.normal + 1, alerts: counts.alerts + (alerted ? 1 : 0) });
        falseAlerts += alerted ? 1 : 0;
      } else if (alerted) trueAlerts += 1;
      for (const incident of incidents) found.set(incident, alerted || found.get(incident) === 1 ? 1 : 0);
    }
    if (incidents.size === 0) keeper.learn(sitting);
  };
  for (const [index, event] of events.entries()) {
    if ((week[index] as number) < from - 4) continue;
    const person = event.changed_by ?? '';
    for (const idle of book.endIdle(at[index] as number)) end(idle);
    const { ended } = book.take({ person, at: at[index] as number, score: scores[index] as number });
    if (ended) end(ended);
    const { incidents } = open.get(person) ?? { incidents: new Set<string>() };
    const incident = truth[index]?.incident;
    if (incident) incidents.add(incident);
    open.set(person, { incidents, inWeek: Math.min(config.weeks - 1, week[index] as number) });
  }
  for (const sitting of book.endIdle(Infinity)) end(sitting);
  const normal = [...weeks.values()].reduce((sum, one) => sum + one.normal, 0);
  return {
    kept: falseAlerts / normal / ALPHA,
    worstWeek: Math.max(...[...weeks.values()].map((one) => one.alerts / Math.max(1, one.normal) / ALPHA)),
    recall: [...found.values()].filter((one) => one === 1).length / found.size,
    precision: trueAlerts / Math.max(1, trueAlerts + falseAlerts),
    found,
  };
}
