import { createHash } from 'node:crypto';
import {
  areaUnderCurve,
  averagePrecision,
  BadNumbers,
  calibrationError,
  EventReader,
  FEATURES,
  features,
  RiskEngine,
  RiskState,
  type TrainingRows,
} from '../../lib/risk';
import type { BillingSettings } from '../../lib/settings';
import { jsonLines } from './lines';
import { contextOf, eventOf, labelOf, type LabelLine } from './read-lines';

export interface TrainRequest {
  readonly events: string;
  readonly context?: string;
  readonly labels?: string;
  readonly settings: BillingSettings;
  readonly seed: number;
  /** Only the newest so many events are learned from. */
  readonly most: number;
  readonly onProgress: (events: number) => void;
}

/** What a training came to; saved beside the model's version, so that two can be compared. */
export interface Training {
  readonly engine: RiskEngine;
  readonly report: {
    readonly events: number;
    readonly labelled: number;
    readonly incidents: number;
    readonly features: number;
    /** SHA-256 of all figures and labels: equal for equal data. */
    readonly fingerprint: string;
    readonly seed: number;
    /** On the newest fifth, which calibrates and does not train; null where it has no finding. */
    readonly held_out: {
      readonly events: number;
      readonly auc: number;
      readonly ap: number;
      readonly ece: number;
    } | null;
  };
}

/** The newest part calibrates and measures; only what lies before it trains. */
const HELD_OUT = 0.2;
/** Fewer events say nothing about what is ordinary. */
const FEWEST = 50;

/**
 * Trains an engine on a file of events.
 * @throws BadLines, BadNumbers  when a line cannot be used, or there are too few
 */
export async function train(request: TrainRequest): Promise<Training> {
  const labels = await readLabels(request.labels);
  const rows = await readRows(request, labels);
  const count = rows.labels.length;
  if (count < FEWEST) {
    throw new BadNumbers(
      `${count} events are too few to learn from.`,
      `Give at least ${FEWEST}; weeks of them are better.`,
    );
  }
  const border = Math.floor(count * (1 - HELD_OUT));
  const [older, newest] = [part(rows, 0, border), part(rows, border, count)];
  const engine = RiskEngine.fit(older, { seed: request.seed }).calibratedOn(newest.values, newest.labels);
  const incidents = new Set(rows.incidents.filter((incident) => incident !== null));
  return {
    engine,
    report: {
      events: count,
      labelled: Array.from(rows.labels).filter(Boolean).length,
      incidents: incidents.size,
      features: FEATURES.length,
      fingerprint: createHash('sha256').update(rows.values).update(Uint8Array.from(rows.labels)).digest('hex'),
      seed: request.seed,
      held_out: measured(engine, newest),
    },
  };
}

async function readLabels(file: string | undefined): Promise<ReadonlyMap<string, LabelLine>> {
  const labels = new Map<string, LabelLine>();
  if (file === undefined) return labels;
  for await (const { value, line } of jsonLines(file)) {
    const label = labelOf(value, file, line);
    labels.set(label.event_key, label);
  }
  return labels;
}

async function readRows(request: TrainRequest, labels: ReadonlyMap<string, LabelLine>): Promise<TrainingRows> {
  const state = new RiskState();
  await learnContext(state, request.context);
  const reader = new EventReader(request.settings);
  const figures: Float64Array[] = [];
  const said: (LabelLine | null)[] = [];
  for await (const { value, line } of jsonLines(request.events)) {
    const event = reader.read(eventOf(value, request.events, line));
    figures.push(features(event, state));
    state.take(event);
    said.push(labels.get(String(value['event_key'])) ?? null);
    if (figures.length > request.most) {
      figures.shift();
      said.shift();
    }
    request.onProgress(line);
  }
  const values = new Float64Array(figures.length * FEATURES.length);
  figures.forEach((row, index) => values.set(row, index * FEATURES.length));
  const findings = said.map((label) => (label?.label === 1 ? label : null));
  return {
    features: FEATURES,
    values,
    labels: findings.map((label) => (label ? 1 : 0)),
    incidents: findings.map((label) => (label ? (label.incident ?? label.event_key) : null)),
    categories: findings.map((label) => label?.category ?? null),
  };
}

export async function learnContext(state: RiskState, file: string | undefined): Promise<void> {
  if (file === undefined) return;
  for await (const { value, line } of jsonLines(file)) state.learn(contextOf(value, file, line));
}

function part(
  { features: names, values, labels, incidents, categories }: TrainingRows,
  from: number,
  to: number,
): TrainingRows {
  return {
    features: names,
    values: values.subarray(from * names.length, to * names.length),
    labels: Array.from(labels).slice(from, to),
    incidents: incidents.slice(from, to),
    categories: categories.slice(from, to),
  };
}

function measured(engine: RiskEngine, { values, labels }: TrainingRows): Training['report']['held_out'] {
  const width = FEATURES.length;
  const truth = Array.from(labels);
  if (new Set(truth).size < 2) return null;
  const readings = truth.map((_, row) => engine.read(values.subarray(row * width, (row + 1) * width)));
  const ranks = readings.map(({ rank }) => rank);
  return {
    events: truth.length,
    auc: rounded(areaUnderCurve(truth, ranks)),
    ap: rounded(averagePrecision(truth, ranks)),
    ece: rounded(
      calibrationError(
        truth,
        readings.map(({ risk }) => risk ?? 0),
      ),
    ),
  };
}

function rounded(value: number): number {
  return Math.round(value * 1e4) / 1e4;
}
