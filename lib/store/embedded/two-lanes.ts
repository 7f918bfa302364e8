export type Lane = 'urgent' | 'ordinary';

/** While an ordinary one waits, so many urgent ones go before it; then it has its turn, so that no flood stops the rest. */
export const URGENT_IN_A_ROW = 16;

/** A queue whose urgent ones go first; within a lane, first come, first served. */
export class TwoLanes<Item> {
  readonly #waiting: Readonly<Record<Lane, Item[]>> = { urgent: [], ordinary: [] };
  #urgentInARow = 0;

  push(item: Item, lane: Lane): void {
    this.#waiting[lane].push(item);
  }

  /** The one whose turn it is, taken out; undefined when nobody waits. */
  next(): Item | undefined {
    const { urgent, ordinary } = this.#waiting;
    const isUrgent = urgent.length > 0 && (ordinary.length === 0 || this.#urgentInARow < URGENT_IN_A_ROW);
    this.#urgentInARow = isUrgent ? this.#urgentInARow + 1 : 0;
    return (isUrgent ? urgent : ordinary).shift();
  }

  /** Everyone, in order, taken out. */
  takeAll(): readonly Item[] {
    return [...this.#waiting.urgent.splice(0), ...this.#waiting.ordinary.splice(0)];
  }
}
