import { createHash } from 'node:crypto';
import { RiskEngine, type TrainingRows } from '../engine/engine';
import { rankOf } from '../engine/rank-of';
import { BadNumbers } from '../errors';
import { FEATURES } from '../features/features';
import { areaUnderCurve, averagePrecision } from '../measures/ranking';
import { calibrationError } from '../measures/calibration';
import { decide, type Gate, type Judged } from '../promotion/gates';
import { type AnomalyGate, anomalyGates } from './anomaly-gates';
import { sittingNames } from './incidents';
import type { Label } from './labels';
import type { LearnedEvent } from './lesson';
import { promiseKept } from './promise-kept';

export interface LessonRead {
  readonly events: readonly LearnedEvent[];
  /** Rows by `FEATURES`. */
  readonly values: Float64Array;
}

export interface LearnRequest {
  readonly lesson: LessonRead;
  readonly labels: ReadonlyMap<string, Label>;
  /** The model in force; null: none, or one that cannot be read any more. */
  readonly champion: RiskEngine | null;
  readonly seed: number;
}

/** What a training came to. The same request gives the same, byte for byte. */
export interface Learned {
  readonly engine: RiskEngine;
  /** Whether it may take the champion's place. */
  readonly promote: boolean;
  /** What it was asked before that, each with how it came out. */
  readonly gates: readonly (Gate | AnomalyGate)[];
  readonly metrics: Readonly<Record<string, number | null>>;
  readonly data: {
    readonly sha256: string;
    readonly from: string;
    readonly to: string;
    readonly events: number;
    readonly labelled: number;
    readonly incidents: number;
    /** Events of imported history, among all of them. */
    readonly imported: number;
  };
}

/** Fewer events say nothing about what is ordinary. */
export const FEWEST_EVENTS = 50;
/** The oldest part trains, the middle calibrates, the newest compares: neither model was trained on it. */
const TRAINED = 0.65;
const CALIBRATED = 0.8;
/** How frequent unknown kinds of findings are taken to be beside known ones: with few labels, and with many. */
const SHARES = [0.5, 0.15] as const;
/** So many ordinary events teach the risk; more of them cost time and tell it nothing new. */
const MOST_ORDINARY = 15_000;
const WIDTH = FEATURES.length;

/**
 * Trains a challenger on the older events of a lesson, and compares it with the champion on the newest ones. Without a
 * champion it is compared with rule points. Where too little was labelled to teach a risk, the challenger says how strange
 * an event is and nothing else.
 * @throws BadNumbers  when there are too few events
 */
export function learn({ lesson, labels, champion, seed }: LearnRequest): Learned {
  const rows = labelled(lesson, labels);
  const count = rows.events.length;
  if (count < FEWEST_EVENTS) {
    throw new BadNumbers(`${count} events are too few to learn from.`, `Wait until there are ${FEWEST_EVENTS}.`);
  }
  const [trained, calibrated] = [Math.floor(count * TRAINED), Math.floor(count * CALIBRATED)];
  const raw = RiskEngine.fit(part(rows, 0, trained), { seed, mostOrdinary: MOST_ORDINARY });
  const uncalibrated = readingsOf(raw, rows, trained);
  const later = { labels: Array.from(rows.labels).slice(trained, calibrated), count: calibrated - trained };
  const fitted = raw.calibratedBy(uncalibrated.logOdds.subarray(0, later.count), later.labels);
  const share = bestShare(calibratedReadings(uncalibrated, fitted, 0), later.labels);
  const engine = fitted.withAnomalyShare(share);
  const data = dataOf(rows);
  const newest = calibratedReadings(uncalibrated, engine, share);
  const compared = comparisonWith(champion, rows, calibrated);
  const metrics = metricsOf(rows, calibrated, newest, compared, engine);
  const gates = engine.knowsRisk ? riskGates(rows, { trained, calibrated }, compared, newest, seed) : null;
  if (gates?.promote) return { engine, promote: true, gates: gates.gates, metrics, data };
  if (champion?.knowsRisk) {
    const because = 'Reviewers have called nothing a finding yet, so it would know less than the champion.';
    const refused = gates?.gates ?? [{ name: 'enough', passed: false, because } as const];
    return { engine, promote: false, gates: refused, metrics, data };
  }
  // Nothing in force says a risk: how strange an event is may be said without one.
  const stranger = engine.withoutRisk();
  const asked = anomalyGates(stranger, newest.anomalies.slice(calibrated - trained));
  const told = (gates?.gates ?? []).filter(({ passed }) => !passed).map(withoutRiskBecause);
  return { engine: stranger, promote: asked.every(({ passed }) => passed), gates: [...asked, ...told], metrics, data };
}

