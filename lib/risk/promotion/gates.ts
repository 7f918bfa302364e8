import { BadNumbers } from '../errors';
import { areaUnderCurve, averagePrecision } from '../measures/ranking';
import { calibrationError } from '../measures/calibration';
import { seededRandom } from '../seeded-random';

/** The newest events with what two models say of them; neither was trained on them. */
export interface Comparison {
  /** 1 = part of a finding. */
  readonly labels: ArrayLike<number>;
  /** The incident of each labelled event, null for the rest. */
  readonly incidents: readonly (string | null)[];
  /** The kind of each labelled event, where it has one. */
  readonly categories: readonly (string | null)[];
  readonly champion: Judged;
  readonly challenger: Judged;
}

/** One model's word on each event. */
export interface Judged {
  /** What events are ranked by. */
  readonly ranks: ArrayLike<number>;
  /** Calibrated probabilities. */
  readonly risks: ArrayLike<number>;
  /** Share of normal sittings that alerted over the share promised. */
  readonly realisedOverPromised: number;
}

export interface Gate {
  readonly name: 'incidents' | 'precision' | 'better' | 'patterns' | 'promise' | 'calibration' | 'enough';
  readonly passed: boolean;
  /** For people: what was compared, and how it came out. */
  readonly because: string;
}

export interface Decision {
  readonly promote: boolean;
  readonly gates: readonly Gate[];
}

/** Of normal events this share may score above the border at which incidents are counted. */
const FALSE_ALERTS = 0.005;
const DRAWS = 1000;
/** The lower 5 % bound of a difference may not fall below this. */
const NOT_WORSE = -0.01;
const PATTERN_LOSS = 0.05;
const PROMISE = [0.75, 1.3] as const;
const MOST_CALIBRATION_ERROR = 0.005;
const FEWEST_INCIDENTS = 10;

/**
 * Whether a challenger may take the champion's place: not worse in incidents found and in average precision by a paired
 * bootstrap over incidents, better in one of them, no pattern lost, the promise kept, calibrated. Every gate is told.
 * @throws BadNumbers  when the lists are not of one length
 */
export function decide(comparison: Comparison, seed = 0): Decision {
  checkLengths(comparison);
  const { labels, champion, challenger } = comparison;
  const incidents = [...new Set(comparison.incidents.filter((incident) => incident !== null))];
  if (incidents.length < FEWEST_INCIDENTS) {
    const because = `${incidents.length} incidents in the newest weeks are too few to compare by; ${FEWEST_INCIDENTS} are needed.`;
    return { promote: false, gates: [{ name: 'enough', passed: false, because }] };
  }
  const differences = bootstrap(comparison, incidents, seed);
  const found = bounds(differences.map(({ found: difference }) => difference));
  const precision = bounds(differences.map(({ precision: difference }) => difference));
  const lost = lostPatterns(comparison);
  const error = calibrationError(labels, challenger.risks);
  const kept = challenger.realisedOverPromised;
  const gates: Gate[] = [
    { name: 'incidents', passed: found.low > NOT_WORSE, because: inWords('Incidents found', found) },
    { name: 'precision', passed: precision.low > NOT_WORSE, because: inWords('Average precision', precision) },
    {
      name: 'better',
      passed: found.middle > 0 || precision.middle > 0,
      because: `The middle of the differences is ${signed(found.middle)} for incidents and ${signed(precision.middle)} for precision; one must be above 0.`,
    },
    {
      name: 'patterns',
      passed: lost.length === 0,
      because:
        lost.length === 0
          ? 'No pattern is found worse by more than 0.05.'
          : `Found worse by more than 0.05: ${lost.join(', ')}.`,
    },
    {
      name: 'promise',
      passed: kept >= PROMISE[0] && kept <= PROMISE[1],
      because: Number.isFinite(kept)
        ? `Normal sittings alerted ${kept.toFixed(2)} times as often as promised; ${PROMISE[0]} to ${PROMISE[1]} is kept.`
        : 'There were too few normal sittings to see whether the promise is kept.',
    },
    {
      name: 'calibration',
      passed: error <= MOST_CALIBRATION_ERROR,
      because: `Probabilities are off by ${error.toFixed(4)} (was ${calibrationError(labels, champion.risks).toFixed(4)}); at most ${MOST_CALIBRATION_ERROR}.`,
    },
  ];
  return { promote: gates.every(({ passed }) => passed), gates };
}

