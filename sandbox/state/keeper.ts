import { messageOf } from '../../lib/errors';
import { stateOf } from './saved-state';
import type { PracticeOffice } from '../practice/practice-office';
import type { Replay } from '../replay/replay';
import type { StateFile } from './state-file';
import type { World } from '../world';

const LEAST_PAUSE = 2_000;
/** A large state is written less often: at most a tenth of the time goes into it. */
const PAUSE_FACTOR = 10;

/** Writes the state a while after it changed, and once more at the end. */
export class Keeper {
  private timer: NodeJS.Timeout | undefined;
  private pause = LEAST_PAUSE;
  replay: Replay | undefined;
  practice: PracticeOffice | undefined;

  constructor(
    private readonly world: World,
    private readonly file: StateFile,
  ) {
    world.office.onSave(() => this.changed());
  }

  /** Something changed: it is on disk soon. */
  changed(): void {
    this.timer ??= setTimeout(() => {
      this.timer = undefined;
      this.save().catch((thrown: unknown) =>
        this.world.settings.log(`The state could not be saved: ${messageOf(thrown)}`),
      );
    }, this.pause).unref();
  }

  async save(): Promise<void> {
    clearTimeout(this.timer);
    this.timer = undefined;
    const began = this.world.settings.wall();
    const replay = this.replay?.progress() ?? null;
    await this.file.write(stateOf(this.world, replay, this.practice?.progress() ?? null));
    this.pause = Math.max(LEAST_PAUSE, (this.world.settings.wall() - began) * PAUSE_FACTOR);
  }
}
