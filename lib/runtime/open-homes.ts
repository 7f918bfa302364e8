import type { AlertingHealth } from '../alerts/health';
import type { Status } from '../define/node';
import type { WatchFacts } from './watch-parts';
import type { TokenBudget } from './tokens';
import type { InboxState, Store, StoreCounts, StoreDriver } from '../store/store';

/** What a Runtime tells of itself in numbers. Counters begin with its start. */
export interface RuntimeFacts {
  readonly counts: StoreCounts;
  /** Answers of `/webhook`, by HTTP status. */
  readonly answers: Readonly<Record<string, number>>;
  /** Requests to `/webhook` that were refused, by reason. */
  readonly refusals: Readonly<Record<string, number>>;
  /** Callbacks that are durable and not in the database yet; null where the store has no inbox of its own. */
  readonly inbox: InboxState | null;
  readonly sheets: readonly ({
    readonly sheetId: string;
    readonly how: 'webhook' | 'polling' | null;
    readonly status: Status;
  } & WatchFacts)[];
  /** When the last callback was accepted; null: none since the start. */
  readonly lastCallbackAt: string | null;
  readonly budgets: readonly TokenBudget[];
  /** Null where this Runtime raises no alerts. */
  readonly outbox: AlertingHealth['outbox'] | null;
}

/** A home that a Runtime of this process has open, or is opening. */
export interface OpenHome {
  /** Null while it opens. */
  readonly inside: {
    readonly store: Store;
    /** Null where the store is not reached through functions. */
    readonly driver: StoreDriver | null;
    facts(): Promise<RuntimeFacts>;
  } | null;
  /** The code of the failure by which the last opening ended; kept while it is tried again. */
  readonly failed?: string | undefined;
}

/**
 * The server and the palette are bundles of their own in one process, so this list hangs on the process and not on a
 * module. Both are always of the same version: the server's package names the palette's exactly.
 */
const LIST = Symbol.for('billing-audit.open-homes');

/** @returns what takes the entry away again */
export function announceHome(folder: string, home: OpenHome): () => void {
  const homes = list();
  homes.set(folder, home);
  return () => {
    if (homes.get(folder) === home) homes.delete(folder);
  };
}

/** @returns null when no Runtime of this process has the home open, or is opening it */
export function openHomeAt(folder: string): OpenHome | null {
  return list().get(folder) ?? null;
}

function list(): Map<string, OpenHome> {
  const holder = globalThis as { [LIST]?: Map<string, OpenHome> };
  return (holder[LIST] ??= new Map());
}
