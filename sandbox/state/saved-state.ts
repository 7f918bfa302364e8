import { Sheet, type SheetFacts } from '../office/sheet';
import type { AccessLevel, Attachment, Container, Discussion, Group, Row, Share, User, Writing } from '../office/types';
import type { Plan } from '../plan';
import type { ReportedEvent } from '../office/activity';
import type { SharingMode } from '../office/access';
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
  /** Absent in states of a version that knew no groups, shares, bin, plan or event reporting. */
  readonly more?: MoreState;
}

interface MoreState {
  readonly plan: Plan;
  readonly sharing: SharingMode;
  readonly groups: readonly (Omit<Group, 'memberIds'> & { readonly memberIds: readonly number[] })[];
  readonly shares: readonly Share[];
  readonly bin: readonly SavedSheet[];
  readonly events: readonly ReportedEvent[];
  readonly latestEvent: number;
}

interface SavedSheet {
  readonly facts: SheetFacts;
  readonly access: readonly (readonly [number, AccessLevel])[];
  readonly attachments?: readonly Attachment[];
  readonly discussions?: readonly Discussion[];
  readonly countsAsTooLarge?: boolean;
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
    more: moreOf(world),
  };
}

function moreOf({ office, plan, activity }: World): MoreState {
  const { access, bin } = office;
  return {
    plan: { ...plan },
    sharing: access.mode,
    groups: [...access.groups.values()].map((group) => ({ ...group, memberIds: [...group.memberIds] })),
    shares: [...access.shares.values()],
    bin: [...bin.values()].map(savedSheet),
    events: activity.events,
    latestEvent: activity.latest,
  };
}

function restoreMore({ office, plan, activity, settings }: World, more: MoreState): void {
  Object.assign(plan, more.plan);
  // What was asked for when it was started wins over what was kept.
  if (settings.eventReporting) plan.eventReporting = true;
  if (settings.region !== null) plan.region = settings.region;
  for (const group of more.groups)
    office.access.groups.set(group.id, { ...group, memberIds: new Set(group.memberIds) });
  for (const share of more.shares) office.access.shares.set(share.id, { ...share });
  for (const saved of more.bin) office.bin.set(saved.facts.id, sheetFrom(saved));
  activity.restore(more.events, more.latestEvent);
  office.access.mode = more.sharing;
}

/** Puts a saved state into a world that is still empty. What was not delivered before is delivered now. */
export function restoreState(world: World, state: SavedState): void {
  const { office, clock, dispatcher } = world;
  office.ids.resume(state.seed, state.idsUsed);
  clock.set(state.clock);
  for (const user of state.users) office.people.restore(user);
  for (const container of state.containers) office.containers.set(container.id, container);
  for (const saved of state.sheets) office.sheets.set(saved.facts.id, sheetFrom(saved));
  if (state.more !== undefined) restoreMore(world, state.more);
  // After the rights, so that no hook is told of them again.
  for (const { hook, pending } of state.webhooks) {
    const line = dispatcher.restore({ ...hook });
    for (const callback of pending) line.enqueue(callback);
  }
}

function savedSheet(sheet: Sheet): SavedSheet {
  const { id, name, ownerId, containerId, createdAt, modifiedAt, version, columns } = sheet;
  const place = containerId === undefined ? {} : { containerId };
  return {
    facts: { id, name, ownerId, createdAt, modifiedAt, version, columns, ...place },
    access: [...sheet.access],
    attachments: [...sheet.attachments.values()],
    discussions: [...sheet.discussions.values()],
    countsAsTooLarge: sheet.countsAsTooLarge,
    rows: sheet.rows.map((row) => ({ ...row, cells: [...row.cells] })),
  };
}

function sheetFrom({ facts, access, rows, ...saved }: SavedSheet): Sheet {
  const sheet = new Sheet(facts);
  for (const attachment of saved.attachments ?? []) sheet.attachments.set(attachment.id, attachment);
  for (const discussion of saved.discussions ?? []) sheet.discussions.set(discussion.id, discussion);
  sheet.countsAsTooLarge = saved.countsAsTooLarge ?? false;
  for (const [userId, level] of access) sheet.access.set(userId, level);
  sheet.insert(
    rows.map((row) => ({ ...row, cells: new Map(row.cells.map(([columnId, writings]) => [columnId, [...writings]])) })),
    { at: 'bottom' },
  );
  return sheet;
}
