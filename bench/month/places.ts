import { readFileSync } from 'node:fs';
import { readInvoiceLines } from '../../sandbox/replay/invoice-lines';
import { planReplay } from '../../sandbox/replay/plan';
import { CANCELLED_LINE, CANCELLED_ON, figuresOf, placeAmong, scored, trainedOn } from './scored';
import { trailOf } from './trail';

/** What the program prints, as JSON, for each training. */
export interface CancelledPlaces {
  readonly trainedOn: number;
  readonly changedCells: number;
  /** By column, 1 for the strangest. */
  readonly places: Readonly<Record<string, number>>;
}

/** A program of its own: in a test's process the same takes ten times as long. Its argument is the month's file. */
function main(file: string): void {
  const lines = trailOf(planReplay(readInvoiceLines(readFileSync(file, 'utf8'), file), 'Europe/London'));
  const figures = figuresOf(lines);
  const before = lines.findIndex(({ changed_at }) => changed_at >= CANCELLED_ON);
  const told = [before, lines.length].map((known): CancelledPlaces => {
    const cells = scored(lines, figures, trainedOn(figures, known)).filter(({ line }) => line.kind === 'cell_changed');
    const cancelled = cells.filter(({ line }) => line.rowKey === CANCELLED_LINE);
    const places = cancelled.map(({ line, score }) => [String(line.column_name), placeAmong(cells, score)] as const);
    return { trainedOn: known, changedCells: cells.length, places: Object.fromEntries(places) };
  });
  console.log(JSON.stringify(told));
}

main(process.argv[2] ?? '');
