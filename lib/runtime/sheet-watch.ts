import type { Status } from '../define/node';
import { BillingAuditError, messageOf } from '../errors';
import { SmartsheetRefused, type SmartsheetCallback } from '../smartsheet';
import type { KnownSheet, LeasedCallback, Observation } from '../store/store';
import { AwaitedRows } from './awaited-rows';
import { Bell } from './bell';
import { CallbackQueue } from './callback-queue';
import { ExpectedCallbacks, rowsSomebodyChanged } from './expected-callbacks';
import { HangingWatch } from './hanging-watch';
import { HookTender } from './hook-tender';
import { observeFirst, observeSince } from './resolution/observations';
import { hangingsNamedBy, rowsNamedBy } from './resolution/said-by-events';
import { RowExplainer } from './row-explainer';
import type { HoleReason } from './sheet-holes';
import { CallbackMissing, count, isVague, kindOfTrouble, shortProblem } from './troubles';
import type { WatchFacts, WatchParts, WatchTarget } from './watch-parts';

/** A few cells of one edit are looked up all the same, since that is faster than their callback by a minute. */
const HISTORIES_FOR_NAMES = 4;
/** As the coverage has it: what is shorter is no hole. */
const LONGEST_SILENCE_MILLISECONDS = 180_000;
/**
 * Watches one sheet, one thing at a time: the first look, its webhook, what happened while nobody watched, callbacks as
 * they come, and a compare from time to time. Nothing that goes wrong ends it; it is shown, logged once and tried again.
 */
