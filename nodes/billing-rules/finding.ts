import type { Change } from '../../lib/event';
import type { Approval } from '../../lib/store/store';
import type { DateProblem } from './dates';
import type { WeekPlace } from './week';

/** All that was found out about a change of a row or a cell. */
export interface Finding {
  readonly change: Change;
  /** Canonical title; null for a whole row. */
  readonly column: string | null;
  readonly isTracked: boolean;
  readonly place: WeekPlace;
  readonly delta: string | null;
  readonly dateProblems: readonly DateProblem[];
  readonly workRequest: string | null;
  readonly currency: string;
  readonly approval: Approval | undefined;
}
