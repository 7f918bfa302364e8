import type { Client } from 'pg';
import { BARE_CHAIN, CONTESTANTS, rateOf } from './contestants';

const ROUNDS = 5;
const COMMITS: readonly (readonly [size: number, commits: number])[] = [
  [1, 200],
  [100, 20],
  [1000, 4],
];

/** Ours, a bare chain, a plain insert and a row-version trigger in turns, at 1, 100 and 1,000 events in a commit. */
export async function appendRatios(client: Client): Promise<readonly object[]> {
  const figures: object[] = [];
  for (const [size, commits] of COMMITS) {
    const rates = await inTurns(CONTESTANTS, (contestant) => rateOf(client, contestant, size, commits));
    const bare = rates.get(BARE_CHAIN.name) ?? 1;
    const ours = rates.get('ours') ?? 0;
    figures.push({
      per_commit: size,
      events_per_second: Object.fromEntries([...rates].map(([name, rate]) => [name, Math.round(rate)])),
      ratio_to_bare_chain: rounded(ours / bare),
      goal: 0.6,
    });
  }
  return figures;
}

/** The same append on the large store and the small one, in turns. */
export async function growthRatio(small: Client, large: Client, from: number): Promise<object> {
  const ours = CONTESTANTS[0];
  if (!ours) throw new Error('Nobody takes part.');
  const ratios: Record<string, number> = {};
  for (const [size, commits] of COMMITS) {
    const places = [
      { name: 'small', client: small },
      { name: 'large', client: large },
    ];
    const rates = await inTurns(places, ({ client }) => rateOf(client, ours, size, commits));
    ratios[String(size)] = rounded((rates.get('large') ?? 0) / (rates.get('small') ?? 1));
  }
  return { compared_with_events: from, append_ratio_by_size: ratios, goal: 0.8 };
}

async function inTurns<One extends { readonly name: string }>(
  all: readonly One[],
  measure: (one: One) => Promise<number>,
): Promise<ReadonlyMap<string, number>> {
  const rates = new Map<string, number[]>(all.map(({ name }) => [name, []]));
  for (const one of all) await measure(one);
  for (let round = 0; round < ROUNDS; round += 1) {
    for (const one of all) rates.get(one.name)?.push(await measure(one));
  }
  return new Map([...rates].map(([name, measured]) => [name, median(measured)]));
}

export function median(values: readonly number[]): number {
  return [...values].sort((one, other) => one - other)[Math.floor(values.length / 2)] ?? NaN;
}

export const rounded = (value: number): number => Math.round(value * 100) / 100;
