import { DateTime } from 'luxon';
import {
  checkedTimeZone,
  type HolidayCalendar,
  holidayCalendar,
  type Hours,
  inHours,
  parseHours,
  weekClosesAt,
} from '../../calendar';
import { amountOf, parseAmount } from '../../event';
import {
  type BillingSettings,
  canonicalTitle,
  QUANTITY,
  REDLINED_TOTAL_PRICE,
  UNITS_TOTAL_PRICE,
} from '../../settings';
import { BadNumbers } from '../errors';
import { shortName, shortText } from '../state/short';

/** What is read of an audit event; everything but the time may be missing. */
export interface EventLine {
  readonly event_key?: string | null;
  readonly kind?: string | null;
  readonly sheet_id?: string | null;
  readonly row_id?: string | null;
  readonly work_request?: string | null;
  readonly column_name?: string | null;
  readonly old_value?: string | null;
  readonly new_value?: string | null;
  readonly delta?: string | null;
  readonly changed_by?: string | null;
  readonly changed_at: string;
  readonly week_ending?: string | null;
  readonly is_historical?: boolean | null;
}

export type ColumnKind = 'price' | 'quantity' | 'other';

/** An event as the features see it: figures instead of texts. What is not known is null. */
export interface RiskEvent {
  /** Milliseconds since 1970. */
  readonly at: number;
  readonly insideHours: boolean;
  readonly weekend: boolean;
  readonly holiday: boolean;
  /** 0..24, with fractions, in business time. */
  readonly hour: number;
  /** 1 Monday .. 7 Sunday. */
  readonly weekday: number;
  readonly kind: string;
  readonly person: string | null;
  readonly sheet: string | null;
  readonly row: string | null;
  readonly workRequest: string | null;
  readonly column: string | null;
  readonly columnKind: ColumnKind;
  readonly oldText: string | null;
  readonly newText: string | null;
  readonly oldNumber: number | null;
  readonly newNumber: number | null;
  readonly delta: number | null;
  readonly isHistorical: boolean | null;
  /** Milliseconds since the week closed; negative while it is open; null when the week is not known. */
  readonly sinceClose: number | null;
}

const HOUR = 3_600_000;
/** Hours and weeks that are remembered before all are forgotten: a year of hours. */
const MOST_REMEMBERED = 9_000;

/**
 * Reads audit events for the features. It remembers what hour and which week it has placed in business time already,
 * since asking the calendar costs more than all features together.
 */
export class EventReader {
  private readonly hours: Hours;
  private readonly holidays: HolidayCalendar;
  private readonly offsets = new Map<number, number>();
  private readonly closings = new Map<string, number>();
  private readonly columns = new Map<string, string>();

  /** @throws BadSetting  when zone, hours or holidays cannot be used */
  constructor(private readonly settings: BillingSettings) {
    checkedTimeZone(settings.timeZone);
    this.hours = parseHours(settings.businessHours);
    this.holidays = holidayCalendar(settings.holidays);
  }

  /** @throws BadNumbers  when `changed_at` is not a time: nothing can be said of an event without one */
  read(line: EventLine): RiskEvent {
    const at = Date.parse(line.changed_at);
    if (Number.isNaN(at)) throw noTime(line);
    const local = new Date(at + this.offset(at));
    const hour = local.getUTCHours() + local.getUTCMinutes() / 60;
    const weekday = local.getUTCDay() === 0 ? 7 : local.getUTCDay();
    const column = line.column_name ? this.title(line.column_name) : null;
    const columnKind = kindOf(column);
    const [oldText, newText] = [line.old_value ?? null, line.new_value ?? null];
    return {
      at,
      hour,
      weekday,
      insideHours: inHours(this.hours, local.getUTCHours() * 60 + local.getUTCMinutes()),
      weekend: weekday >= 6,
      holiday: this.holidays(local.toISOString().slice(0, 10)) !== null,
      kind: line.kind ?? 'cell_changed',
      person: shortName(line.changed_by),
      sheet: shortName(line.sheet_id),
      row: shortName(line.row_id),
      workRequest: shortName(line.work_request),
      column: shortName(column),
      columnKind,
      oldText: shortText(oldText),
      newText: shortText(newText),
      oldNumber: numberIn(oldText, columnKind),
      newNumber: numberIn(newText, columnKind),
      delta: finite(line.delta ? Number(line.delta) : null),
      isHistorical: line.is_historical ?? null,
      sinceClose: line.week_ending ? at - this.closing(line.week_ending) : null,
    };
  }

  /** Milliseconds from UTC to business time; it changes on the hour only. */
  private offset(at: number): number {
    const hour = Math.floor(at / HOUR);
    return remembered(this.offsets, hour, () => {
      return DateTime.fromMillis(hour * HOUR, { zone: this.settings.timeZone }).offset * 60_000;
    });
  }

  private closing(week: string): number {
    return remembered(this.closings, week, () => weekClosesAt(week, this.settings));
  }

  private title(column: string): string {
    return remembered(this.columns, column, () => canonicalTitle(column, this.settings));
  }
}

function remembered<Key, Value>(known: Map<Key, Value>, key: Key, make: () => Value): Value {
  const found = known.get(key);
  if (found !== undefined) return found;
  if (known.size >= MOST_REMEMBERED) known.clear();
  const value = make();
  known.set(key, value);
  return value;
}

function noTime({ event_key, changed_at }: EventLine): BadNumbers {
  return new BadNumbers(
    `${event_key ? `The event ${event_key}` : 'An event'} has the time "${changed_at}".`,
    'changed_at must be YYYY-MM-DDTHH:MM:SS.sssZ.',
    { event_key, changed_at },
  );
}

function kindOf(column: string | null): ColumnKind {
  if (column === QUANTITY) return 'quantity';
  return column === UNITS_TOTAL_PRICE || column === REDLINED_TOTAL_PRICE ? 'price' : 'other';
}

/** An empty cell of money or quantity counts as 0, as in the contract's delta. */
function numberIn(text: string | null, kind: ColumnKind): number | null {
  const amount = kind === 'other' ? parseAmount(text) : amountOf(text);
  return finite(amount === null ? null : Number(amount));
}

function finite(value: number | null): number | null {
  return value !== null && Number.isFinite(value) ? value : null;
}
