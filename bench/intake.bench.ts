/**
 * The intake beside a plain handler that only verifies and inserts, on both kinds of store: `npm run bench:intake`.
 *
 * Twenty clients send callbacks of 20 kB as fast as they are answered; every answer 200 means that the callback is on the
 * disk. Each contestant is a process of its own and the clients are another one, on the same cores. The contestants take
 * turns, three rounds each; the median round counts. Then one client alone, whom it must not cost anything that callbacks
 * which arrive together are committed together. `BENCH_STORE=embedded` or `postgres` measures that pair alone.
 */
import { loadavg } from 'node:os';
import { rmSync } from 'node:fs';
import { serve } from './intake/contestants';
import { load, type Figures } from './intake/load';
import { openHouse, type House } from './intake/house';

const ROUNDS = 3;
const CLIENTS = 20;
const CALLBACKS_ALONE = 300;
const BODY_BYTES = 20_000;
/** The plain handler on the embedded store commits each callback alone, which takes milliseconds. */
const CALLBACKS = { fast: 4000, slow: 800 };

const PAIRS = [
  { ours: 'embedded', plain: 'embedded-plain', callbacks: [CALLBACKS.fast, CALLBACKS.slow] },
  { ours: 'postgres', plain: 'postgres-plain', callbacks: [CALLBACKS.fast, CALLBACKS.fast] },
] as const;

if (process.argv[2] === 'serve') void serve(JSON.parse(process.argv[3] ?? '') as Parameters<typeof serve>[0]);
else void main();

async function main(): Promise<void> {
  const house = await openHouse();
  try {
    for (const pair of PAIRS.filter(({ ours }) => (process.env['BENCH_STORE'] ?? ours) === ours)) {
      if (pair.ours === 'postgres' && house.postgres === null) {
        console.log('No PostgreSQL server is installed: that pair is left out.');
        continue;
      }
      await compete(house, pair);
    }
  } finally {
    house.close();
    rmSync(house.folder, { recursive: true, force: true });
  }
}

async function compete(house: House, { ours, plain, callbacks }: (typeof PAIRS)[number]): Promise<void> {
  const rounds: { ours: Both; plain: Both }[] = [];
  for (let round = 0; round < ROUNDS; round += 1) {
    const measure = (contestant: string, count: number): Promise<Both> =>
      house.withServer(contestant, async (port) => ({
        together: await load({ port, clients: CLIENTS, count, bytes: BODY_BYTES, round }),
        alone: await load({ port, clients: 1, count: CALLBACKS_ALONE, bytes: BODY_BYTES, round }),
      }));
    rounds.push({ ours: await measure(ours, callbacks[0]), plain: await measure(plain, callbacks[1]) });
  }
  const mine = medianOf(rounds.map((each) => each.ours.together));
  const theirs = medianOf(rounds.map((each) => each.plain.together));
  const mineAlone = medianOf(rounds.map((each) => each.ours.alone));
  const theirsAlone = medianOf(rounds.map((each) => each.plain.alone));
  console.table([
    line(ours, CLIENTS, mine),
    line(plain, CLIENTS, theirs),
    line(ours, 1, mineAlone),
    line(plain, 1, theirsAlone),
  ]);
  const load1 = loadavg()[0]?.toFixed(1);
  console.log(
    `${ours}: rate ${ratio(mine.perSecond, theirs.perSecond)} of the plain handler (goal 0.75), p50 ${ratio(mine.p50, theirs.p50)} x, p99 ${ratio(mine.p99, theirs.p99)} x; alone p50 ${ratio(mineAlone.p50, theirsAlone.p50)} x; median of ${ROUNDS} rounds in turn; load ${load1}`,
  );
}

/** Of many clients, and of one alone. */
interface Both {
  readonly together: Figures;
  readonly alone: Figures;
}

function line(contestant: string, clients: number, { perSecond, p50, p99, most, refused }: Figures): object {
  return {
    contestant,
    clients,
    'callbacks/s': Math.round(perSecond),
    'p50 ms': p50.toFixed(1),
    'p99 ms': p99.toFixed(1),
    'max ms': most.toFixed(1),
    'not 200': refused,
  };
}

function medianOf(figures: readonly Figures[]): Figures {
  const sorted = [...figures].sort((a, b) => a.perSecond - b.perSecond);
  const middle = sorted[Math.floor(sorted.length / 2)];
  if (!middle) throw new Error('Nothing was measured.');
  return middle;
}

function ratio(ours: number, theirs: number): string {
  return (ours / theirs).toFixed(2);
}
