import type { Status, Stop } from '../define/node';
import type { Change } from '../event/change';
import { messageOf } from '../errors';
import { apiBase, callbackUrl, SmartsheetRefused } from '../smartsheet';
import type { LeasedCallback, Store, Webhook } from '../store/store';
import type { ChangeSource, WatchRequest } from './change-source';
import { combined } from './combined-status';
import type { Emitter } from './emitter';
import { StrayWebhooks } from './stray-webhooks';
import { SheetHoles } from './sheet-holes';
import { SheetTroubles, type TroubleTeller } from './sheet-troubles';
import { SheetWatch } from './sheet-watch';
import { Tokens, type TokenBudget, type TokensParts } from './tokens';
import { VersionTrust } from './resolution/version-trust';
import { shortProblem } from './troubles';
import type { WatchParts, WatchTarget } from './watch-parts';
import type { WebhookKeeper } from './webhook-keeper';
import { WorkspaceFollower } from './workspace-follower';

interface Watched {
  readonly watch: SheetWatch;
  readonly request: WatchRequest;
  readonly subscriptions: Set<Subscription>;
}

interface Subscription {
  readonly sheetIds: Set<string>;
  readonly show: (status: Status) => void;
  shown: string;
  /** What keeps it from knowing its sheets. */
  trouble: Status | null;
}

export interface WatchesParts extends TokensParts {
  readonly store: Store;
  readonly keeper: WebhookKeeper;
  readonly emitter: Emitter;
  /** Tells people of failures of the watch; null: nobody is there to be told, the log has to do. */
  readonly teller: TroubleTeller | null;
  /** No other process can have the store open. */
  readonly soleOwner: boolean;
  readonly onReleased: (callbackIds: readonly string[]) => void;
  readonly onSheetsChanged: () => void;
  /** A sheet's version was compared with the last known one. */
  readonly onCompared?: (sheetId: string, version: number) => void;
}

const LISTING: Status = { state: 'working', text: 'looking for sheets' };
const LONGEST_REMOVAL_MILLISECONDS = 10_000;

/** The sheets that nodes watch: one watch for each, shared by all who name it. */
export class Watches implements ChangeSource {
  private readonly watched = new Map<string, Watched>();
  private readonly tokens: Tokens;
  private readonly overdueOf = { changes: 0 };
  /** How each sheet was watched last, by which its webhook can be deleted when nobody watches it any more. */
  private readonly lastRequests = new Map<string, WatchRequest>();
  private readonly followers = new Set<WorkspaceFollower>();
  private readonly strays: StrayWebhooks;
  private readonly leftOut = new Set<string>();
  /** Sheets whose last trigger was deleted, or that left their workspace. */
  private readonly takenAway = new Set<string>();

  constructor(private readonly parts: WatchesParts) {
    this.tokens = new Tokens(parts);
    this.strays = new StrayWebhooks({
      sleep: parts.machine.sleep,
      log: parts.log,
      settleSeconds: parts.timing.settleSeconds,
      hooked: () => parts.keeper.sheetIds(),
      // While nobody knows which sheets a workspace has, nobody knows which webhooks are still needed.
      watched: () => (this.hasListedAll() ? this.sheetIds() : []),
      remove: (sheetId, signal) => this.removeWebhook(sheetId, this.requestsFor(sheetId), signal),
      troubled: async () => (await parts.teller?.troubledSheets()) ?? [],
      isUnwatched: (sheetId) => this.isUnwatched(sheetId),
      endTroubles: async (sheetId) => parts.teller?.endUnwatched(sheetId),
    });
  }

  async subscribe(
    request: WatchRequest,
    deliver: (changes: readonly Change[]) => void,
    show: (status: Status) => void,
  ): Promise<Stop> {
    const base = apiBase(request.smartsheet.base);
    const url = callbackUrl(request.publicUrl, base);
    const exact: WatchRequest = { ...request, smartsheet: { ...request.smartsheet, base } };
    const { workspaceIds = [] } = request;
    const trouble: Status | null = workspaceIds.length === 0 ? null : LISTING;
    const subscription: Subscription = { sheetIds: new Set(), show, shown: '', trouble };
    const unsubscribe = this.parts.emitter.subscribe(subscription.sheetIds, deliver);
    const { pollSeconds, quick = false, columns = [] } = request;
    const joinOne = (sheetId: string): void =>
      this.join({ sheetId, callbackUrl: url, pollSeconds, quick, columns }, exact, subscription);
    await this.setSheets(subscription, request.sheetIds, joinOne);
    const follower = workspaceIds.length === 0 ? null : this.follow(exact, subscription, joinOne);
    let ended: Promise<void> | null = null;
    return (end) => {
      ended ??= (async () => {
        unsubscribe();
        await follower?.stop();
        if (follower) this.followers.delete(follower);
        for (const sheetId of subscription.sheetIds) await this.leave(sheetId, subscription, end?.removed ?? false);
        this.strays.restart();
      })();
      return ended;
    };
  }

