import type { Now } from '../ports';

const MINUTE_MILLISECONDS = 60_000;

/** How much was spent within the last minute, kept by the second so that a busy minute costs no more memory than a quiet one. */
export class SlidingMinute {
  private readonly spentIn = new Map<number, number>();

  constructor(private readonly now: Now) {}

  add(amount: number): void {
    this.forget();
    const second = this.second();
    this.spentIn.set(second, (this.spentIn.get(second) ?? 0) + amount);
  }

  get total(): number {
    this.forget();
    return [...this.spentIn.values()].reduce((sum, amount) => sum + amount, 0);
  }

  private second(): number {
    return Math.floor(this.now() / 1000);
  }

  private forget(): void {
    const oldest = this.second() - MINUTE_MILLISECONDS / 1000;
    for (const second of this.spentIn.keys()) if (second <= oldest) this.spentIn.delete(second);
  }
}
