import { backoffBefore, MOST_RETRIES, verdictOn } from './retry';
import { challenge } from './challenge';
import { collapsed } from './interest';
import { eventCallback } from './callback-body';
import { signatureOf } from './signature';
import { take, type Faults } from './faults';
import type { Attempt, Callback, Delivery, Webhook, WebhookStatus } from './types';
import type { Postman } from './postman';
import type { SandboxClock, Timer } from '../clock';
import type { SheetEvent } from '../office/types';

export interface LineSettings {
  readonly debounceMilliseconds: number;
  readonly collapseRepeatedEdits: boolean;
  readonly callbackTimeoutMilliseconds: number;
  readonly challengeTimeoutMilliseconds: number;
}

export interface LineParts {
  readonly clock: SandboxClock;
  readonly postman: Postman;
  readonly faults: Faults;
  readonly settings: LineSettings;
  /** The receiver failed: the hook gets this status, with a reason. */
  readonly disable: (hook: Webhook, status: WebhookStatus, why: string) => void;
  /** Called whenever the line stops to be busy. */
  readonly rested: () => void;
}

const CALLBACKS_PER_CHALLENGE = 100;
const DELIVERIES_REMEMBERED = 1_000;

/** The deliveries of one hook: a window that gathers events, a queue, and one callback on its way at a time. */
export class Line {
  readonly log: Delivery[] = [];
  private gathered: SheetEvent[] = [];
  private window: Timer | undefined;
  private waiting: { callback: Callback; delivery: Delivery }[] = [];
  private held: { callback: Callback; delivery: Delivery } | undefined;
  private state: 'idle' | 'sending' | 'sleeping' = 'idle';
  /** Rises when the hook is disabled; what was on its way then ends without effect. */
  private generation = 0;
  private wake: () => void = () => undefined;

  constructor(
    readonly hook: Webhook,
    private readonly parts: LineParts,
  ) {}

  /** A request is on its way, or about to be. A line that waits for the clock is not busy. */
  get busy(): boolean {
    return this.state === 'sending';
  }

  /** Events, callbacks or retries that were not delivered yet. */
  get undelivered(): number {
    return this.gathered.length + this.waiting.length + (this.held === undefined ? 0 : 1);
  }

  /** Takes the events of one save. They are sent at once (debounce 0) or when the window of the first one ends. */
  gather(events: readonly SheetEvent[]): void {
    this.gathered.push(...events);
    if (this.window !== undefined) return;
    const { debounceMilliseconds } = this.parts.settings;
    if (debounceMilliseconds === 0) this.closeWindow();
    else this.window = this.parts.clock.at(this.parts.clock.now() + debounceMilliseconds, () => this.closeWindow());
  }

  /** Makes one callback of what was gathered. */
  closeWindow(): void {
    this.window?.cancel();
    this.window = undefined;
    if (this.gathered.length === 0) return;
    const { debounceMilliseconds, collapseRepeatedEdits } = this.parts.settings;
    const merge = collapseRepeatedEdits && debounceMilliseconds > 0;
    const events = merge ? collapsed(this.gathered) : this.gathered;
    this.gathered = [];
    this.enqueue(eventCallback(this.hook, events, this.parts.clock.now()));
  }

  enqueue(callback: Callback): void {
    const kind = callback.events > 0 ? 'events' : 'status';
    const { nonce, events, madeAt } = callback;
    const delivery: Delivery = { nonce, kind, events, madeAt, attempts: [], state: 'waiting' };
    this.log.push(delivery);
    if (this.log.length > DELIVERIES_REMEMBERED) this.log.shift();
    this.waiting.push({ callback, delivery });
    if (this.state === 'idle') void this.work();
  }

  /** Sends what a fault holds back, if nothing comes after it. */
  releaseHeld(): void {
    if (this.held === undefined) return;
    this.waiting.push(this.held);
    this.held = undefined;
    if (this.state === 'idle') void this.work();
  }

  /** Forgets all that was not delivered: a disabled hook never gets it later. */
  drop(): void {
    this.generation += 1;
    this.window?.cancel();
    this.window = undefined;
    this.gathered = [];
    for (const { delivery } of this.waiting) delivery.state = 'failed';
    this.waiting = [];
    this.held = undefined;
    this.wake();
  }

