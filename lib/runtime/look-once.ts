import type { Log, Now } from '../ports';
import { readCallback, type CallbackEvent } from '../smartsheet';
import type { LeasedCallback, Store } from '../store/store';
import { messageOf } from '../errors';
import { explainSome } from './resolution/explain';
import { observeCallbacks, observeFirst, observeSince } from './resolution/observations';
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
  /** Rows that were missing at an earlier look, by their ids, since when (milliseconds since 1970). */
  readonly missingSince: Readonly<Record<string, number>>;
}

const MOST_CALLBACKS = 200;
/** Rows whose history is read at one look: it must end before the next begins. */
const MOST_EXPLAINED = 5;
const LEASE_SECONDS = 120;
/** Smartsheet holds callbacks back for a minute; after that nobody will say any more who deleted a row. */
const DELETION_GRACE_MILLISECONDS = 90_000;

/**
 * Looks at a sheet once, for a host that has no lasting process: what callbacks say is resolved, then the sheet is
 * compared where its version is another than the known one. All of it ends as changes that wait in the store.
 * @returns the rows that are missing and not reported yet, for the next look
 * @throws SmartsheetRefused, SmartsheetUnavailable, StoreUnavailable  nothing is lost: the next look finds it again
 */
export async function lookOnce(look: Look, parts: LookParts): Promise<Look['missingSince']> {
  const { store, client, now } = parts;
  const known = await store.sheet(look.sheetId);
  if (known === null || known.compared_at === null) {
    const portions = await observeFirst(client, look.sheetId, now, () => undefined);
    for (const portion of portions) await store.resolve(portion);
    return {};
  }
  await resolveCallbacks(look.sheetId, parts);
  const missing = await compare(look, parts);
  await explainSome(look.sheetId, { ...parts, historyInTurn: () => client.cellHistory }, MOST_EXPLAINED);
  return missing;
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

async function compare({ sheetId, hasWebhook, missingSince }: Look, parts: LookParts): Promise<Look['missingSince']> {
  const { store, client, now } = parts;
  const known = await store.sheet(sheetId);
  const version = await client.sheetVersion(sheetId);
  if (known === null || version === known.version) return {};
  const isOverdue = (rowId: string): boolean =>
    !hasWebhook || now() - (missingSince[rowId] ?? now()) >= DELETION_GRACE_MILLISECONDS;
  const { observation, awaitedRowIds } = await observeSince(known, 'poll', parts, now, { isOverdue });
  await store.resolve(observation);
  return Object.fromEntries(awaitedRowIds.map((id) => [id, missingSince[id] ?? now()]));
}