  /** Sheets that are never taken for billing sheets, though they lie in a workspace that is watched. */
  leaveOut(sheetIds: readonly string[]): void {
    for (const id of sheetIds) this.leftOut.add(id);
  }

  sheetIds(): readonly string[] {
    return [...this.watched.keys()];
  }

  /** A client within the budget of its token and its order of writes, for whoever works beside the watches. */
  connect(account: WatchRequest['smartsheet'], signal: AbortSignal): ReturnType<Tokens['connect']> {
    return this.tokens.connect({ ...account, base: apiBase(account.base) }, signal);
  }

  budgets(): readonly TokenBudget[] {
    return this.tokens.budgets();
  }

  all(): readonly SheetWatch[] {
    return [...this.watched.values()].map(({ watch }) => watch);
  }

  /** @returns false when its watch has ended since it was leased: it has to wait for the next watch */
  offer(callback: LeasedCallback): boolean {
    const watched = this.watched.get(callback.sheet_id);
    watched?.watch.offer(callback);
    return watched !== undefined;
  }

  /** Null: no watch of its sheet is here, so nobody can ask. */
  readSecretAgain({ webhook_id, sheet_id }: Webhook): Promise<void> | null {
    const watched = this.watched.get(sheet_id);
    if (!watched) return null;
    const { client } = this.tokens.connect(watched.request.smartsheet, new AbortController().signal);
    return this.parts.keeper.readSecretAgain(client, webhook_id);
  }

  overdue(changes: number): void {
    this.overdueOf.changes = changes;
    for (const { subscriptions } of this.watched.values())
      for (const subscription of subscriptions) this.tell(subscription);
  }

  async stop(): Promise<void> {
    await Promise.all([...this.followers].map((follower) => follower.stop()));
    const ending = this.all().map((watch) => watch.stop());
    this.watched.clear();
    await Promise.all([...ending, this.strays.stop()]);
  }

  /** Lets sheets join and leave, so that these are watched for the subscription. One that left loses its webhook. */
  private async setSheets(
    subscription: Subscription,
    sheetIds: readonly string[],
    join: (sheetId: string) => void,
  ): Promise<void> {
    const { sheetIds: present } = subscription;
    const wanted = new Set(sheetIds);
    const gone = [...present].filter((id) => !wanted.has(id));
    for (const id of wanted) {
      if (present.has(id)) continue;
      present.add(id);
      join(id);
    }
    for (const id of gone) {
      present.delete(id);
      await this.leave(id, subscription, true);
    }
    this.parts.onSheetsChanged();
    this.strays.restart();
    this.tell(subscription);
  }

  /** Watches what is in the workspaces of a request, too, until it is stopped. */
  private follow(
    request: WatchRequest,
    subscription: Subscription,
    join: (sheetId: string) => void,
  ): WorkspaceFollower {
    const { machine, log, timing } = this.parts;
    const follower = new WorkspaceFollower({
      sleep: machine.sleep,
      log,
      seconds: timing.workspaceSeconds,
      workspaceIds: request.workspaceIds ?? [],
      list: (id, signal) => this.tokens.connect(request.smartsheet, signal).client.sheetsInWorkspace(id),
      onListed: (listed) => {
        subscription.trouble = null;
        const billing = listed.filter((id) => !this.leftOut.has(id));
        return this.setSheets(subscription, [...request.sheetIds, ...billing], join);
      },
      onFailed: (failure) => {
        const isGone = failure instanceof SmartsheetRefused && failure.isNotFound;
        subscription.trouble = { state: 'error', text: isGone ? 'workspace not found' : shortProblem(failure) };
        this.tell(subscription);
      },
    });
    this.followers.add(follower);
    follower.start();
    return follower;
  }

  private join(target: WatchTarget, request: WatchRequest, subscription: Subscription): void {
    this.lastRequests.set(target.sheetId, request);
    this.takenAway.delete(target.sheetId);
    const present = this.watched.get(target.sheetId);
    if (present) {
      if (!isSame(present.request, request)) {
        this.parts.log.warn(
          `Sheet ${target.sheetId} is watched twice with different settings; the first ones are used.`,
        );
      }
      present.subscriptions.add(subscription);
      return;
    }
    const subscriptions = new Set([subscription]);
    const watch = new SheetWatch(target, (signal) => ({
      ...this.partsFor(request, signal, subscriptions),
      troubles: this.troublesOf(target),
      holes: new SheetHoles({ sheetId: target.sheetId, driver: this.parts.driver, now: this.parts.machine.now }),
      onCompared: (version) => this.parts.onCompared?.(target.sheetId, version),
    }));
    this.watched.set(target.sheetId, { watch, request, subscriptions });
    watch.start();
  }

