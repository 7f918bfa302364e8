import type { RiskState } from '../state/risk-state';
import { amount } from './amount';
import { pace } from './pace';
import { pattern } from './pattern';
import type { RiskEvent } from './risk-event';
import { sitting } from './sitting';
import { type Feature, viewOf } from './view';
import { when } from './when';
import { who } from './who';

const all = { ...when, ...amount, ...pace, ...who, ...sitting, ...pattern } as const satisfies Readonly<
  Record<string, Feature>
>;

export type FeatureName = keyof typeof all;

/** The names of all features, in the order of their figures. */
export const FEATURES = Object.keys(all) as readonly FeatureName[];

/**
 * Those that are the logarithm of one amount: how far one goes beyond all that were seen says something. Of counts, ages and
 * sums over days it says none: they drift, and neighbours share them.
 */
export const AMOUNTS: ReadonlySet<string> = new Set<FeatureName>(['size']);

const functions: readonly Feature[] = Object.values(all);

/**
 * The figures of an event, made from what was known before it. Pure: it changes neither.
 * @returns one number for each of `FEATURES`; NaN where a figure is not known; never infinite
 */
export function features(event: RiskEvent, state: RiskState): Float64Array {
  const view = viewOf(event, state);
  return Float64Array.from(functions, (feature) => {
    const value = feature(view);
    return Number.isFinite(value) ? value : NaN;
  });
}
