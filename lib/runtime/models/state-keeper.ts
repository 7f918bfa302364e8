import { messageOf } from '../../errors';
import { BadModel, features, isJudged, RecentEvents, type RiskEngine, stepOfRank, TrailFold } from '../../risk';
import type { BillingSettings } from '../../settings';
import type { TrailLine } from '../../store/models';
import { engineOf } from './learned-model';
import type { ToThread } from './protocol';
import { type KeptState, readState, writeState } from './state-file';

/** The step of an event's rank; or its figures, as long as nobody knows whether it is among the newest. */
type Recent = RecentEvents<number | Float64Array>;

/**
 * Makes the state that is kept: what the features remember, and how the events of the last 28 days rank by the model in
 * force. It is a fold over the trail: whoever goes on from what was kept writes the same bytes as who begins anew.
 */
export class StateKeeper {
  /** Why what was kept could not be read; null: it could, or there was none. */
  readonly damaged: string | null;
  /** Up to where the trail is in the state. */
  readonly position: number;
  /** The time up to which imported history is in it, where that goes beyond all changes of the trail. */
  readonly ahead: string | null;
  private readonly settings: BillingSettings;
  private readonly stateFile: string;
  private readonly fold: TrailFold;
  private readonly model: { readonly hash: string; readonly engine: RiskEngine } | null;
  private readonly recent: Recent = new RecentEvents();

  constructor({ settings, stateFile, model, anew }: Extract<ToThread, { type: 'begin-state' }>) {
    this.settings = settings;
    this.stateFile = stateFile;
    const engine = model && usableOrNull(model.body);
    this.model = model && engine && { hash: model.hash, engine };
    const { kept, damaged } = anew ? { kept: null, damaged: null } : keptOrWhy(stateFile, settings);
    this.damaged = damaged;
    // Another model ranks them otherwise, by figures that nobody has any more: the trail is read anew for them.
    const fits = kept !== null && (this.model === null || kept.recent?.model === this.model.hash);
    this.fold = fits ? kept.fold : TrailFold.begin(settings);
    this.position = fits ? kept.position : 0;
    this.ahead = fits ? kept.ahead : null;
    if (fits && kept.recent) this.recent.load(kept.recent.events);
  }

  take(line: TrailLine): void {
    const event = this.fold.read(line);
    if (!event) return;
    if (this.model && isJudged(line.kind)) this.recent.take(event.at, features(event, this.fold.state));
    this.fold.take(event, line);
  }

  /** Writes the state as it stands at a position of the trail. */
  keepAt({ position, ahead }: Pick<KeptState, 'position' | 'ahead'>): void {
    const { fold, model, recent } = this;
    const ranks = model && {
      model: model.hash,
      events: recent
        .toJSON()
        .map(([at, one]): [number, number] => [
          at,
          typeof one === 'number' ? one : stepOfRank(model.engine.anomalyOf(one)),
        ]),
    };
    writeState(this.stateFile, this.settings, { fold, position, ahead, recent: ranks });
  }
}

function keptOrWhy(
  stateFile: string,
  settings: BillingSettings,
): { readonly kept: KeptState | null; readonly damaged: string | null } {
  try {
    return { kept: readState(stateFile, settings), damaged: null };
  } catch (thrown) {
    if (thrown instanceof BadModel) return { kept: null, damaged: messageOf(thrown) };
    throw thrown;
  }
}

/** A model that cannot be used ranks nothing; that it cannot is told where it is looked for. */
function usableOrNull(body: string): RiskEngine | null {
  try {
    return engineOf(body);
  } catch (thrown) {
    if (thrown instanceof BadModel) return null;
    throw thrown;
  }
}
