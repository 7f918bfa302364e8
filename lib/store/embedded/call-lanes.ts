import { TwoLanes, type Lane } from './two-lanes';

/** `background`: what nobody stands and waits for, as upkeep and the reading for a training. */
export type CallLane = Lane | 'background';

/** While one of the background waits, so many others go before it; then it has its turn, so that no flood stops it. */
export const OTHERS_IN_A_ROW = 16;
/**
 * Whoever was answered asks on within this, as an event does that is looked up, judged and recorded: so it waits for one
 * call of the background at most on its whole way, and not for one at each step.
 */
export const QUIET_MILLISECONDS = 3;

/** The calls that wait for the worker thread: those of the background are begun in the pauses of the others. */
export class CallLanes<Item> {
  readonly #lanes = new TwoLanes<Item>();
  readonly #background: Item[] = [];
  #othersInARow = 0;

  push(item: Item, lane: CallLane): void {
    if (lane === 'background') this.#background.push(item);
    else this.#lanes.push(item, lane);
  }

  /**
   * The one whose turn it is, taken out.
   * @param isQuiet  whether the last who was answered has had time to ask on
   * @returns `pause`: nobody but the background waits, and it is not quiet yet; undefined: nobody waits
   */
  next(isQuiet: boolean): Item | 'pause' | undefined {
    const isTurnOfOthers = this.#background.length === 0 || this.#othersInARow < OTHERS_IN_A_ROW;
    const other = isTurnOfOthers ? this.#lanes.next() : undefined;
    if (other !== undefined) {
      this.#othersInARow = this.#background.length > 0 ? this.#othersInARow + 1 : 0;
      return other;
    }
    if (this.#background.length > 0 && isTurnOfOthers && !isQuiet) return 'pause';
    this.#othersInARow = 0;
    return this.#background.shift();
  }

  /** Everyone, those of the background last, taken out. */
  takeAll(): readonly Item[] {
    return [...this.#lanes.takeAll(), ...this.#background.splice(0)];
  }
}