/** A gate that kept the risk out, told beside those that the anomaly passed. */
function withoutRiskBecause({ because }: Gate): AnomalyGate {
  return { name: 'risk', passed: false, because: `Rule points stay the risk score: ${because}` };
}

interface LabelledRows extends TrainingRows {
  readonly events: readonly LearnedEvent[];
}

function labelled({ events, values }: LessonRead, labels: ReadonlyMap<string, Label>): LabelledRows {
  const findings = events.map(({ key, person }) => {
    const label = labels.get(key);
    // Whoever changed it is known here for certain: nobody teaches the model about himself.
    return label?.isFinding === true && label.reviewer !== person ? label : null;
  });
  const sittings = sittingNames(events);
  return {
    ...{ events, features: FEATURES, values },
    labels: findings.map((label) => (label ? 1 : 0)),
    incidents: findings.map((label, row) => (label ? (label.incident ?? (sittings[row] as string)) : null)),
    categories: findings.map((label) => label?.category ?? null),
  };
}

function part({ events, values, labels, incidents, categories }: LabelledRows, from: number, to: number): LabelledRows {
  return {
    ...{ features: FEATURES, events: events.slice(from, to), values: values.subarray(from * WIDTH, to * WIDTH) },
    labels: Array.from(labels).slice(from, to),
    ...{ incidents: incidents.slice(from, to), categories: categories.slice(from, to) },
  };
}

/** Chosen on the events that calibrate, so that the newest ones stay unseen. */
function bestShare({ logOdds, prior, anomalies }: Readings, truth: readonly number[]): number {
  if (new Set(truth).size < 2 || logOdds.every((one) => one === 0)) return SHARES[0];
  const precision = (share: number): number =>
    averagePrecision(
      truth,
      truth.map((_, row) => rankOf({ logOdds: logOdds[row] as number, prior }, anomalies[row] as number, share)),
    );
  return precision(SHARES[1]) > precision(SHARES[0]) ? SHARES[1] : SHARES[0];
}

interface Readings {
  readonly ranks: Float64Array;
  readonly risks: Float64Array;
  readonly logOdds: Float64Array;
  /** The log-odds of a finding among the events that taught it. */
  readonly prior: number;
  readonly anomalies: Float64Array;
}

/** What a model says of the events from `from` on. */
function readingsOf(engine: RiskEngine, { events, values }: LabelledRows, from: number): Readings {
  const count = events.length - from;
  const figures = (): Float64Array => new Float64Array(count);
  engine.prepareForMany();
  const { prior } = engine;
  const readings: Readings = { ranks: figures(), risks: figures(), logOdds: figures(), prior, anomalies: figures() };
  for (let row = 0; row < count; row += 1) {
    const { rank, risk, anomaly, logOdds } = engine.weigh(rowOf(values, from + row));
    readings.ranks[row] = rank;
    readings.risks[row] = risk ?? 0;
    readings.logOdds[row] = logOdds ?? 0;
    readings.anomalies[row] = anomaly;
  }
  return readings;
}

