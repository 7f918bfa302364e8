import type { Log, Now } from '../ports';
import { readCallback, type CallbackEvent } from '../smartsheet';
import type { LeasedCallback, Store } from '../store/store';
import { messageOf } from '../errors';
import { withoutLists } from './hanging-watch';
import { explainSome } from './resolution/explain';
import { observeCallbacks, observeFirst, observeSince } from './resolution/observations';
import { recordHangings } from './resolution/record-hangings';
import type { Sources } from './resolution/resolver';
import { isOutage } from './troubles';

export interface LookParts extends Sources {
  readonly store: Store;
  readonly now: Now;
  readonly log: Log;
}

export interface Look {
  readonly sheetId: string;
  /** A webhook calls for it, so that the name of who deleted a row may still be on its way. */
  readonly hasWebhook: boolean;
  readonly memory: LookMemory;
}

/** What one look leaves for the next one at the same sheet. Without it what is gone is only told a little later. */
export interface LookMemory {
  readonly missingRows: MissingSince;
  /** Attachments, discussions and comments. */
  readonly missingHangings: MissingSince;
  /** When Smartsheet's lists of these were last asked for (milliseconds since 1970). */
  readonly listedAt: number;
}

/** What is gone and not reported yet, by its id, since when (milliseconds since 1970). */
export type MissingSince = Readonly<Record<string, number>>;

export const NOTHING_REMEMBERED: LookMemory = { missingRows: {}, missingHangings: {}, listedAt: -Infinity };

const MOST_CALLBACKS = 200;
/** Rows whose history is read at one look: it must end before the next begins. */
const MOST_EXPLAINED = 5;
const LEASE_SECONDS = 120;
/** Smartsheet holds callbacks back for a minute; after that nobody will say any more who deleted a row. */
const DELETION_GRACE_MILLISECONDS = 90_000;
/** Lists cost a request for each hundred attachments or discussions. */
const BETWEEN_LISTS_MILLISECONDS = 300_000;

/**
 * Looks at a sheet once, for a host that has no lasting process: what callbacks say is resolved, then the sheet is
 * compared where its version is another than the known one, and every five minutes at most what hangs on it. All of it
 * ends as changes that wait in the store.
 * @throws SmartsheetRefused, SmartsheetUnavailable, StoreUnavailable  nothing is lost: the next look finds it again
 */
export async function lookOnce(look: Look, parts: LookParts): Promise<LookMemory> {
  const { store, client, now } = parts;
  const known = await store.sheet(look.sheetId);
  if (known === null || known.compared_at === null) {
    const portions = await observeFirst(client, look.sheetId, now, () => undefined);
    for (const portion of portions) await store.resolve(portion);
    return { missingRows: {}, ...(await compareLists(look, portions.at(-1)?.version ?? 0, parts)) };
  }
  await resolveCallbacks(look.sheetId, parts);
  const version = await client.sheetVersion(look.sheetId);
  const missingRows = await compareRows(look, version, parts);
  await explainSome(look.sheetId, { ...parts, historyInTurn: () => client.cellHistory }, MOST_EXPLAINED);
  return { missingRows, ...(await compareLists(look, version, parts)) };
}

async function resolveCallbacks(sheetId: string, parts: LookParts): Promise<void> {
  const { store } = parts;
  const leased = await store.leaseCallbacks({
    limit: MOST_CALLBACKS,
    leaseSeconds: LEASE_SECONDS,
    sheetIds: [sheetId],
  });
  if (leased.length === 0) return;
  const understood: LeasedCallback[] = [];
  const events: CallbackEvent[] = [];
  for (const callback of leased) {
    if (callback.complete === false) {
      // Nobody kept what it said; the compare that follows finds it.
      understood.push(callback);
      continue;
    }
    const reading = readCallback(callback.body);
    if (!reading.understood) {
      await giveBack([callback], `The callback cannot be understood: ${reading.why}.`, parts);
      continue;
    }
    understood.push(callback);
    events.push(...reading.callback.events);
  }
  if (understood.length === 0) return;
  try {
    await store.resolve(await observeCallbacks({ sheetId, callbacks: understood, events }, parts, parts.now));
  } catch (failure) {
    if (isOutage(failure)) await store.releaseCallbacks(understood.map(({ id }) => id));
    else await giveBack(understood, messageOf(failure), parts);
    throw failure;
  }
}

async function giveBack(callbacks: readonly LeasedCallback[], why: string, { store, log }: LookParts): Promise<void> {
  const attempts = Math.max(...callbacks.map((callback) => callback.attempts));
  const retryInSeconds = Math.min(3600, 15 * 2 ** attempts);
  log.warn(`Callbacks are tried again later: ${why}`, { callbacks: callbacks.length });
  await store.failCallbacks({ ids: callbacks.map(({ id }) => id), why, retryInSeconds });
}

async function compareRows(look: Look, version: number, parts: LookParts): Promise<MissingSince> {
  const { store, now } = parts;
  const known = await store.sheet(look.sheetId);
  if (known === null || version === known.version) return {};
  const before = look.memory.missingRows;
  const isOverdue = overdue(look, before, now);
  const { observation, awaitedRowIds } = await observeSince(known, 'poll', parts, now, { isOverdue });
  await store.resolve(observation);
  return since(awaitedRowIds, before, now);
}

/**
 * Attachments and comments that no callback told of. What waits to be told is looked for at each look. Cells and rows do not
 * wait for them: lists that cannot be read now are told in the log and read five minutes later.
 */
async function compareLists(
  look: Look,
  version: number,
  parts: LookParts,
): Promise<Pick<LookMemory, 'missingHangings' | 'listedAt'>> {
  const { log, now } = parts;
  const { sheetId, memory } = look;
  const { missingHangings: before, listedAt } = memory;
  const isEarly = now() - listedAt < BETWEEN_LISTS_MILLISECONDS;
  if (isEarly && Object.keys(before).length === 0) return { missingHangings: before, listedAt };
  try {
    const done = await recordHangings(sheetId, version, overdue(look, before, now), parts);
    if (done === null) return { missingHangings: {}, listedAt };
    for (const problem of done.newProblems) log.warn(withoutLists(sheetId, problem), { sheet: sheetId });
    return { missingHangings: since(done.awaited, before, now), listedAt: now() };
  } catch (failure) {
    log.warn(
      `The attachments and comments of sheet ${sheetId} are compared again in five minutes: ${messageOf(failure)}`,
    );
    return { missingHangings: before, listedAt: now() };
  }
}

function overdue({ hasWebhook }: Look, missing: MissingSince, now: Now): (id: string) => boolean {
  return (id) => !hasWebhook || now() - (missing[id] ?? now()) >= DELETION_GRACE_MILLISECONDS;
}

function since(ids: readonly string[], before: MissingSince, now: Now): MissingSince {
  return Object.fromEntries(ids.map((id) => [id, before[id] ?? now()]));
}
