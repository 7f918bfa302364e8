import type { Status } from '../define/node';
import { BillingAuditError, messageOf } from '../errors';
import { readCallback, SmartsheetRefused, SmartsheetUnavailable, type CallbackEvent } from '../smartsheet';
import type { KnownSheet, LeasedCallback, Observation } from '../store/store';
import { AwaitedRows } from './awaited-rows';
import { Bell } from './bell';
import { takeBatch } from './callback-batch';
import { observeCallbacks, observeFirst, observeSince, type CallbackBatch } from './resolution/observations';
import { CallbackNotUnderstood, count, isOutage, isVague, kindOfTrouble, shortProblem } from './troubles';
import type { WatchParts, WatchTarget } from './watch-parts';

const MOST_CALLBACKS_AT_ONCE = 200;
/** A few cells of one edit are looked up all the same, since that is faster than their callback by a minute. */
const HISTORIES_FOR_NAMES = 4;
const LONGEST_GATHERING_MILLISECONDS = 1000;
/** A callback that fails once or twice and is resolved then is nobody's business; it is given up after the eighth. */
const TRIES_BEFORE_TOLD = 3;

/**
 * Watches one sheet, one thing at a time: the first look, its webhook, what happened while nobody watched, callbacks as
 * they come, and a compare from time to time. Nothing that goes wrong ends it; it is shown, logged once and tried again.
 */
export class SheetWatch {
  private readonly ending = new AbortController();
  private readonly parts: WatchParts;
  private readonly bell: Bell;
  private readonly queue: LeasedCallback[] = [];
  private readonly awaited: AwaitedRows;
  private running: Promise<void> = Promise.resolve();
  private webhookId: string | null = null;
  private hookDueAt = 0;
  private compareDueAt = 0;
  private glanceDueAt = Infinity;
  private seenVersion: number | null = null;
  private isKnown = false;
  private isFirstCompare = true;
  private hasCompared = false;
  private atOnce = MOST_CALLBACKS_AT_ONCE;
  private failures = 0;
  private lastProblem: string | null = null;
  /** As it is shown, and as `health` reads it. */
  status: Status = { state: 'working', text: 'starting' };
  /** Why Smartsheet refuses everything, if it is the token that it refuses. */
  tokenRefused = false;

  constructor(
    readonly target: WatchTarget,
    build: (signal: AbortSignal) => WatchParts,
  ) {
    this.parts = build(this.ending.signal);
    this.bell = new Bell(this.parts.sleep);
    const graceMilliseconds = target.callbackUrl === null ? 0 : this.parts.timing.deletionGraceSeconds * 1000;
    this.awaited = new AwaitedRows(this.parts.now, graceMilliseconds);
  }

  start(): void {
    this.running = this.run();
  }

  /** How the sheet is watched now; null: it is not. */
  get how(): 'webhook' | 'polling' | null {
    if (!this.hasCompared || this.status.state === 'error') return null;
    return this.webhookId === null ? 'polling' : 'webhook';
  }

  /** Takes a callback of this sheet; it is resolved with what else waits. */
  offer(callback: LeasedCallback): void {
    this.queue.push(callback);
    this.bell.ring();
  }

  /** Ends, and waits for what is under way. Callbacks that were not resolved are given back; it costs them no try. */
  async stop(): Promise<void> {
    this.ending.abort(new Error('The watch has ended.'));
    await this.running;
    const left = this.queue.splice(0);
    if (left.length > 0) await this.handBack(left, (ids) => this.parts.store.releaseCallbacks(ids));
  }

  private async run(): Promise<void> {
    const stopGlancing = this.isQuick ? this.parts.pace.join() : null;
    await this.lookUntilEnded();
    stopGlancing?.();
  }

  private async lookUntilEnded(): Promise<void> {
    while (!this.ending.signal.aborted) {
      try {
        await this.look();
        this.parts.troubles.well('token', 'sheet', 'watch');
        if (this.target.callbackUrl === null) this.parts.troubles.well('webhook');
        this.failures = 0;
        this.lastProblem = null;
        this.tokenRefused = false;
      } catch (failure) {
        if (this.ending.signal.aborted) return;
        await this.recover(failure);
      }
    }
  }

  /** One round: what is most urgent is done, else it waits for something to do. */
  private async look(): Promise<void> {
    const { now, troubles } = this.parts;
    const known = await this.knownOrFirstLook();
    if (!known) return;
    await troubles.settle();
    if (this.target.callbackUrl !== null && now() >= this.hookDueAt) await this.tendWebhook(this.target.callbackUrl);
    if (this.queue.length > 0) await this.resolveQueue();
    else if (now() >= this.compareDueAt) await this.compare();
    else if (now() >= this.glanceDueAt) await this.glance();
    else {
      this.show(this.quietStatus());
      const hookDueAt = this.target.callbackUrl === null ? Infinity : this.hookDueAt;
      const dueAt = Math.min(this.compareDueAt, this.glanceDueAt, hookDueAt, troubles.dueAt);
      await this.bell.wait(dueAt - now(), this.ending.signal);
    }
  }

