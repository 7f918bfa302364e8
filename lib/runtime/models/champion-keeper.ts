import { setImmediate as nextTurn } from 'node:timers/promises';
import { messageOf } from '../../errors';
import { sha256Hex } from '../../hash';
import type { Log, Now } from '../../ports';
import type { ModelStore, StoredModel } from '../../store/models';
import { inSlices } from '../../steps';
import { readingEngine } from './learned-model';
import type { ListedModel } from './desk';
import type { ReadyModel } from './live-state';

/** The model in force, as far as this process knows. */
export interface InForce {
  readonly model: StoredModel | null;
  /** Null: there is none, or it cannot be used. */
  readonly ready: ReadyModel | null;
  /** Why the model in force cannot be used. */
  readonly problem: string | null;
}

const NONE: InForce = { model: null, ready: null, problem: null };
/** Others may move models too: another server, or the command line. */
const LOOK_AGAIN_MILLISECONDS = 30_000;

/** Knows which model is in force, and reads its text once. A model that cannot be used is told of, never half used. */
export class ChampionKeeper {
  /** Whether a model was in force already when it was asked for the first time. */
  foundAtStart = false;
  private current: InForce | null = null;
  private lookedAt = -Infinity;
  private looking: Promise<InForce> | null = null;

  constructor(
    private readonly parts: { readonly store: Pick<ModelStore, 'champion'>; readonly now: Now; readonly log: Log },
  ) {}

  /** The store has answered once. */
  get isKnown(): boolean {
    return this.current !== null;
  }

  /** What was known at last, for health. */
  get known(): InForce {
    return this.current ?? NONE;
  }

  /**
   * The first question waits for the store; later ones are answered at once, and looked after every half minute.
   * @throws StoreUnavailable  nothing is known yet, and the store cannot be asked
   */
  async inForce(): Promise<InForce> {
    if (!this.current) return this.look();
    if (this.parts.now() - this.lookedAt >= LOOK_AGAIN_MILLISECONDS) {
      this.look().catch((failure: unknown) =>
        this.parts.log.debug(`Which model is in force could not be asked: ${messageOf(failure)}`),
      );
    }
    return this.current;
  }

  /** Asks the store. */
  look(): Promise<InForce> {
    this.looking ??= this.asked().finally(() => (this.looking = null));
    return this.looking;
  }

  /** Asks the store now, for who has just moved a model: whoever is looking may have asked before. */
  async lookAgain(): Promise<InForce> {
    await this.looking?.catch(() => undefined);
    return this.look();
  }

  private async asked(): Promise<InForce> {
    this.lookedAt = this.parts.now();
    const { model, body } = await this.parts.store.champion(this.current?.model?.hash ?? null);
    if (!this.current) this.foundAtStart = model !== null;
    if (model === null) this.current = NONE;
    else if (body !== null || this.current?.model?.hash !== model.hash)
      this.current = await this.read(model, body ?? '');
    // Who asked begins what follows in a turn of its own: with the reading of a model it would hold up events for both.
    await nextTurn();
    return this.known;
  }

  private async read(model: StoredModel, body: string): Promise<InForce> {
    const read = await readModel(model, body);
    if (read.problem === null) this.parts.log.info(`Model ${model.version} is in force.`);
    else this.parts.log.error(read.problem);
    return read;
  }
}

/** Reads the text of the model in force; where it cannot be used it says why, and never throws. */
async function readModel(model: StoredModel, body: string): Promise<InForce> {
  try {
    if (sha256Hex(body) !== model.body_sha256) throw new Error('its text is not the one that was trained.');
    return { model, ready: { engine: await inSlices(readingEngine(body)), hash: model.hash }, problem: null };
  } catch (thrown) {
    const problem = `Model ${model.version} cannot be used, so rule points stand alone: ${messageOf(thrown)}`;
    return { model, ready: null, problem };
  }
}

/**
 * Asks a store which model is in force, and whether this version can use it: for who asks once, as a command does. The store
 * gives the text of no other model, so what another would come to is known only once it is in force.
 */
export async function modelInForce(store: Pick<ModelStore, 'champion'>): Promise<InForce> {
  const { model, body } = await store.champion(null);
  return model === null ? NONE : readModel(model, body ?? '');
}

/** The same models, of which the one in force says why it cannot be used, where it cannot. */
export function withProblem(models: readonly StoredModel[], { model, problem }: InForce): readonly ListedModel[] {
  return models.map((each) => (problem !== null && each.hash === model?.hash ? { ...each, problem } : each));
}
