import { DateTime } from 'luxon';
import { weekClosesAt } from '../../lib/calendar';
import type { EventLine } from '../../lib/risk';
import type { ContextLine } from '../../lib/risk';
import type { WorldConfig } from './config';
import { Draw } from './draw';
import { fraudIntents } from './frauds';
import type { Intent, Truth } from './intent';
import { honestIntents } from './office';
import { makeWorld, type Person, type Row, type World } from './world';

export interface TruthLine {
  readonly event_key: string;
  readonly label: 0 | 1;
  readonly pattern: string | null;
  readonly incident: string | null;
  readonly severity: string | null;
  readonly reasons: readonly string[];
}

export type StreamEvent = Required<EventLine> & { readonly audit_run_id: string; readonly timestamp: string };

export interface Stream {
  readonly events: readonly StreamEvent[];
  /** One for each event, in the same order; kept in a file of its own. */
  readonly truth: readonly TruthLine[];
  readonly context: readonly ContextLine[];
}

/** Makes a stream: the same config and seed give the same bytes. */
export function makeStream(config: WorldConfig, seed: number): Stream {
  const draw = new Draw(seed);
  const world = makeWorld(config, draw);
  const context = contextOf(world);
  const intents = [...honestIntents(world, draw), ...fraudIntents(world, draw)];
  intents.sort((left, right) => left.at - right.at);
  const sundays = Array.from({ length: config.weeks + 8 }, (_, index) => sundayOf(config, index - 8));
  const events: StreamEvent[] = [];
  const truth: TruthLine[] = [];
  for (const intent of intents) {
    const written = write(intent);
    if (!written) continue;
    const key = `${world.sheetIds[intent.row.sheet]}:${intent.row.id}:${events.length}`;
    events.push(lineOf(world, intent, written, sundays[intent.row.week + 8] as Sunday, key));
    truth.push(truthOf(key, intent.truth));
  }
  return { events, truth, context };
}

interface Sunday {
  readonly day: string;
  readonly closesAt: number;
}

function sundayOf(config: WorldConfig, week: number): Sunday {
  const day =
    DateTime.fromISO(config.firstDay, { zone: 'utc' })
      .plus({ days: week * 7 + 6 })
      .toISODate() ?? '';
  return { day, closesAt: weekClosesAt(day, config) };
}

/** Applies an intent to its row. Null when nothing changes by it: then there is no event either. */
function write({ row, column, value }: Intent): { old: string | null; new: string | null } | null {
  const next = value(row);
  const before = currentOf(row, column);
  const [from, to] = [textOf(before), textOf(next)];
  if (from === to) return null;
  if (column === 'Quantity') row.quantity = next as number | null;
  else if (column === 'Units Total Price') row.price = next as number | null;
  else row.texts[column] = next as string | null;
  if (column === 'CU' && typeof next === 'string') row.unit = Number(next.slice(2));
  return { old: from, new: to };
}

function currentOf(row: Row, column: Intent['column']): string | number | null {
  if (column === 'Quantity') return row.quantity;
  return column === 'Units Total Price' ? row.price : (row.texts[column] ?? null);
}

function textOf(value: string | number | null): string | null {
  return value === null ? null : String(value);
}

function lineOf(
  world: World,
  { at, person, row, column }: Intent,
  written: { old: string | null; new: string | null },
  { day, closesAt }: Sunday,
  key: string,
): StreamEvent {
  const isAmount = column === 'Quantity' || column === 'Units Total Price';
  const delta = isAmount ? Math.round((Number(written.new ?? 0) - Number(written.old ?? 0)) * 100) / 100 : null;
  return {
    timestamp: new Date(at + 1500).toISOString(),
    event_key: key,
    kind: 'cell_changed',
    sheet_id: world.sheetIds[row.sheet] as string,
    row_id: row.id,
    work_request: row.workRequest,
    column_name: column,
    old_value: written.old,
    new_value: written.new,
    delta: delta === null ? null : String(delta),
    changed_by: person.name,
    changed_at: new Date(at).toISOString(),
    week_ending: day,
    is_historical: at >= closesAt,
    audit_run_id: 'generated',
  };
}

function truthOf(key: string, truth: Truth | undefined): TruthLine {
  return {
    event_key: key,
    label: truth ? 1 : 0,
    pattern: truth?.pattern ?? null,
    incident: truth?.incident ?? null,
    severity: truth?.severity ?? null,
    reasons: truth?.reasons ?? [],
  };
}

/** What an installation would know beside the changes: its people, its rows at the beginning, its price book. */
function contextOf(world: World): ContextLine[] {
  const from = new Date(world.instant(0, 0)).toISOString();
  return [
    ...world.people.map((person) => personLine(world, person, from)),
    ...world.prices.map((price, unit) => ({ kind: 'price' as const, unit_code: `CU${unit}`, price, valid_from: from })),
    ...world.rows.map(({ id, sheet, unit, quantity, price }) => ({
      kind: 'row' as const,
      sheet_id: world.sheetIds[sheet] as string,
      row_id: id,
      unit_code: `CU${unit}`,
      quantity,
      price,
      valid_from: from,
    })),
  ];
}

function personLine(world: World, person: Person, from: string): ContextLine {
  const day = (at: number): string => new Date(world.instant(at, 12)).toISOString().slice(0, 10);
  return {
    kind: 'person',
    person: person.name,
    role: person.role,
    access_level: person.accessLevel,
    last_review_at: person.lastReview,
    raised_at: null,
    service: person.role === 'service',
    leave: person.leave ? [[day(person.leave[0]), day(person.leave[1])]] : [],
    valid_from: from,
  };
}
