import { FEATURES } from '../features/features';
import type { RiskEvent } from '../features/risk-event';

/** An event that a model may learn from or be measured by. */
export interface LearnedEvent {
  readonly key: string;
  readonly at: number;
  readonly person: string | null;
  /** What stood in force without a model: rule points over 100; null where nobody knows. */
  readonly ruleScore: number | null;
  /** It was imported: it happened before the watch began. */
  readonly isImported?: boolean;
}

const WIDTH = FEATURES.length;
const FIRST_ROWS = 4096;

/**
 * The newest events of a stream as figures, in one typed array that grows; at most `most` of them (twice as many are held
 * for a moment, so that the oldest are let go in one piece).
 */
export class Lesson {
  private figures = new Float64Array(FIRST_ROWS * WIDTH);
  private events: LearnedEvent[] = [];

  constructor(private readonly most: number) {}

  get count(): number {
    return Math.min(this.events.length, this.most);
  }

  add(event: RiskEvent, about: Pick<LearnedEvent, 'key' | 'ruleScore' | 'isImported'>, figures: Float64Array): void {
    const row = this.events.length;
    if ((row + 1) * WIDTH > this.figures.length) {
      const grown = new Float64Array(this.figures.length * 2);
      grown.set(this.figures);
      this.figures = grown;
    }
    this.figures.set(figures, row * WIDTH);
    this.events.push({ ...about, at: event.at, person: event.person });
    if (this.events.length >= 2 * this.most) this.forget(this.events.length - this.most);
  }

  /** The newest events, and their figures row by row. */
  newest(): { readonly events: readonly LearnedEvent[]; readonly values: Float64Array } {
    const over = Math.max(0, this.events.length - this.most);
    return {
      events: this.events.slice(over),
      values: this.figures.subarray(over * WIDTH, this.events.length * WIDTH),
    };
  }

  private forget(rows: number): void {
    this.figures.copyWithin(0, rows * WIDTH, this.events.length * WIDTH);
    this.events = this.events.slice(rows);
  }
}
