/**
 * Where a real cancellation stands: `npm run bench -- month`.
 *
 * January 2011 of the Online Retail set, as the sandbox replays it, told to the engine without labels as the trail tells
 * it. C541433 takes 74,215 pieces back, the largest change of the month by far. The engine is trained once on what came
 * before it, once on the whole month; told is which place its two cells take among the 618 changed ones.
 */
import { existsSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { RiskEngine } from '../lib/risk';
import { readInvoiceLines } from '../sandbox/replay/invoice-lines';
import { planReplay } from '../sandbox/replay/plan';
import {
  CANCELLED_LINE,
  CANCELLED_ON,
  figuresOf,
  type MonthFigures,
  placeAmong,
  scored,
  trainedOn,
} from './month/scored';
import { type MonthLine, trailOf } from './month/trail';

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
  const figures = figuresOf(lines);
  const before = lines.findIndex(({ changed_at }) => changed_at >= CANCELLED_ON);
  for (const [name, count] of [
    ['what came before the day', before],
    ['the whole month', lines.length],
  ] as const) {
    console.log(`trained on ${name}, ${count} events:`);
    tell(lines, figures, trainedOn(figures, count));
  }
}

function tell(lines: readonly MonthLine[], figures: MonthFigures, engine: RiskEngine): void {
  const all = scored(lines, figures, engine);
  const cells = all.filter(({ line }) => line.kind === 'cell_changed');
  const asked = cells.filter(({ line }) => line.rowKey === CANCELLED_LINE);
  const first = cells.toSorted((left, right) => right.score - left.score).slice(0, SHOWN);
  console.table(
    [...asked, ...first].map(({ line, score, tails }) => ({
      place: `${placeAmong(cells, score)} of ${cells.length}`,
      'among all': `${placeAmong(all, score)} of ${all.length}`,
      anomaly: score.toFixed(6),
      line: line.rowKey,
      change: `${line.column_name}: ${line.old_value} -> ${line.new_value}`,
      'week closed': line.is_historical,
      oddest: tails.map(({ feature }) => feature).join(', '),
    })),
  );
}
