import type { AuditEvent } from '../../event';
import { messageOf } from '../../errors';
import type { Log } from '../../ports';
import { isJudged } from '../../risk';
import type { BillingSettings } from '../../settings';
import type { ModelStore, StoredModel } from '../../store/models';
import type { Machine } from '../machine';
import type { Health } from '../runtime';
import { ChampionKeeper, withProblem } from './champion-keeper';
import type { JudgedByModel, ListedModel, ModelDesk, TrainingReport, TrainOrder } from './desk';
import { DriftWatch } from './drift';
import type { LiveState } from './live-state';
import { LiveStates } from './live-states';
import { attendPlan } from './plan';
import { trainInThread } from './training-thread';

export interface ModelsParts {
  readonly store: ModelStore;
  readonly machine: Pick<Machine, 'now' | 'sleep'>;
  readonly log: Log;
  /** `models/` of the home. */
  readonly folder: string;
  readonly workerPath?: string | undefined;
  /** False: it trains and judges no event, as a command does, so that no state is made for what never comes. Default: true. */
  readonly isServing?: boolean;
}

/** Who scores after a start waits so long for the state; then rule points stand until it is there. */
const PATIENCE_MILLISECONDS = 20_000;

/** The models of a home: asked by Risk Score, trained and moved by Model Training. One for each Runtime. */
export class Models {
  private readonly champion: ChampionKeeper;
  /** What another model says is another stream: a new champion is no drift. */
  private drift: { readonly of: string; readonly watch: DriftWatch } | null = null;
  private readonly ending = new AbortController();
  private readonly states: LiveStates;
  /** The hash of the model that was asked last; empty: there was none. Null: nobody asked yet. */
  private asked: string | null = null;
  private looking: Promise<void> | null = null;
  private training: Promise<TrainingReport> | null = null;

  constructor(private readonly parts: ModelsParts) {
    this.champion = new ChampionKeeper({ store: parts.store, now: parts.machine.now, log: parts.log });
    const ready = () => this.champion.known.ready;
    this.states = new LiveStates({ ...parts, signal: this.ending.signal, ready });
  }

  /** For one node, with its settings. */
  deskFor(settings: BillingSettings): ModelDesk {
    const { store, machine } = this.parts;
    const desk: ModelDesk = {
      judge: (event) => this.judge(event, settings),
      train: async (order, asker) => {
        if (asker) await store.allowTraining(asker);
        return (this.training ??= this.train(order, settings).finally(() => (this.training = null)));
      },
      models: async (limit) => withProblem(await store.models(limit), await this.champion.look()),
      promote: async (moved) => (await this.nowInForce([await store.promoteModel(moved)]))[0] as ListedModel,
      rollBack: async (moved) => {
        const { before, model } = await store.rollBackModel(moved);
        const [now = null] = await this.nowInForce(model ? [model] : []);
        return { before, model: now };
      },
      attend: (plan, told) => {
        const drift = (): string | null => this.drift?.watch.moved() ?? null;
        const isUnreadable = async (): Promise<boolean> => (await this.champion.inForce()).problem !== null;
        return attendPlan({ plan, told, store, machine, drift, isUnreadable, train: (order) => desk.train(order) });
      },
    };
    return desk;
  }

  /** Asks which model is in force, for health, which would else say that there is none until the first event comes. */
  look(): void {
    this.looking ??= this.champion
      .inForce()
      .then(
        () => undefined,
        (failure: unknown) => {
          if (this.ending.signal.aborted) return;
          this.parts.log.warn(`Which model is in force could not be asked: ${messageOf(failure)}`);
        },
      )
      .finally(() => (this.looking = null));
  }

  /** Null: nothing to tell of. */
  health(): Pick<Health['checks'][number], 'status' | 'text'> | null {
    if (!this.champion.isKnown) {
      this.look();
      return { status: 'ok', text: 'which model is in force is not known yet' };
    }
    const { model, problem } = this.champion.known;
    if (model === null) return null;
    const lacking = problem ?? this.states.problem;
    if (lacking !== null) return { status: 'degraded', text: lacking };
    return { status: 'ok', text: `model ${model.version} in force since ${model.promoted_at ?? 'its training'}` };
  }

  async stop(): Promise<void> {
    this.ending.abort();
    await this.training?.catch(() => undefined);
    await this.looking;
    await this.states.stopped();
  }

  private async judge(event: AuditEvent, settings: BillingSettings): Promise<JudgedByModel | null> {
    if (!isJudged(event.kind)) return null;
    const { ready } = await this.champion.inForce();
    this.hasModel(ready?.hash ?? '');
    if (!ready) return null;
    const state = await this.stateFor(settings);
    if (this.drift?.of !== ready.hash) this.drift = { of: ready.hash, watch: new DriftWatch(ready.engine) };
    const { watch } = this.drift;
    const word = state?.judge(event, ready, (said, seen) => watch.take(said, seen)) ?? null;
    return word && { ...word, model_version: ready.hash };
  }

  private hasModel(hash: string): void {
    if (hash === this.asked) return;
    this.asked = hash;
    if (hash === '') this.states.forget();
    else this.states.renew();
  }

  /** Null while it is being made and that takes long. The first one to ask after a start waits for it a while. */
  private async stateFor(settings: BillingSettings): Promise<LiveState | null> {
    const live = this.states.live(settings);
    if (!live || live.isReady) return live?.state ?? null;
    // A first model came while events pass by: until its state is there they go by rule points, as before.
    if (!this.champion.foundAtStart) return null;
    const late = this.parts.machine.sleep(PATIENCE_MILLISECONDS, this.ending.signal).then(
      () => null,
      () => null,
    );
    return Promise.race([live.state, late]);
  }

  private async train({ seed, most, promote, by }: TrainOrder, settings: BillingSettings): Promise<TrainingReport> {
    const { store, machine, log, workerPath, isServing = true } = this.parts;
    const { signal } = this.ending;
    const began = machine.now();
    const { body: champion } = await store.champion(null);
    const learned = await trainInThread({ store, settings, workerPath, signal }, { seed, most, champion, now: began });
    const failed = learned.gates.filter(({ passed }) => !passed).map(({ because }) => because);
    const { model, isNew } = await store.putModel({
      ...{ description: learned.description, body: learned.body, data: learned.data, seed, metrics: learned.metrics },
      ...{ gates: learned.gates, by, status: learned.promote ? (promote ? 'champion' : 'challenger') : 'refused' },
      ...(!learned.promote && { reason: failed.join(' ') }),
    });
    const seconds = Math.round((machine.now() - began) / 100) / 10;
    log.info(`A training ended: model ${model.version} is ${model.status}.`, { seconds, events: model.data.events });
    // What had moved is learned by now; another look at it would train again for nothing.
    this.drift?.watch.forget();
    const { ready } = await this.champion.lookAgain();
    // It begins to be made, so that events need not wait for it; until it is there they go as before.
    if (ready && isServing) this.states.live(settings);
    return { ...model, is_new: isNew, seconds };
  }

  /** After a model was moved. */
  private async nowInForce(moved: readonly StoredModel[]): Promise<readonly ListedModel[]> {
    return withProblem(moved, await this.champion.lookAgain());
  }
}
