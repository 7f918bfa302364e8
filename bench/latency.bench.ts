/**
 * From an edit to its audit event while Smartsheet holds callbacks back for a minute: `npm run bench -- latency`.
 *
 * The sandbox debounces for 60 s and keeps Smartsheet's rate limits; 1, 5 and 20 sheets have a webhook each. Single cells
 * are edited at random moments of a minute and a half. Beside it, in the same way and with 5 sheets, the same product
 * with callbacks alone. Times are real; the busiest minute of requests is set beside the budget of 300.
 */
import { loadavg } from 'node:os';
import { setTimeout as pause } from 'node:timers/promises';
import { httpOverFetch } from '../lib/runtime/http-over-fetch';
import { SMARTSHEET_LIMITS } from '../lib/smartsheet';
import { practiceSheet, type PracticeSheet } from '../test/sandbox/office';
import { randomFrom } from '../test/intake/support';
import { openWatchtower } from '../test/intake/watchtower';
import { startSandboxProcess } from '../test/support/sandbox';
import { until } from '../test/support/until';

const EDITS = 40;
const WINDOW_MILLISECONDS = 90_000;
const MINUTE_MILLISECONDS = 60_000;
const SEED = 20261126;

interface Figures {
  readonly sheets: number;
  readonly quick: boolean;
  readonly median: number;
  readonly p90: number;
  readonly most: number;
  readonly refused: number;
  readonly busiestMinute: number;
  readonly recorded: number;
}

void main();

async function main(): Promise<void> {
  const figures: Figures[] = [];
  for (const [sheets, quick] of [
    [1, true],
    [5, true],
    [20, true],
    [5, false],
  ] as const) {
    figures.push(await measure(sheets, quick));
  }
  const budget = SMARTSHEET_LIMITS.requestsPerMinute;
  console.table(
    figures.map((one) => ({
      sheets: one.sheets,
      'looks between callbacks': one.quick ? 'yes' : 'no',
      'median s': seconds(one.median),
      'p90 s': seconds(one.p90),
      'longest s': seconds(one.most),
      'requests in the busiest minute': one.busiestMinute,
      'of the budget': `${Math.round((one.busiestMinute / budget) * 100)} %`,
      'answers 429': one.refused,
      recorded: `${one.recorded} of ${EDITS}`,
    })),
  );
  console.log(
    `${EDITS} edits at random moments of ${WINDOW_MILLISECONDS / 1000} s, debounce 60 s, seed ${SEED}; load ${loadavg()[0]?.toFixed(1)}`,
  );
  console.log('Goal: median at most 8 s for up to 20 sheets within 60 % of the budget.');
}

async function measure(sheetCount: number, quick: boolean): Promise<Figures> {
  const sandbox = await startSandboxProcess('--debounce', '60');
  const asked: number[] = [];
  let refused = 0;
  const through = httpOverFetch();
  const tower = await openWatchtower(
    { sweepSeconds: 300, deletionGraceSeconds: 90 },
    {
      rateLimits: SMARTSHEET_LIMITS,
      machine: {
        http: async (request) => {
          asked.push(Date.now());
          const answer = await through(request);
          if (answer.status === 429) refused += 1;
          return answer;
        },
      },
    },
  );
  try {
    const sheets: PracticeSheet[] = [];
    for (let more = 0; more < sheetCount; more += 1) sheets.push(await practiceSheet(sandbox));
    const stop = await tower.watch(
      sandbox,
      sheets.map(({ id }) => id),
      { quick },
    );
    await until(() => /^watching/.test(tower.statuses.at(-1)?.text ?? ''), 'every sheet to be watched', 180_000);
    // What it takes to begin is not what is measured.
    await pause(MINUTE_MILLISECONDS);
    asked.length = 0;
    const edited = await editAtRandom(sheets);
    await until(() => tower.found.length >= EDITS, 'every edit to be found', 180_000);
    const { events } = await tower.store.search({ limit: EDITS * 2 });
    await stop({ removed: true });
    const waited = events
      .map(({ new_value, timestamp }) => Date.parse(timestamp ?? '') - (edited.get(String(new_value)) ?? NaN))
      .sort((left, right) => left - right);
    return {
      sheets: sheetCount,
      quick,
      median: waited[Math.floor(waited.length * 0.5)] ?? Infinity,
      p90: waited[Math.floor(waited.length * 0.9)] ?? Infinity,
      most: waited.at(-1) ?? Infinity,
      refused,
      busiestMinute: busiest(asked),
      recorded: waited.filter(Number.isFinite).length,
    };
  } finally {
    await tower.close();
    await sandbox.stop();
  }
}

/** @returns when each value was written */
async function editAtRandom(sheets: readonly PracticeSheet[]): Promise<Map<string, number>> {
  const below = randomFrom(SEED + sheets.length);
  const moments = Array.from({ length: EDITS }, () => below(WINDOW_MILLISECONDS)).sort((left, right) => left - right);
  const edited = new Map<string, number>();
  const begin = Date.now();
  for (const [index, moment] of moments.entries()) {
    await pause(Math.max(0, begin + moment - Date.now()));
    const value = 1000 + index;
    const sheet = sheets[below(sheets.length)];
    await sheet?.edit(below(sheet.rowIds.length), { Quantity: value }, 'clerk@example.com');
    edited.set(String(value), Date.now());
  }
  return edited;
}

/** The most requests that any 60 s held. */
function busiest(asked: readonly number[]): number {
  return Math.max(
    0,
    ...asked.map((from) => asked.filter((at) => at >= from && at < from + MINUTE_MILLISECONDS).length),
  );
}

function seconds(milliseconds: number): string {
  return (milliseconds / 1000).toFixed(1);
}