  /** @returns false after a first look: the round begins again, with its result known */
  private async knownOrFirstLook(): Promise<boolean> {
    const { client, store, now } = this.parts;
    if (this.isKnown) return true;
    const known = await store.sheet(this.target.sheetId);
    this.isKnown = (known?.compared_at ?? null) !== null;
    if (this.isKnown) return true;
    this.show({ state: 'working', text: 'reading the sheet' });
    const portions = await observeFirst(client, this.target.sheetId, now, (done, total) =>
      this.show({ state: 'working', text: `reading ${count(done)} of ${count(total)} rows` }),
    );
    for (const portion of portions) await store.resolve(portion);
    this.isFirstCompare = false;
    return false;
  }

  /** A webhook that cannot be had is shown and tried again; the sheet is watched by polling meanwhile. */
  private async tendWebhook(callbackUrl: string): Promise<void> {
    const { keeper, client, now, log, timing, troubles } = this.parts;
    const { sheetId } = this.target;
    const nextLook = now() + timing.sweepSeconds * 1000;
    try {
      if (this.webhookId === null) {
        this.webhookId = await keeper.ensure(client, { sheetId, callbackUrl });
        // What changed before it was enabled has no callback.
        this.compareDueAt = 0;
      } else await keeper.check(client, sheetId, this.webhookId);
      troubles.well('webhook');
      this.hookDueAt = nextLook;
    } catch (failure) {
      if (!(failure instanceof BillingAuditError) || failure instanceof SmartsheetUnavailable) throw failure;
      if (failure instanceof SmartsheetRefused && failure.isAboutToken) throw failure;
      // One that was switched off is enabled again at once; if that fails too, later.
      if (this.webhookId === null) this.hookDueAt = nextLook;
      log.error(`${failure.message} ${failure.hint}`, { ...failure.context, sheet: sheetId });
      this.webhookId = null;
      this.compareDueAt = Math.min(this.compareDueAt, now() + this.target.pollSeconds * 1000);
      await troubles.failed('webhook', failure);
    }
  }

  /** Callbacks come, and are too slow: the version is looked at between them. */
  private get isQuick(): boolean {
    return this.target.quick && this.target.callbackUrl !== null;
  }

  /** Looks whether anything happened that no callback has told yet. */
  private async glance(): Promise<void> {
    const { client, pace } = this.parts;
    const version = await client.sheetVersion(this.target.sheetId);
    pace.glanced();
    if (version !== this.seenVersion) return this.compare(version);
    this.parts.onCompared?.(version);
    this.glanceLater(1);
  }

  private glanceLater(share: number): void {
    if (this.isQuick) this.glanceDueAt = this.parts.now() + this.parts.pace.milliseconds * share;
  }

  /** @param glanced  the version that a glance has just seen */
  private async compare(glanced?: number): Promise<void> {
    const { client, store, now, timing, random } = this.parts;
    const { sheetId, pollSeconds } = this.target;
    const known = await store.sheet(sheetId);
    const version = glanced ?? (await client.sheetVersion(sheetId));
    if (known && version !== known.version) await this.findChanges(known, glanced !== undefined);
    // The first glances are spread, so that sheets that began together are not all looked at in the same moment.
    this.glanceLater(this.seenVersion === null ? random() : 1);
    this.seenVersion = version;
    this.isFirstCompare = false;
    this.hasCompared = true;
    this.parts.troubles.well('callbacks');
    this.parts.onCompared?.(version);
    const seconds = this.webhookId === null ? pollSeconds : timing.sweepSeconds;
    const nextLook = this.awaited.isEmpty ? seconds : Math.min(seconds, timing.deletionGraceSeconds);
    this.compareDueAt = now() + nextLook * 1000;
  }

  /** A callback will say who it was; one comes only for what happened since the webhook is enabled. */
  private get expectsNames(): boolean {
    return this.isQuick && this.webhookId !== null && !this.isFirstCompare && !this.awaited.hasOverdue;
  }

  private async findChanges(known: KnownSheet, isGlance: boolean): Promise<void> {
    const isLook = isGlance || this.target.callbackUrl === null;
    const foundBy = isLook && !this.isFirstCompare ? 'poll' : 'backfill';
    const { observation, awaitedRowIds } = await observeSince(known, foundBy, this.parts, this.parts.now, {
      isOverdue: (rowId) => this.awaited.isOverdue(rowId),
      ...(this.expectsNames && { forNames: { mostHistories: this.awaited.isEmpty ? HISTORIES_FOR_NAMES : 0 } }),
    });
    await this.store(observation);
    this.awaited.keep(awaitedRowIds);
  }