  /** The callbacks not yet delivered, for the state file. What a window has gathered becomes one. */
  pending(): Callback[] {
    const callbacks = [...(this.held === undefined ? [] : [this.held]), ...this.waiting].map(
      ({ callback }) => callback,
    );
    if (this.gathered.length > 0) callbacks.push(eventCallback(this.hook, this.gathered, this.parts.clock.now()));
    return callbacks;
  }

  private async work(): Promise<void> {
    this.state = 'sending';
    for (let head = this.waiting[0]; head !== undefined; head = this.waiting[0]) {
      if (this.waiting.length > 0 && this.held === undefined && take(this.parts.faults, 'reorderNext')) {
        this.held = this.waiting.shift();
        continue;
      }
      const generation = this.generation;
      await this.deliver(head.callback, head.delivery, generation);
      if (generation === this.generation) this.waiting.shift();
      if (this.held !== undefined) {
        this.waiting.unshift(this.held);
        this.held = undefined;
      }
    }
    this.rest('idle');
  }

  /** Tries until the callback is delivered, the retries are used up, or the hook was disabled meanwhile. */
  private async deliver(callback: Callback, delivery: Delivery, generation: number): Promise<void> {
    await this.sleep(this.parts.faults.delaySeconds * 1_000);
    if (generation !== this.generation || !(await this.passesChallenge())) return;
    for (let retry = 0; generation === this.generation; retry += 1) {
      const status = await this.attempt(callback, delivery, retry);
      if (generation !== this.generation) return;
      if (status === 'dropped') return void (delivery.state = 'dropped');
      const verdict = verdictOn(status);
      if (verdict === 'delivered') return this.delivered(delivery);
      if (verdict === 'give up' || retry === MOST_RETRIES) {
        delivery.state = 'failed';
        const tries = `${retry + 1} ${retry === 0 ? 'try' : 'tries'}`;
        this.parts.disable(this.hook, 'DISABLED_CALLBACK_FAILED', `Callback failed after ${tries}: ${status}.`);
        return;
      }
      await this.sleep(backoffBefore(retry + 1));
    }
  }

  private async attempt(callback: Callback, delivery: Delivery, retry: number): Promise<Attempt['status']> {
    const { clock, faults } = this.parts;
    const at = clock.now();
    let status: Attempt['status'] = 'dropped';
    if (!take(faults, 'dropNext')) {
      status = await this.send(callback);
      if (status === 200 && take(faults, 'doubleNext')) await this.send(callback);
    }
    delivery.attempts.push({ at, status });
    this.hook.lastAttemptAt = at;
    this.hook.lastAttemptRetries = retry;
    return status;
  }

  private async send(callback: Callback): Promise<number | 'timeout' | 'no answer'> {
    const { faults, postman, settings } = this.parts;
    const secret = take(faults, 'breakSignatureNext') ? `not ${this.hook.sharedSecret}` : this.hook.sharedSecret;
    const answer = await postman.post({
      url: this.hook.callbackUrl,
      headers: {
        'Smartsheet-Hmac-SHA256': signatureOf(callback.body, secret, faults.stripZeros),
        'Smartsheet-Hook-Id': String(this.hook.id),
      },
      body: callback.body,
      timeoutMilliseconds: settings.callbackTimeoutMilliseconds,
    });
    return answer.status;
  }

  private delivered(delivery: Delivery): void {
    delivery.state = 'delivered';
    this.hook.lastSuccessAt = this.parts.clock.now();
    this.hook.sinceChallenge += 1;
  }

  /** After each hundred callbacks the receiver must answer another challenge. */
  private async passesChallenge(): Promise<boolean> {
    if (this.hook.sinceChallenge < CALLBACKS_PER_CHALLENGE) return true;
    const failure = await challenge(this.hook, this.parts.postman, this.parts.settings.challengeTimeoutMilliseconds);
    this.hook.sinceChallenge = 0;
    if (failure === null) return true;
    this.parts.disable(this.hook, 'DISABLED_VERIFICATION_FAILED', failure);
    return false;
  }

  /** Waits on the sandbox's clock; `drop` wakes it early. */
  private async sleep(milliseconds: number): Promise<void> {
    if (milliseconds <= 0) return;
    const { clock } = this.parts;
    await new Promise<void>((resolve) => {
      const timer = clock.at(clock.now() + milliseconds, () => this.wake());
      this.wake = () => {
        timer.cancel();
        this.state = 'sending';
        resolve();
      };
      this.rest('sleeping');
    });
    this.wake = () => undefined;
  }

  private rest(state: 'idle' | 'sleeping'): void {
    this.state = state;
    this.parts.rested();
  }
}