interface Difference {
  readonly found: number;
  readonly precision: number;
}

/** Draws incidents again, the same for both models, and takes the difference each time; normal events stay as they are. */
function bootstrap(comparison: Comparison, incidents: readonly string[], seed: number): Difference[] {
  const random = seededRandom(seed);
  const rows = new Map(incidents.map((incident): [string, number[]] => [incident, []]));
  comparison.incidents.forEach((incident, row) => incident !== null && rows.get(incident)?.push(row));
  const normal = [...comparison.incidents.keys()].filter((row) => !comparison.labels[row]);
  const both = [comparison.champion, comparison.challenger].map(({ ranks }) => ({
    ...highestOf(normal.map((row) => ranks[row] as number)),
    // For each incident the ranks of its events.
    incidents: incidents.map((incident) => (rows.get(incident) as number[]).map((row) => ranks[row] as number)),
  }));
  return Array.from({ length: DRAWS }, () => {
    const drawn = incidents.map(() => Math.floor(random() * incidents.length));
    const [champion, challenger] = both.map((model) => measured(model, drawn)) as [Difference, Difference];
    return { found: challenger.found - champion.found, precision: challenger.precision - champion.precision };
  });
}

interface Model {
  readonly border: number;
  /** The highest of the normal events: as many as are let through, whether they differ or not. */
  readonly highest: readonly number[];
  readonly incidents: readonly (readonly number[])[];
}

/** Incidents are compared by their strongest event: one of a hundred events counts as much as one of two. */
function measured({ border, highest, incidents }: Model, drawn: readonly number[]): Difference {
  const strongest = drawn.map((incident) => Math.max(...(incidents[incident] as readonly number[])));
  const scores = [...strongest, ...highest];
  const labels = [...strongest.map(() => 1), ...highest.map(() => 0)];
  return {
    found: strongest.filter((rank) => rank > border).length / drawn.length,
    precision: averagePrecision(labels, scores),
  };
}

/** A model of few different ranks has many normal events at its border: they count as much as any. */
function highestOf(normal: readonly number[]): Pick<Model, 'border' | 'highest'> {
  const sorted = [...normal].sort((left, right) => right - left);
  const allowed = Math.floor(FALSE_ALERTS * sorted.length);
  return { border: sorted[allowed] ?? -Infinity, highest: sorted.slice(0, allowed + 1) };
}

/** Patterns whose events the challenger ranks clearly worse among the normal ones. */
function lostPatterns({ labels, categories, champion, challenger }: Comparison): string[] {
  const names = [...new Set(categories.filter((name) => name !== null))].sort();
  const area = (name: string, { ranks }: Judged): number => {
    const rows = [...categories.keys()].filter((row) => !labels[row] || categories[row] === name);
    return areaUnderCurve(
      rows.map((row) => (labels[row] ? 1 : 0)),
      rows.map((row) => ranks[row] as number),
    );
  };
  return names.filter((name) => area(name, champion) - area(name, challenger) > PATTERN_LOSS);
}

interface Bounds {
  readonly low: number;
  readonly middle: number;
  readonly high: number;
}

function bounds(differences: readonly number[]): Bounds {
  const sorted = [...differences].sort((left, right) => left - right);
  const at = (share: number): number =>
    sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] as number;
  return { low: at(0.05), middle: at(0.5), high: at(0.95) };
}

function inWords(what: string, { low, middle, high }: Bounds): string {
  return `${what}: ${signed(middle)} against the champion, 90 % of draws between ${signed(low)} and ${signed(high)}; the lower end must be above ${NOT_WORSE}.`;
}

function signed(value: number): string {
  return `${value < 0 ? '' : '+'}${value.toFixed(3)}`;
}

function checkLengths({ labels, incidents, categories, champion, challenger }: Comparison): void {
  const lists = [incidents, categories, champion.ranks, champion.risks, challenger.ranks, challenger.risks];
  if (lists.every(({ length }) => length === labels.length)) return;
  throw new BadNumbers(
    `Two models are compared on ${labels.length} labels, but ${lists.map(({ length }) => length).join(', ')} figures.`,
    'Let both models judge the same events.',
  );
}
