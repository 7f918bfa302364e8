import type { PersonContext, RowState } from '../state/context';
import type { RiskState } from '../state/risk-state';
import type { PersonState } from '../state/person';
import type { RiskEvent } from './risk-event';

/** What one feature looks at: the event, and what was known before it. */
export interface View {
  readonly event: RiskEvent;
  readonly state: RiskState;
  /** Undefined: never seen, or nobody. */
  readonly person: PersonState | undefined;
  readonly directory: PersonContext | undefined;
  readonly row: RowState | undefined;
}

/** A figure of an event; NaN when it is not known. Missing is missing, never zero. */
export type Feature = (view: View) => number;

export const MINUTE = 60_000;
export const HOUR = 3_600_000;
export const DAY = 86_400_000;

export function flag(value: boolean | null | undefined): number {
  return value === null || value === undefined ? NaN : value ? 1 : 0;
}

/** Days from an ISO time to the event; NaN when there is none. */
export function daysSince(at: number, text: string | null | undefined): number {
  return text ? (at - Date.parse(text)) / DAY : NaN;
}

export function viewOf(event: RiskEvent, state: RiskState): View {
  return {
    event,
    state,
    person: event.person === null ? undefined : state.persons.get(event.person),
    directory: event.person === null ? undefined : state.directory.get(event.person),
    row: event.sheet === null || event.row === null ? undefined : state.rows.get(`${event.sheet}:${event.row}`),
  };
}
