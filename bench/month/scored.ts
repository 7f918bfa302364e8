import { FEATURES, features, RecentRank, RiskEngine, type RiskReading, TrailFold } from '../../lib/risk';
import { defaultSettings } from '../../lib/settings';
import type { MonthLine } from './trail';

const WIDTH = FEATURES.length;

/** The line whose two cells C541433 took back, and the day on which it did. */
export const CANCELLED_LINE = '541431#1';
export const CANCELLED_ON = '2011-01-18';

/** The figures of each line, as they were when it was recorded. */
export interface MonthFigures {
  /** Lines by features. */
  readonly values: Float64Array;
  /** Milliseconds since 1970, by line. */
  readonly at: Float64Array;
}

export interface ScoredLine {
  readonly line: MonthLine;
  /** Its place among the 28 days before it, 0..1. */
  readonly score: number;
  readonly tails: RiskReading['tails'];
}

export function figuresOf(lines: readonly MonthLine[]): MonthFigures {
  const fold = TrailFold.begin(defaultSettings);
  const values = new Float64Array(lines.length * WIDTH);
  const at = new Float64Array(lines.length);
  for (const [row, line] of lines.entries()) {
    const event = fold.read(line);
    if (!event) continue;
    at[row] = event.at;
    values.set(features(event, fold.state), row * WIDTH);
    fold.take(event, line);
  }
  return { values, at };
}

/** An engine that knows the first so many lines, and no label. */
export function trainedOn({ values }: MonthFigures, count: number): RiskEngine {
  const none = Array.from({ length: count }, () => null);
  const part = values.subarray(0, count * WIDTH);
  return RiskEngine.fit({
    features: FEATURES,
    values: part,
    labels: none.map(() => 0),
    incidents: none,
    categories: none,
  });
}

/** What an engine says of each line, one after the other. */
export function scored(lines: readonly MonthLine[], { values, at }: MonthFigures, engine: RiskEngine): ScoredLine[] {
  const recent = new RecentRank();
  return lines.map((line, row) => {
    const { anomaly, tails } = engine.read(values.subarray(row * WIDTH, (row + 1) * WIDTH));
    return { line, score: recent.take(at[row] as number, anomaly), tails };
  });
}

/** The place of a score among others, 1 for the greatest. */
export function placeAmong(all: readonly ScoredLine[], score: number): number {
  return all.filter((other) => other.score > score).length + 1;
}
