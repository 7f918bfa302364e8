/** Lets one reading of cell history through at a time, of those that wait the one on which most hangs. */
export class HistoryDesk {
  private readonly waiting: { readonly stake: number; readonly go: () => void }[] = [];
  private isBusy = false;

  /** Does `read` when its turn has come. An end while waiting leaves the queue. */
  async inTurn<Answer>(stake: number, read: () => Promise<Answer>, signal: AbortSignal): Promise<Answer> {
    await this.turn(stake, signal);
    try {
      return await read();
    } finally {
      this.next();
    }
  }

  private async turn(stake: number, signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    if (!this.isBusy) {
      this.isBusy = true;
      return;
    }
    await new Promise<void>((resolve, reject) => {
      const leave = (): void => {
        this.waiting.splice(this.waiting.indexOf(one), 1);
        reject(signal.reason);
      };
      const one = {
        stake,
        go: () => {
          signal.removeEventListener('abort', leave);
          resolve();
        },
      };
      this.waiting.push(one);
      signal.addEventListener('abort', leave, { once: true });
    });
  }

  private next(): void {
    const [first, ...others] = this.waiting;
    if (first === undefined) {
      this.isBusy = false;
      return;
    }
    const best = others.reduce((most, one) => (one.stake > most.stake ? one : most), first);
    this.waiting.splice(this.waiting.indexOf(best), 1);
    best.go();
  }
}
