import { isRepriced, offBook } from '../state/book';
import { offScale, type Scale, worth } from '../state/counts';
import { roundness, signedLog } from '../state/figures';
import { leftBook } from '../state/step-of';
import { type Feature, flag, type View } from './view';

const LEAST_SPREAD = 0.3;

/** How much it was: in money, against what it was, against habits, against the price book; and how round. */
export const amount = {
  size: ({ event }) => (event.delta === null ? NaN : Math.log1p(Math.abs(event.delta))),
  rise: ({ event }) => (event.delta === null ? NaN : Math.log1p(Math.max(0, event.delta))),
  signed_size: ({ event }) => (event.delta === null ? NaN : signedLog(event.delta)),
  relative: ({ event }) =>
    event.delta === null || event.oldNumber === null
      ? NaN
      : Math.asinh(event.delta / Math.max(1, Math.abs(event.oldNumber))),
  /** What tells a changed cell from a row that came or went, a comment or a file. */
  is_cell: ({ event }) => flag(event.kind === 'cell_changed'),
  is_price: ({ event }) => flag(event.columnKind === 'price'),
  is_quantity: ({ event }) => flag(event.columnKind === 'quantity'),
  off_habit: ({ event, person }) => off(event, person?.habits.scales.get(event.column ?? '')),
  off_column: ({ event, state }) => off(event, state.columnScales.get(event.column ?? '')),
  off_work_request: ({ event, state }) =>
    event.columnKind === 'price' ? off(event, state.workRequests.get(event.workRequest ?? '')?.scale) : NaN,
  off_book: ({ event, row, state }) => offBook(event, row, state.book),
  above_book: ({ event, row, state }) => Math.max(0, offBook(event, row, state.book)),
  /** How much farther above the book than what stood there. */
  left_book: ({ event, row, state }) =>
    event.columnKind === 'other' ? NaN : isRepriced(event) ? leftBook(event, state, row) : 0,
  repriced: ({ event }) => flag(isRepriced(event) && event.columnKind === 'price'),
  filled: ({ event }) => flag(event.oldText === null && event.newText !== null),
  cleared: ({ event }) => flag(event.oldText !== null && event.newText === null),
  /** A factor of 10, 100 or 1,000: a slipped point or another unit. */
  slipped_point: ({ event }) => {
    const { oldNumber, newNumber } = event;
    if (!oldNumber || !newNumber) return NaN;
    const tens = Math.log10(Math.abs(newNumber / oldNumber));
    return flag(Math.abs(tens) > 0.9 && Math.abs(tens - Math.round(tens)) < 1e-9);
  },
  round: ({ event }) => roundness(event),
  round_rise: ({ event }) => roundness(event) * flag((event.delta ?? 0) > 0),
  round_habit: ({ event, state, person }) => {
    const everybody = worth(state.money, event.at);
    const share = everybody > 0 ? worth(state.rounded, event.at) / everybody : 0;
    if (!person) return NaN;
    const { rounded, money } = person.habits;
    return (worth(rounded, event.at) + 5 * share) / (worth(money, event.at) + 5) - share;
  },
} as const satisfies Readonly<Record<string, Feature>>;

function off({ delta }: View['event'], scale: Scale | undefined): number {
  return delta === null ? NaN : offScale(scale, signedLog(delta), LEAST_SPREAD);
}
