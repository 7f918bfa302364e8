/**
 * What a check costs: `npm run bench -- verify`.
 *
 * A PostgreSQL with fsync holds sealed events, and a thousand that came since the last check. Beside each other, in turn, five
 * times: reading all rows and parsing them, the whole check, and the check of what is new. Goals: the whole at most 1.5 times
 * the reading, what is new at most 100 ms.
 */
import { loadavg } from 'node:os';
import { checkNew, checkTrail, viewsOf, type Verified } from '../lib/seal';
import { openSealedPostgres } from '../test/seal/sealed-store';

const EVENTS = Number(process.env['BENCH_EVENTS'] ?? 20_000);
const NEW = 1000;
const ROUNDS = 5;

void main();

async function main(): Promise<void> {
  const sealed = await openSealedPostgres();
  try {
    for (let sheet = 1; sheet <= 4; sheet += 1) await sealed.append(EVENTS / 4, String(sheet));
    await sealed.seal();
    const { views } = await viewsOf([], sealed.keys);
    const parts = { source: sealed.book, trusted: sealed.keys.trusted(), anchors: views };
    const { verified: since } = await checkTrail(parts);
    for (let sheet = 1; sheet <= 4; sheet += 1) await sealed.append(NEW / 4, String(sheet));
    await sealed.seal();
    const now = { ...parts, anchors: (await viewsOf([], sealed.keys)).views };
    const times: Record<string, number[]> = { read: [], whole: [], 'what is new': [], 'nothing is new': [] };
    const timed = async (name: string, act: () => Promise<unknown>): Promise<void> => {
      const began = performance.now();
      await act();
      times[name]?.push(performance.now() - began);
    };
    const { verified: last } = await checkNew({ ...now, book: sealed.book, since: since as Verified });
    for (let round = 0; round < ROUNDS; round += 1) {
      await timed('read', async () => {
        for await (const page of sealed.book.allEvents()) void page.length;
        for await (const page of sealed.book.allLeaves()) void page.length;
      });
      await timed('whole', async () => certain((await checkTrail(now)).ok));
      const book = sealed.book;
      await timed('what is new', async () => certain((await checkNew({ ...now, book, since: since as Verified })).ok));
      await timed('nothing is new', async () =>
        certain((await checkNew({ ...now, book, since: last as Verified })).ok),
      );
    }
    const reading = median(times['read']);
    console.table(
      Object.entries(times).map(([what, each]) => ({
        what,
        events: what === 'what is new' ? NEW : what === 'nothing is new' ? 0 : EVENTS + NEW,
        'median ms': Math.round(median(each)),
        'of the reading': (median(each) / reading).toFixed(2),
      })),
    );
    console.log(
      `Load ${loadavg()[0]?.toFixed(1)}. Goals: whole at most 1.50 of the reading; what is new at most 100 ms.`,
    );
  } finally {
    await sealed.close();
  }
}

function certain(ok: boolean): void {
  if (!ok) throw new Error('An honest trail was called wrong.');
}

function median(values: readonly number[] = []): number {
  return [...values].sort((one, other) => one - other)[Math.floor(values.length / 2)] ?? NaN;
}
