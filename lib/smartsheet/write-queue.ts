/**
 * Lets writes to the same thing go one after another: Smartsheet answers 4004 when a sheet is saved twice at a time
 * (reference §4). Writes to different things do not wait for each other.
 */
export class WriteQueue {
  private readonly last = new Map<string, Promise<unknown>>();

  /** @param what  the thing that is written to, as "sheet 123" */
  async inTurn<Answer>(what: string, write: () => Promise<Answer>): Promise<Answer> {
    const before = this.last.get(what) ?? Promise.resolve();
    const turn = before.then(write, write);
    this.last.set(what, turn);
    try {
      return await turn;
    } finally {
      if (this.last.get(what) === turn) this.last.delete(what);
    }
  }
}
