import type { RiskEngine } from '../engine/engine';
import { meanInWords } from '../engine/words';
import type { FeatureName } from '../features/features';
import { IDLE_MINUTES } from '../sittings/sittings';
import { Adwin } from './adwin';

/** A change as it was judged. */
export interface SeenFigures {
  readonly person: string | null;
  /** Milliseconds since 1970. */
  readonly at: number;
  /** One for each feature of the engine; NaN is missing. */
  readonly figures: ArrayLike<number>;
}

/** A figure whose mean is not what it was. */
export interface FigureMove {
  readonly feature: string;
  /** "Size of the change from 120 to 1,250". */
  readonly because: string;
}

interface Watched {
  readonly feature: string;
  readonly column: number;
  readonly mean: number;
  readonly spread: number;
  readonly adwin: Adwin;
}

interface OpenSitting {
  lastAt: number;
  readonly sums: Float64Array;
  readonly counts: Float64Array;
}

/** Watched of every model: how large, when, in which weeks and how many at a time. */
const HABITS: readonly FeatureName[] = ['size', 'off_hours', 'historical', 'events_in_hour'];
/** They only grow, or only fall, as history gets longer: that is no drift. */
const GROWING: ReadonlySet<string> = new Set<FeatureName>([
  ...(['days_known', 'review_days', 'confirmed_before', 'dismissed_before'] as const),
  ...(['sheet_confirmed', 'work_request_confirmed'] as const),
  ...(['first_on_sheet', 'first_on_work_request', 'first_in_column'] as const),
]);
const MOST = 16;
/** How much false alarm is bearable of all figures together. */
const DELTA = 0.002;
/** In standard deviations of training; what is farther out counts as this far, so that one absurd figure is no drift. */
const FARTHEST = 8;
/** Sittings that are open at a time; beyond, the one that rests longest ends. */
const MOST_OPEN = 1_000;

/**
 * Watches the means of the figures that carry a model's weight. A hundred changes of one paste are alike and say one thing:
 * a sitting counts once, by its mean, so that what is compared is nearly independent; and each of the figures is given its
 * part of the false alarms alone (Bonferroni).
 */
export class FigureDrift {
  private readonly watched: readonly Watched[];
  /** By person, the one that rests longest first. */
  private readonly open = new Map<string, OpenSitting>();

  constructor(engine: RiskEngine) {
    const heavy = engine.heaviest(engine.features.length).filter((feature) => !GROWING.has(feature));
    const features = [...new Set<string>([...HABITS, ...heavy])]
      .filter((feature) => engine.features.includes(feature))
      .slice(0, MOST);
    this.watched = features.map((feature) => ({
      ...{ feature, column: engine.features.indexOf(feature), ...engine.scaleOf(feature) },
      adwin: new Adwin(DELTA / features.length),
    }));
  }

  /** The features that are watched. */
  get features(): readonly string[] {
    return this.watched.map(({ feature }) => feature);
  }

  /** Takes the next change, and says which means have moved by it. */
  take({ person, at, figures }: SeenFigures): readonly FigureMove[] {
    const moves = this.endResting(at);
    const name = person ?? '';
    const sitting = this.open.get(name) ?? this.begun(at);
    sitting.lastAt = Math.max(sitting.lastAt, at);
    this.watched.forEach(({ column }, place) => {
      const value = figures[column] as number;
      if (!Number.isFinite(value)) return;
      sitting.sums[place] = (sitting.sums[place] as number) + this.scaled(place, value);
      sitting.counts[place] = (sitting.counts[place] as number) + 1;
    });
    // At the end of the line again.
    this.open.delete(name);
    this.open.set(name, sitting);
    return moves;
  }

  private begun(at: number): OpenSitting {
    const { length } = this.watched;
    return { lastAt: at, sums: new Float64Array(length), counts: new Float64Array(length) };
  }

  private endResting(now: number): FigureMove[] {
    const moves: FigureMove[] = [];
    for (const [person, sitting] of this.open) {
      const rests = now - sitting.lastAt > IDLE_MINUTES * 60_000;
      if (!rests && this.open.size < MOST_OPEN) break;
      this.open.delete(person);
      moves.push(...this.ended(sitting));
    }
    return moves;
  }

  private ended({ sums, counts }: OpenSitting): FigureMove[] {
    return this.watched.flatMap(({ feature, adwin }, place) => {
      const count = counts[place] as number;
      if (count === 0 || !adwin.take((sums[place] as number) / count)) return [];
      const [before, now] = [adwin.meanBefore ?? adwin.mean, adwin.meanOfLatest].map((mean) =>
        this.valueOf(place, mean),
      );
      const from = meanInWords(feature, before as number);
      return [{ feature, because: `${from.label} from ${from.shown} to ${meanInWords(feature, now as number).shown}` }];
    });
  }

  /** 0..1, as ADWIN's bound takes it. */
  private scaled(place: number, value: number): number {
    const { mean, spread } = this.watched[place] as Watched;
    return (Math.max(-FARTHEST, Math.min(FARTHEST, (value - mean) / spread)) + FARTHEST) / (2 * FARTHEST);
  }

  private valueOf(place: number, scaled: number): number {
    const { mean, spread } = this.watched[place] as Watched;
    return mean + spread * (scaled * 2 * FARTHEST - FARTHEST);
  }
}
