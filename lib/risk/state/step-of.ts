import type { RiskEvent } from '../features/risk-event';
import { isRepriced, offBook, offBookBefore } from './book';
import type { PersonState } from './person';
import type { RowState } from './context';
import { roundness } from './figures';
import type { RiskState } from './risk-state';
import type { SittingStep } from './sitting-so-far';

/** What an event adds to its person's sitting, from what was known before it. */
export function stepOf(
  event: RiskEvent,
  state: RiskState,
  row: RowState | undefined,
  person: PersonState | undefined,
): SittingStep {
  const isPrice = event.columnKind === 'price';
  const isMoney = event.columnKind !== 'other';
  const moved = isRepriced(event) ? (event.delta ?? 0) : 0;
  const raised = moved > 0 ? 1 : 0;
  return {
    prices: isPrice ? 1 : 0,
    raised,
    lowered: moved < 0 ? 1 : 0,
    gained: isPrice ? moved : 0,
    above: raised ? leftBook(event, state, row) : 0,
    rounded: (event.delta ?? 0) > 0 && roundness(event) > 0 ? 1 : 0,
    raisedHistorical: raised && event.isHistorical === true ? 1 : 0,
    cleared: event.newText === null && event.oldText !== null ? 1 : 0,
    unusual:
      isMoney && event.column !== null && person
        ? person.habits.columns.surprise(event.column, event.at, state.columns.share(event.column, event.at))
        : 0,
  };
}

/** How much farther above the book a change brought a standing price, 0..1. */
export function leftBook(event: RiskEvent, state: RiskState, row: RowState | undefined): number {
  const after = offBook(event, row, state.book);
  const before = offBookBefore(event, row, state.book);
  if (!(after > 0)) return 0;
  return Math.min(1, Math.max(0, after - Math.max(0, Number.isNaN(before) ? 0 : before)));
}
