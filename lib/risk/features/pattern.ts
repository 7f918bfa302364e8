import { isRepriced } from '../state/book';
import { valueBefore } from '../state/context';
import { type Faded, worth } from '../state/counts';
import { type PersonState, SMALL_RISE, sumFrom } from '../state/person';
import { signedLog } from '../state/figures';
import { copiedLine, rewritingTook, rewritten } from './copies';
import type { RiskEvent } from './risk-event';
import { oneWaySurprise } from './sitting';
import { DAY, type Feature, flag } from './view';

const RECENT_VALUE_DAYS = 14;

/** What shows only over many events: slow sums, copies, a row's own story, and what reviewers said. */
export const pattern = {
  added_in_week: ({ event, person }) => Math.log1p(person?.addedIn(7, event.at) ?? 0),
  added_in_month: ({ event, person }) => Math.log1p(person?.addedIn(28, event.at) ?? 0),
  added_against_role: ({ event, state, person, directory }) => {
    const role = directory?.role ? state.roles.get(directory.role) : undefined;
    if (!role || !person) return NaN;
    const all = sumFrom(role.added, Math.floor(event.at / DAY) - 28);
    return all === 0 ? 0 : person.addedIn(28, event.at) / all;
  },
  /** -log of the chance that an honest person, who raises as often as lowers, rises so often in the last 30. */
  mostly_rises: ({ person }) => (person ? riseSurprise(person.rises) : NaN),
  small_rises: ({ event, person }) => Math.log1p(person?.smallRisesIn(10, event.at) ?? 0),
  small_rise_now: ({ event }) => flag(isSmallRise(event)),
  /** -log of the chance that small changes of standing prices go up so often, in ten days. */
  small_one_way: ({ event, person }) =>
    person ? oneWaySurprise(person.smallRisesIn(10, event.at), person.smallFallsIn(10, event.at)) : NaN,
  small_one_way_now: ({ event, person }) =>
    person && isSmallRise(event)
      ? oneWaySurprise(person.smallRisesIn(10, event.at) + 1, person.smallFallsIn(10, event.at))
      : 0,
  gained_in_week: ({ event, person }) => signedLog(person?.gainedIn(7, event.at) ?? 0),
  creep: ({ person }) => Math.log1p(person?.creep ?? 0),
  work_request_creep: ({ event, state }) =>
    event.workRequest === null ? NaN : Math.log1p(state.workRequests.get(event.workRequest)?.creep ?? 0),
  /** Other rows of the sheet with the same quantity and price, after this change. */
  same_pair: ({ event, state, row }) => {
    if (event.columnKind === 'other' || !row || event.sheet === null) return NaN;
    const quantity = event.columnKind === 'quantity' ? event.newNumber : row.quantity;
    const price = event.columnKind === 'price' ? event.newNumber : row.price;
    if (!quantity || !price) return NaN;
    const unchanged = quantity === row.quantity && price === row.price ? 1 : 0;
    return Math.log1p(Math.max(0, (state.pairs.get(`${event.sheet}:${quantity}:${price}`) ?? 0) - unchanged));
  },
  copied_line: (view) => copiedLine(view),
  rewritten: (view) => rewritten(view),
  rewriting_took: (view) => rewritingTook(view),
  same_value_elsewhere: ({ event, state }) => {
    if (event.columnKind !== 'price' || event.newText === null || event.newNumber === 0) return NaN;
    const found = state.values.get(`${event.sheet}:${event.column}:${event.newText}`);
    return flag(found !== undefined && found[0] !== event.row && event.at - found[1] <= RECENT_VALUE_DAYS * DAY);
  },
  row_edits: ({ event, row }) => Math.log1p(row?.edits.filter((at) => event.at - at <= 7 * DAY).length ?? 0),
  row_idle: ({ event, row }) =>
    row && Number.isFinite(row.lastAt) ? Math.log1p(Math.max(0, event.at - row.lastAt) / DAY) : NaN,
  goes_back: ({ event, row }) => {
    const before = event.column === null || !row ? undefined : valueBefore(row, event.column);
    return before === undefined ? NaN : flag(before === event.newText);
  },
  price_alone: ({ event, row }) =>
    event.columnKind === 'price' ? flag(!row || row.edits.every((at) => event.at - at > 3_600_000)) : 0,
  persons_on_row: ({ event, row }) => {
    if (!row) return NaN;
    return row.persons.filter((name) => name !== event.person).length;
  },
  confirmed_before: ({ event, person }) => Math.log1p(faded(person, 'confirmed', event.at)),
  dismissed_before: ({ event, person }) => Math.log1p(faded(person, 'dismissed', event.at)),
  sheet_confirmed: ({ event, state }) => share(state.sheetVerdicts.get(event.sheet ?? ''), event.at),
  work_request_confirmed: ({ event, state }) => share(state.workRequestVerdicts.get(event.workRequest ?? ''), event.at),
} as const satisfies Readonly<Record<string, Feature>>;

function isSmallRise(event: RiskEvent): boolean {
  const delta = event.delta ?? 0;
  return event.columnKind === 'price' && isRepriced(event) && delta > 0 && delta <= SMALL_RISE;
}

function riseSurprise(rises: readonly number[]): number {
  const raised = rises.reduce<number>((sum, rise) => sum + rise, 0);
  return oneWaySurprise(raised, rises.length - raised);
}

function faded(person: PersonState | undefined, which: 'confirmed' | 'dismissed', at: number): number {
  return person ? worth(person[which], at) : 0;
}

/** The share of confirmed among all verdicts, drawn towards none by two dismissals that nobody made. */
function share(pair: [confirmed: Faded, dismissed: Faded] | undefined, at: number): number {
  if (!pair) return 0;
  const [confirmed, dismissed] = [worth(pair[0], at), worth(pair[1], at)];
  return confirmed / (confirmed + dismissed + 2);
}