export class SheetWatch {
  private readonly ending = new AbortController();
  private readonly parts: WatchParts;
  private readonly bell: Bell;
  private readonly queue: CallbackQueue;
  private readonly awaited: AwaitedRows;
  private readonly explainer: RowExplainer;
  private readonly hangings: HangingWatch;
  private running: Promise<void> = Promise.resolve();
  private readonly hook: HookTender | null;
  private readonly expected: ExpectedCallbacks;
  private callbackCame = false;
  private lastCallbackAt: number | null = null;
  private lastCompareAt: number | null = null;
  private compareDueAt = 0;
  private glanceDueAt = Infinity;
  private seenVersion: number | null = null;
  private isKnown = false;
  private isFirstCompare = true;
  private hasCompared = false;
  private failures = 0;
  private failingSince: number | null = null;
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
    this.hangings = new HangingWatch(target, this.parts, (names) => {
      if (this.expectsCallbacks && target.columns.length === 0) this.expected.expect(names);
    });
    const graceMilliseconds = target.callbackUrl === null ? 0 : this.parts.timing.deletionGraceSeconds * 1000;
    this.awaited = new AwaitedRows(this.parts.now, graceMilliseconds);
    this.expected = new ExpectedCallbacks(this.parts.now, this.parts.timing.callbackPatienceSeconds * 1000);
    const { sheetId, callbackUrl, columns } = target;
    this.queue = new CallbackQueue({
      sheetId,
      watch: this.parts,
      ending: this.ending.signal,
      store: (observation) => this.store(observation),
      onHeard: (callback) => this.heard(callback),
      onIncomplete: () => {
        this.compareDueAt = 0;
      },
    });
    this.explainer = new RowExplainer(
      sheetId,
      {
        ...this.parts,
        onExplained: (told) => this.expect(told, 'explained'),
        onDone: () => this.endHolesSoon(),
      },
      this.ending.signal,
    );
    this.hook = callbackUrl === null ? null : new HookTender({ sheetId, callbackUrl, columns }, this.parts);
  }

  start(): void {
    this.running = this.run();
    this.explainer.start();
  }

  /** How the sheet is watched now; null: it is not. */
  get how(): 'webhook' | 'polling' | null {
    if (!this.hasCompared || this.status.state === 'error') return null;
    return this.webhookId === null ? 'polling' : 'webhook';
  }

  /** What health and metrics tell of it. */
  get facts(): WatchFacts {
    const webhook = this.hook === null ? null : (this.hook.status ?? 'unknown');
    return { webhook, lastCallbackAt: this.lastCallbackAt, lastCompareAt: this.lastCompareAt };
  }

  private get webhookId(): string | null {
    return this.hook?.webhookId ?? null;
  }

  /** Takes a callback of this sheet; it is resolved with what else waits. */
  offer(callback: LeasedCallback): void {
    this.queue.add(callback);
    this.bell.ring();
  }

  /** Ends, and waits for what is under way. Callbacks that were not resolved are given back; it costs them no try. */
  async stop(): Promise<void> {
    this.ending.abort(new Error('The watch has ended.'));
    await Promise.all([this.running, this.explainer.ended()]);
    await this.queue.release();
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
        await this.recovered();
        this.parts.troubles.well('token', 'sheet', 'watch');
        if (this.target.callbackUrl === null) this.parts.troubles.well('webhook');
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
    if (this.hook && now() >= this.hook.dueAt) await this.tendWebhook(this.hook);
    const { missingSince } = this.expected;
    if (missingSince !== null) await this.missCallback(missingSince);
    if (!this.queue.isEmpty) await this.queue.resolve();
    else if (now() >= this.compareDueAt) await this.compare();
    else if (now() >= this.glanceDueAt) await this.glance();
    else {
      this.show(this.quietStatus());
      const { compareDueAt, glanceDueAt, expected, hook } = this;
      const dueAt = Math.min(compareDueAt, glanceDueAt, expected.dueAt, hook?.dueAt ?? Infinity, troubles.dueAt);
      await this.bell.wait(dueAt - now(), this.ending.signal);
    }
  }

  /** @returns false after a first look: the round begins again, with its result known */
  private async knownOrFirstLook(): Promise<boolean> {
    const { client, store, now } = this.parts;
    if (this.isKnown) return true;
    const known = await store.sheet(this.target.sheetId);
    this.isKnown = (known?.compared_at ?? null) !== null;
    if (this.isKnown) await this.parts.holes.find();
    if (this.isKnown) return true;
    this.show({ state: 'working', text: 'reading the sheet' });
    const portions = await observeFirst(client, this.target.sheetId, now, (done, total) =>
      this.show({ state: 'working', text: `reading ${count(done)} of ${count(total)} rows` }),
    );
    for (const portion of portions) await store.resolve(portion);
    await this.hangings.compare(portions.at(-1)?.version ?? 0, 'sweep');
    this.isFirstCompare = false;
    return false;
  }

  /** A webhook that cannot be had is shown and tried again; the sheet is watched by polling meanwhile. */
  private async tendWebhook(hook: HookTender): Promise<void> {
    const outcome = await hook.tend();
    // What changed before it was enabled has no callback.
    if (outcome === 'made') this.compareDueAt = 0;
    if (outcome === 'made' || outcome === 'works') return;
    this.expected.forget();
    // The compare finds out, and goes on asking until it can be read again.
    if (outcome === 'unreadable') this.compareDueAt = 0;
    this.compareDueAt = Math.min(this.compareDueAt, this.parts.now() + this.target.pollSeconds * 1000);
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
    this.lastCompareAt = this.parts.now();
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
    if (glanced === undefined) await this.hangings.compare(version, 'sweep');
    if (this.awaited.isEmpty) await this.endHoles(version);
    this.isFirstCompare = false;
    this.hasCompared = true;
    this.lastCompareAt = now();
    this.parts.troubles.well('callbacks');
    this.parts.onCompared?.(version);
    const seconds = this.webhookId === null ? pollSeconds : timing.sweepSeconds;
    const nextLook =
      this.awaited.isEmpty && this.hangings.isSettled ? seconds : Math.min(seconds, timing.deletionGraceSeconds);
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
    this.expect(observation, 'compared');
  }

  /** Of what changed before the webhook worked no callback tells. */
  private get expectsCallbacks(): boolean {
    return this.webhookId !== null && !this.isFirstCompare && !this.parts.holes.hasAny;
  }

  /** A working webhook has to tell, too, of what was found without it. Rows that wait for history may still turn out so. */
  private expect(observation: Observation, how: 'compared' | 'explained'): void {
    if (!this.expectsCallbacks) return;
    const written = rowsSomebodyChanged(observation, this.hook?.columnIds ?? []);
    if (how === 'explained') return this.expected.confirm(written);
    this.expected.expect([...written, ...observation.removed.map(({ row_id }) => row_id)]);
    this.expected.suspect((observation.deferred ?? []).map(({ row_id }) => row_id));
  }

  /** What changed in them has been found. One for want of callbacks ends when they come again. */
  private async endHoles(version: number): Promise<void> {
    const over: HoleReason[] = ['not_watched', 'unreachable'];
    if (this.webhookId !== null) over.push('webhook_off');
    if (this.callbackCame) over.push('callback_missing');
    const { holes, store, onResolved } = this.parts;
    const { sheetId } = this.target;
    const isExplained = async (): Promise<boolean> => (await store.unexplained({ sheetId, limit: 1 })).length === 0;
    const isWhole = async (): Promise<boolean> => (await this.hangings.isWholeAt(version)) && isExplained();
    if (await holes.end(over, isWhole)) onResolved();
  }

  /** Nothing waits for its history any more: what a hole tells of is whole now. */
  private endHolesSoon(): void {
    if (!this.parts.holes.hasAny) return;
    this.compareDueAt = 0;
    this.bell.ring();
  }

  /** A change was found that the webhook should have told of, and did not. */
  private async missCallback(since: number): Promise<void> {
    const { holes, troubles, timing } = this.parts;
    const { sheetId } = this.target;
    this.expected.forget();
    this.callbackCame = false;
    const failure = new CallbackMissing(sheetId, timing.callbackPatienceSeconds);
    if (!(await holes.begin('callback_missing', since, failure.brief))) return;
    await troubles.failed('webhook', failure);
    if (this.hook) this.hook.dueAt = 0;
  }

  /** A callback was understood; what it is about is resolved with what else waits. */
  private heard({ events, newWebhookStatus }: SmartsheetCallback): void {
    this.expected.told([...rowsNamedBy(events), ...hangingsNamedBy(events)]);
    this.callbackCame = true;
    this.lastCallbackAt = this.parts.now();
    if (newWebhookStatus !== null && this.hook) this.hook.dueAt = 0;
    if (events.some(isVague) || this.parts.holes.has('callback_missing')) this.compareDueAt = 0;
  }

  private async store(observation: Observation): Promise<void> {
    const { event_keys } = await this.parts.store.resolve(observation);
    if (event_keys.length > 0) this.parts.onResolved();
    if ((observation.deferred ?? []).length > 0) this.explainer.ring();
  }

  /** After a failure that lasted, what changed meanwhile is looked for, and the time itself is told. */
  private async recovered(): Promise<void> {
    const { now, holes } = this.parts;
    const since = this.failingSince;
    if (since !== null && now() - since > LONGEST_SILENCE_MILLISECONDS) {
      await holes.begin('unreachable', since, this.lastProblem ?? 'unknown');
      this.compareDueAt = 0;
    }
    // What kept the sheet from being read may have kept its webhook off.
    if (since !== null && this.hook !== null && this.webhookId === null) this.hook.dueAt = 0;
    this.failingSince = null;
    this.failures = 0;
    this.lastProblem = null;
    this.tokenRefused = false;
  }

  private async recover(failure: unknown): Promise<void> {
    const { log, now, random, sleep, timing, troubles } = this.parts;
    this.failures += 1;
    this.failingSince ??= now();
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
    await sleep(seconds * 1000 * (0.5 + random() / 2), this.ending.signal).catch(() => undefined);
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
