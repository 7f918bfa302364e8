/** As `IDLE_MINUTES` of the sittings that alerts go by. */
const IDLE_MILLISECONDS = 30 * 60_000;

/** What happened in a person's present sitting up to the last event. Each figure is a sum over its events. */
export interface SittingSoFar {
  to: number;
  events: number;
  /** Changes of a price, filled in ones too. */
  prices: number;
  /** Standing prices and quantities that were raised, and lowered. */
  raised: number;
  lowered: number;
  /** Money that raised and lowered prices came to. */
  gained: number;
  /** How far standing prices were raised above the book, as logarithms, each 1 at most. */
  above: number;
  /** Prices and quantities that were raised to a round value. */
  rounded: number;
  raisedHistorical: number;
  cleared: number;
  /** How unusual the columns of money were for the person: -log of their shares. */
  unusual: number;
}

/** What one event adds to its sitting. */
export type SittingStep = Omit<SittingSoFar, 'to' | 'events'>;

export const NO_SITTING: SittingSoFar = {
  to: -Infinity,
  events: 0,
  prices: 0,
  raised: 0,
  lowered: 0,
  gained: 0,
  above: 0,
  rounded: 0,
  raisedHistorical: 0,
  cleared: 0,
  unusual: 0,
};

/** The sitting with one event more; a new one after half an hour without any. A clock that runs back ends none. */
export function sittingWith(before: SittingSoFar | null, at: number, step: SittingStep): SittingSoFar {
  const goesOn = before !== null && at - before.to <= IDLE_MILLISECONDS;
  const from = goesOn ? before : NO_SITTING;
  return {
    to: Math.max(from.to, at),
    events: from.events + 1,
    prices: from.prices + step.prices,
    raised: from.raised + step.raised,
    lowered: from.lowered + step.lowered,
    gained: from.gained + step.gained,
    above: from.above + step.above,
    rounded: from.rounded + step.rounded,
    raisedHistorical: from.raisedHistorical + step.raisedHistorical,
    cleared: from.cleared + step.cleared,
    unusual: from.unusual + step.unusual,
  };
}
