import { DateTime } from 'luxon';
import { EventReader, FEATURES, features, RiskState, type TrainingRows } from '../../lib/risk';
import { defaultSettings } from '../../lib/settings';
import type { WorldConfig } from '../scenarios/config';
import { makeStream, type StreamEvent, type TruthLine } from '../scenarios/stream';

/** A stream as figures, with its hidden truth, and where each event stands in time. */
export interface Prepared {
  readonly config: WorldConfig;
  readonly events: readonly StreamEvent[];
  readonly truth: readonly TruthLine[];
  readonly at: Float64Array;
  /** Rows by `FEATURES`. */
  readonly values: Float64Array;
  readonly week: Uint8Array;
}

/** Makes a stream and its features, streamed once over everything: each from what was known before it. */
export function prepare(
  config: WorldConfig,
  seed: number,
  { withContext }: { readonly withContext: boolean },
): Prepared {
  const { events, truth, context } = makeStream(config, seed);
  const reader = new EventReader({
    ...defaultSettings,
    timeZone: config.timeZone,
    closesAfterHours: config.closesAfterHours,
  });
  const state = new RiskState();
  if (withContext) for (const line of context) state.learn(line);
  const width = FEATURES.length;
  const values = new Float64Array(events.length * width);
  const at = new Float64Array(events.length);
  const first = DateTime.fromISO(config.firstDay, { zone: config.timeZone }).toMillis();
  const week = new Uint8Array(events.length);
  for (const [index, line] of events.entries()) {
    const event = reader.read(line);
    values.set(features(event, state), index * width);
    state.take(event);
    at[index] = event.at;
    week[index] = Math.floor((event.at - first) / 604_800_000);
  }
  return { config, events, truth, at, values, week };
}

export interface Labelling {
  /** Which incidents reviewers had found. */
  readonly found: (incident: string) => boolean;
  /** A pattern that nobody has ever seen; null for none. */
  readonly unseen: string | null;
}

/** The rows of some weeks as a trainer gets them; incidents that reach beyond the last week are left out. */
export function rowsOf(
  { events, truth, values, week }: Prepared,
  [from, to]: readonly [number, number],
  { found, unseen }: Labelling,
): TrainingRows {
  const width = FEATURES.length;
  const beyond = new Set(truth.filter((_, index) => (week[index] as number) > to).map(({ incident }) => incident));
  const kept = [...events.keys()].filter((index) => {
    const { label, incident, pattern } = truth[index] as TruthLine;
    const inWeeks = (week[index] as number) >= from && (week[index] as number) <= to;
    return inWeeks && !(label === 1 && (beyond.has(incident) || pattern === unseen));
  });
  const part = new Float64Array(kept.length * width);
  kept.forEach((index, place) => part.set(values.subarray(index * width, (index + 1) * width), place * width));
  const known = kept.map((index) => {
    const line = truth[index] as TruthLine;
    return line.label === 1 && found(line.incident as string) ? line : null;
  });
  return {
    features: FEATURES,
    values: part,
    labels: known.map((line) => (line ? 1 : 0)),
    incidents: known.map((line) => line?.incident ?? null),
    categories: known.map((line) => line?.pattern ?? null),
  };
}