/** The same as if the calibrated engine had read the events again: reading is what takes time. */
function calibratedReadings(
  { logOdds: raw, prior, anomalies }: Readings,
  { calibration: { slope, offset }, knowsRisk }: RiskEngine,
  share: number,
): Readings {
  const logOdds = knowsRisk ? raw.map((one) => slope * one + offset) : raw;
  const risks = knowsRisk ? logOdds.map((one) => 1 / (1 + Math.exp(-one))) : raw;
  const ranks = logOdds.map((one, row) =>
    knowsRisk ? rankOf({ logOdds: one, prior }, anomalies[row] as number, share) : rarity(anomalies[row] as number),
  );
  return { ranks, risks, logOdds, prior, anomalies };
}

function rarity(anomaly: number): number {
  return -Math.log1p(-anomaly);
}

/** Without a champion, or with one that knows no risk, what is in force are rule points. */
function comparisonWith(champion: RiskEngine | null, rows: LabelledRows, from: number): Readings {
  if (champion?.knowsRisk) return readingsOf(champion, rows, from);
  const points = Float64Array.from(rows.events.slice(from), ({ ruleScore }) => ruleScore ?? 0);
  return { ranks: points, risks: points, logOdds: points, prior: 0, anomalies: points };
}

function riskGates(
  rows: LabelledRows,
  { trained, calibrated }: { readonly trained: number; readonly calibrated: number },
  champion: Readings,
  challenger: Readings,
  seed: number,
): ReturnType<typeof decide> {
  const skip = calibrated - trained;
  const newest = part(rows, calibrated, rows.events.length);
  const since = part(rows, trained, rows.events.length);
  const kept = promiseKept(since.events, challenger.ranks, since.labels, skip);
  const judged = ({ ranks, risks }: Readings, from: number): Judged => ({
    ranks: ranks.subarray(from),
    risks: risks.subarray(from),
    realisedOverPromised: kept,
  });
  const { labels, incidents, categories } = newest;
  return decide(
    { labels, incidents, categories, champion: judged(champion, 0), challenger: judged(challenger, skip) },
    seed,
  );
}

function metricsOf(
  rows: LabelledRows,
  calibrated: number,
  challenger: Readings,
  champion: Readings,
  engine: RiskEngine,
): Learned['metrics'] {
  const skip = challenger.ranks.length - (rows.events.length - calibrated);
  const truth = Array.from(rows.labels).slice(calibrated);
  const isTold = new Set(truth).size > 1;
  const figure = (of: () => number): number | null => (isTold ? rounded(of()) : null);
  const ranks = challenger.ranks.subarray(skip);
  const before = champion.ranks;
  return {
    events_compared: truth.length,
    findings_compared: truth.filter(Boolean).length,
    auc: figure(() => areaUnderCurve(truth, ranks)),
    ap: figure(() => averagePrecision(truth, ranks)),
    ece: engine.knowsRisk ? figure(() => calibrationError(truth, challenger.risks.subarray(skip))) : null,
    champion_auc: figure(() => areaUnderCurve(truth, before)),
    champion_ap: figure(() => averagePrecision(truth, before)),
    anomaly_share: engine.anomalyShare,
  };
}

function dataOf({ events, values, labels, incidents }: LabelledRows): Learned['data'] {
  const hash = createHash('sha256').update(new Uint8Array(values.buffer, values.byteOffset, values.byteLength));
  const times = events.map(({ at }) => at);
  const instant = (at: number): string => new Date(at).toISOString();
  return {
    sha256: hash.update(Uint8Array.from(labels)).digest('hex'),
    from: instant(times.reduce((least, at) => Math.min(least, at), Infinity)),
    to: instant(times.reduce((most, at) => Math.max(most, at), -Infinity)),
    events: events.length,
    labelled: Array.from(labels).filter(Boolean).length,
    incidents: new Set(incidents.filter((incident) => incident !== null)).size,
    imported: events.filter(({ isImported }) => isImported === true).length,
  };
}

function rowOf(values: Float64Array, row: number): Float64Array {
  return values.subarray(row * WIDTH, (row + 1) * WIDTH);
}

function rounded(value: number): number {
  return Math.round(value * 1e4) / 1e4;
}