  private async leave(sheetId: string, subscription: Subscription, removed: boolean): Promise<void> {
    const watched = this.watched.get(sheetId);
    if (!watched?.subscriptions.delete(subscription) || watched.subscriptions.size > 0) return;
    this.watched.delete(sheetId);
    await watched.watch.stop();
    if (!removed) return;
    this.takenAway.add(sheetId);
    await this.removeWebhook(sheetId, [watched.request]);
  }

  /** Best effort: a webhook that stays calls an address that does not know it, and the log says how to delete it. */
  private async removeWebhook(
    sheetId: string,
    requests: readonly WatchRequest[],
    ending: AbortSignal = new AbortController().signal,
  ): Promise<void> {
    const { keeper, log, machine } = this.parts;
    const giveUp = new AbortController();
    const limit = machine.sleep(LONGEST_REMOVAL_MILLISECONDS, giveUp.signal).then(
      () => giveUp.abort(new Error('it took too long')),
      () => undefined,
    );
    try {
      const signal = AbortSignal.any([giveUp.signal, ending]);
      await keeper.remove(
        requests.map((request) => this.tokens.connect(request.smartsheet, signal).client),
        sheetId,
      );
    } catch (failure) {
      if (ending.aborted) return;
      log.warn(
        `The webhook of sheet ${sheetId} could not be deleted: ${messageOf(failure)}. Delete it in Smartsheet.`,
        { sheet: sheetId },
      );
    } finally {
      giveUp.abort();
      await limit;
    }
  }

  /** Of a sheet that was not watched since the start, nobody knows whose token made its webhook: one of those in use. */
  private requestsFor(sheetId: string): readonly WatchRequest[] {
    const last = this.lastRequests.get(sheetId);
    if (last) return [last];
    const inUse = [...this.watched.values()].map(({ request }) => request);
    return [...new Map(inUse.map((one) => [`${one.smartsheet.base} ${one.smartsheet.token}`, one])).values()];
  }

  private hasListedAll(): boolean {
    return [...this.followers].every(({ hasListed }) => hasListed);
  }

  /**
   * While no trigger runs, only what was taken away for good is. Where others may have the store open too, they may watch
   * what was never watched here.
   */
  private isUnwatched(sheetId: string): boolean {
    if (this.watched.has(sheetId) || !this.hasListedAll()) return false;
    if (this.takenAway.has(sheetId)) return true;
    return this.watched.size > 0 && (this.parts.soleOwner || this.lastRequests.has(sheetId));
  }

  private troublesOf({ sheetId, pollSeconds }: WatchTarget): SheetTroubles {
    const { machine, teller, timing, log } = this.parts;
    return new SheetTroubles({ sheetId, pollSeconds, teller, timing, log, now: machine.now });
  }

  private partsFor(
    request: WatchRequest,
    signal: AbortSignal,
    subscriptions: ReadonlySet<Subscription>,
  ): Omit<WatchParts, 'troubles' | 'holes'> {
    const { machine, store, keeper, emitter, log, timing, onReleased } = this.parts;
    return {
      ...this.tokens.connect(request.smartsheet, signal),
      ...machine,
      trust: new VersionTrust(),
      ...(request.settings && { settings: request.settings }),
      store,
      keeper,
      log,
      timing,
      onReleased,
      onResolved: () => emitter.ring(),
      onStatus: () => {
        for (const subscription of subscriptions) this.tell(subscription);
      },
    };
  }

  private tell(subscription: Subscription): void {
    const statuses = [...subscription.sheetIds].flatMap((id) => this.watched.get(id)?.watch.status ?? []);
    if (subscription.trouble) statuses.push(subscription.trouble);
    const status = combined(statuses, this.overdueOf.changes);
    const text = `${status.state} ${status.text}`;
    if (text === subscription.shown) return;
    subscription.shown = text;
    subscription.show(status);
  }
}

function isSame(left: WatchRequest, right: WatchRequest): boolean {
  return (
    left.smartsheet.token === right.smartsheet.token &&
    left.smartsheet.base === right.smartsheet.base &&
    left.publicUrl === right.publicUrl
  );
}
