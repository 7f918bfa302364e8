import { Sheet, type SheetFacts } from '../office/sheet';
import type { AccessLevel, Container, Row, User, Writing } from '../office/types';
import type { Callback, Webhook } from '../webhooks/types';
import type { PracticeProgress } from '../practice/practice-office';
import type { ReplayProgress } from '../replay/replay';
import type { World } from '../world';

/** All that a sandbox knows, as its state file keeps it. */
export interface SavedState {
  readonly seed: number;
  readonly idsUsed: number;
  readonly clock: { readonly standingAt: number | null; readonly offset: number };
  readonly users: readonly User[];
  readonly containers: readonly Container[];
  readonly sheets: readonly SavedSheet[];
  readonly webhooks: readonly { readonly hook: Webhook; readonly pending: readonly Callback[] }[];
  readonly replay: ReplayProgress | null;
  /** Absent in states of a version that had no practice office. */
  readonly practice?: PracticeProgress | null;
}

interface SavedSheet {
  readonly facts: SheetFacts;
  readonly access: readonly (readonly [number, AccessLevel])[];
  readonly rows: readonly (Omit<Row, 'cells'> & { readonly cells: readonly (readonly [number, Writing[]])[] })[];
}

/** Takes a picture of a world. It shares nothing with it but values that never change. */
export function stateOf(world: World, replay: ReplayProgress | null, practice: PracticeProgress | null): SavedState {
  const { office, clock, dispatcher } = world;
  return {
    seed: office.ids.seed,
    idsUsed: office.ids.used,
    clock: clock.setting,
    users: office.people.all(),
    containers: [...office.containers.values()],
    sheets: [...office.sheets.values()].map(savedSheet),
    webhooks: dispatcher.hooks().map((hook) => ({ hook, pending: dispatcher.line(hook.id)?.pending() ?? [] })),
    replay,
    practice,
  };
}

/** Puts a saved state into a world that is still empty. What was not delivered before is delivered now. */
export function restoreState(world: World, state: SavedState): void {
  const { office, clock, dispatcher } = world;
  office.ids.resume(state.seed, state.idsUsed);
  clock.set(state.clock);
  for (const user of state.users) office.people.restore(user);
  for (const container of state.containers) office.containers.set(container.id, container);
  for (const saved of state.sheets) office.sheets.set(saved.facts.id, sheetFrom(saved));
  for (const { hook, pending } of state.webhooks) {
    const line = dispatcher.add({ ...hook });
    for (const callback of pending) line.enqueue(callback);
  }
}

function savedSheet(sheet: Sheet): SavedSheet {
  const { id, name, ownerId, containerId, createdAt, modifiedAt, version, columns } = sheet;
  const place = containerId === undefined ? {} : { containerId };
  return {
    facts: { id, name, ownerId, createdAt, modifiedAt, version, columns, ...place },
    access: [...sheet.access],
    rows: sheet.rows.map((row) => ({ ...row, cells: [...row.cells] })),
  };
}

function sheetFrom({ facts, access, rows }: SavedSheet): Sheet {
  const sheet = new Sheet(facts);
  for (const [userId, level] of access) sheet.access.set(userId, level);
  sheet.insert(
    rows.map((row) => ({ ...row, cells: new Map(row.cells.map(([columnId, writings]) => [columnId, [...writings]])) })),
    { at: 'bottom' },
  );
  return sheet;
}
