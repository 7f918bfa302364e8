/**
 * Where a real cancellation stands: `npm run bench -- month`.
 *
 * January 2011 of the Online Retail set, as the sandbox replays it, told to the engine without labels as the trail tells
 * it. C541433 takes 74,215 pieces back, the largest change of the month by far. The engine is trained once on what came
 * before it, once on the whole month; told is which place its two cells take among the 618 changed ones.
 */
import { existsSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { FEATURES, features, RecentRank, RiskEngine, TrailFold } from '../lib/risk';
import { readInvoiceLines } from '../sandbox/replay/invoice-lines';
import { planReplay } from '../sandbox/replay/plan';
import { defaultSettings } from '../lib/settings';
import { type MonthLine, trailOf } from './month/trail';

const LINE = '541431#1';
const CANCELLED_ON = '2011-01-18';
const WIDTH = FEATURES.length;
const SHOWN = 5;

main();

function main(): void {
  const shared = process.env['BILLING_AUDIT_SHARED'] ?? resolve('..', 'shared');
  const file = join(shared, 'data/online-retail/online-retail-2011-01.csv');
  if (!existsSync(file)) {
    console.log(`The month is not at ${file}; set BILLING_AUDIT_SHARED.`);
    return;
  }
  const lines = trailOf(planReplay(readInvoiceLines(readFileSync(file, 'utf8'), file), 'Europe/London'));
  const { values, at } = figuresOf(lines);
  const before = lines.findIndex(({ changed_at }) => changed_at >= CANCELLED_ON);
  for (const [name, count] of [
    ['what came before the day', before],
    ['the whole month', lines.length],
  ] as const) {
    console.log(`trained on ${name}, ${count} events:`);
    tell(lines, values, at, trainedOn(values, count));
  }
}

function figuresOf(lines: readonly MonthLine[]): { readonly values: Float64Array; readonly at: Float64Array } {
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

function trainedOn(values: Float64Array, count: number): RiskEngine {
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

function tell(lines: readonly MonthLine[], values: Float64Array, at: Float64Array, engine: RiskEngine): void {
  const recent = new RecentRank();
  const scored = lines.map((line, row) => {
    const { anomaly, tails } = engine.read(values.subarray(row * WIDTH, (row + 1) * WIDTH));
    return { line, score: recent.take(at[row] as number, anomaly), tails };
  });
  const cells = scored.filter(({ line }) => line.kind === 'cell_changed');
  const placeIn = (all: typeof scored, score: number): number => all.filter((other) => other.score > score).length + 1;
  const asked = cells.filter(({ line }) => line.rowKey === LINE);
  const first = cells.toSorted((left, right) => right.score - left.score).slice(0, SHOWN);
  console.table(
    [...asked, ...first].map(({ line, score, tails }) => ({
      place: `${placeIn(cells, score)} of ${cells.length}`,
      'among all': `${placeIn(scored, score)} of ${scored.length}`,
      anomaly: score.toFixed(6),
      line: line.rowKey,
      change: `${line.column_name}: ${line.old_value} -> ${line.new_value}`,
      'week closed': line.is_historical,
      oddest: tails.map(({ feature }) => feature).join(', '),
    })),
  );
}