  private async resolveQueue(): Promise<void> {
    const { now } = this.parts;
    const callbacks = takeBatch(this.queue, this.atOnce);
    const begin = now();
    try {
      const batch = await this.understand(callbacks);
      if (batch.callbacks.length > 0) await this.store(await observeCallbacks(batch, this.parts, now));
      this.parts.onReleased(callbacks.map(({ id }) => id));
      this.atOnce = Math.min(MOST_CALLBACKS_AT_ONCE, this.atOnce * 2);
      // More came meanwhile: as long as that took, others may gather, so that a burst costs few large calls.
      if (this.queue.length > 0) await this.pause(Math.min(LONGEST_GATHERING_MILLISECONDS, now() - begin));
    } catch (failure) {
      if (this.ending.signal.aborted || isOutage(failure)) this.queue.unshift(...callbacks);
      else {
        // One of them may be the cause: next they are tried one by one.
        this.atOnce = 1;
        const attempts = Math.max(...callbacks.map((callback) => callback.attempts));
        await this.giveBack(callbacks, messageOf(failure), Math.min(3600, 15 * 2 ** attempts));
        await this.tellOfCallback(attempts, failure);
      }
      throw failure;
    }
  }

  private async understand(callbacks: readonly LeasedCallback[]): Promise<CallbackBatch> {
    const events: CallbackEvent[] = [];
    const understood: LeasedCallback[] = [];
    for (const callback of callbacks) {
      const reading = readCallback(callback.body);
      if (!reading.understood) {
        const failure = new CallbackNotUnderstood(this.target.sheetId, reading.why);
        await this.giveBack([callback], failure.message, 1);
        await this.tellOfCallback(callback.attempts, failure);
        continue;
      }
      understood.push(callback);
      events.push(...reading.callback.events);
      if (reading.callback.newWebhookStatus !== null) this.hookDueAt = 0;
      if (reading.callback.events.some(isVague)) this.compareDueAt = 0;
    }
    return { sheetId: this.target.sheetId, callbacks: understood, events };
  }

  private async tellOfCallback(attempts: number, failure: unknown): Promise<void> {
    if (attempts >= TRIES_BEFORE_TOLD) await this.parts.troubles.failed('callbacks', failure);
  }

  private async store(observation: Observation): Promise<void> {
    const { event_keys } = await this.parts.store.resolve(observation);
    if (event_keys.length > 0) this.parts.onResolved();
  }

  private async giveBack(callbacks: readonly LeasedCallback[], why: string, retryInSeconds: number): Promise<void> {
    await this.handBack(callbacks, (ids) => this.parts.store.failCallbacks({ ids, why, retryInSeconds }));
  }

  private async handBack(
    callbacks: readonly LeasedCallback[],
    send: (ids: readonly string[]) => Promise<void>,
  ): Promise<void> {
    const ids = callbacks.map(({ id }) => id);
    try {
      await send(ids);
    } catch (failure) {
      // Their lease runs out by itself.
      this.parts.log.warn(`Callbacks could not be given back: ${messageOf(failure)}`, { callbacks: ids.length });
    }
    this.parts.onReleased(ids);
  }

  private async recover(failure: unknown): Promise<void> {
    const { log, random, timing, troubles } = this.parts;
    this.failures += 1;
    this.tokenRefused = failure instanceof SmartsheetRefused && failure.isAboutToken;
    const message = messageOf(failure);
    if (message !== this.lastProblem) {
      const hint = failure instanceof BillingAuditError ? ` ${failure.hint}` : '';
      log.error(`Sheet ${this.target.sheetId} is not watched: ${message}${hint}`, { sheet: this.target.sheetId });
    }
    this.lastProblem = message;
    const kind = kindOfTrouble(failure);
    if (kind !== null) await troubles.failed(kind, failure);
    this.show({ state: 'error', text: shortProblem(failure) });
    const longest = failure instanceof SmartsheetRefused ? 300 : 60;
    const seconds = Math.min(longest, timing.firstRetrySeconds * 2 ** Math.min(this.failures, 16));
    await this.pause(seconds * 1000 * (0.5 + random() / 2));
  }

  private async pause(milliseconds: number): Promise<void> {
    await this.parts.sleep(milliseconds, this.ending.signal).catch(() => undefined);
  }

  private quietStatus(): Status {
    if (this.target.callbackUrl === null) return { state: 'ok', text: 'watching by polling' };
    return this.webhookId === null
      ? { state: 'warning', text: 'no webhook, watching by polling' }
      : { state: 'ok', text: 'watching' };
  }

  private show(status: Status): void {
    if (status.state === this.status.state && status.text === this.status.text) return;
    this.status = status;
    this.parts.onStatus(status);
  }
}
