/**
 * A training while events pass by: `npm run bench -- retrain`.
 *
 * 60,000 events of a made-up stream, with what reviewers said of them, stand in the embedded store. A model is trained on
 * them, put in force, and a second one is compared with it; meanwhile a change is scored and recorded every 25 ms, as the
 * pipeline does it. Goals: at most 10 s, and no event waits more than 50 ms longer for it. What one waits without a
 * training is set beside it, and how late this thread's timers were. `RETRAIN_EVENTS` sets how many.
 */
import { loadavg } from 'node:os';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import type { AuditEvent } from '../lib/event';
import { thisMachine } from '../lib/runtime/machine';
import { Models } from '../lib/runtime/models/models';
import type { ModelDesk } from '../lib/runtime/models/desk';
import { defaultSettings } from '../lib/settings';
import { type Feedback, modelsOver, secretBox, type Store, storeOver } from '../lib/store';
import { buildStoreWorker, bundle, newFolder, openTestStore, removeFolder } from '../test/support/store';
import { event } from '../test/store/examples';
import { quantile } from './ml/cpu';
import { firstWorld } from './scenarios/config';
import { makeStream } from './scenarios/stream';

const EVENTS = Number(process.env['RETRAIN_EVENTS'] ?? 60_000);
const BESIDE = 2_000;
const EVERY_MILLISECONDS = 25;
const CHUNK = 500;
const LONG_AGO = '2026-01-01T00:00:00Z';
const settings = { ...defaultSettings, timeZone: firstWorld.timeZone, closesAfterHours: firstWorld.closesAfterHours };

void main();

async function main(): Promise<void> {
  const folder = newFolder();
  const driver = await openTestStore(folder, buildStoreWorker());
  const store = storeOver(driver, { secrets: secretBox(new Uint8Array(32)) });
  const { beside, feedback } = await recorded(store);
  await whenSettled(driver);
  console.log(`${EVENTS} events recorded, load ${loadavg()[0]?.toFixed(1)}`);
  const quiet = (): void => undefined;
  const models = new Models({
    store: { ...modelsOver(driver), labels: () => Promise.resolve(feedback) },
    machine: thisMachine(),
    log: { debug: quiet, info: quiet, warn: console.warn, error: console.error },
    folder: join(folder, 'models'),
    workerPath: bundle('lib/runtime/models/worker.ts', 'model-worker'),
  });
  const desk = models.deskFor(settings);
  const passing = passerBy(store, desk, beside);
  const order = { most: 200_000, promote: true, by: 'bench' };
  const rows = [
    await measured('nothing', passing, () => pause(5_000)),
    await measured('a first training', passing, () => desk.train({ ...order, seed: 0 })),
    await measured('nothing, with a model', passing, () => pause(5_000)),
    await measured('a second, against the first', passing, () => desk.train({ ...order, seed: 1 })),
  ];
  console.table(rows);
  for (const { version, status, metrics, gates } of await desk.models(2)) {
    console.log(
      `model ${version}: ${status}`,
      JSON.stringify(metrics),
      gates.filter(({ passed }) => !passed).map(({ name }) => name),
    );
  }
  console.log(`${EVENTS} events; load ${loadavg()[0]?.toFixed(1)}`);
  await models.stop();
  await driver.close();
  removeFolder(folder);
}

/** Records them, and lets go of them: 60,000 events in this thread's memory would hold it up by themselves. */
async function recorded(store: Store): Promise<{ beside: readonly AuditEvent[]; feedback: readonly Feedback[] }> {
  const { events, feedback } = streamOf();
  for (let from = 0; from < EVENTS; from += CHUNK)
    await store.append(events.slice(from, Math.min(EVENTS, from + CHUNK)));
  return { beside: events.slice(EVENTS), feedback };
}

/** What is younger than a minute is read again by who follows: a training is measured on events that have stood for longer. */
async function whenSettled(driver: Parameters<typeof modelsOver>[0]): Promise<void> {
  const { trailLines } = modelsOver(driver);
  while ((await trailLines(0, 1)).settled < EVENTS) await pause(1_000);
}

function streamOf(): { readonly events: readonly AuditEvent[]; readonly feedback: readonly Feedback[] } {
  const { events, truth } = makeStream(firstWorld, 2000);
  const taken = events.slice(0, EVENTS + BESIDE);
  return {
    events: taken.map(({ event_key, ...line }) =>
      event(event_key ?? '', { ...line, violation_type: 'NONE' } as Partial<AuditEvent>),
    ),
    feedback: truth
      .slice(0, EVENTS)
      .flatMap(({ event_key, label, incident, pattern }) =>
        label === 1 ? [{ ...said, event_key, incident, category: pattern }] : [],
      ),
  };
}
const said = { verdict: 'true', reviewer: 'boss@example.com', subject: null, marked_at: LONG_AGO } as const;

/** How long an event took, in milliseconds, and of it each of its steps. */
interface Passed {
  readonly wait: number;
  readonly steps: Readonly<Record<'facts' | 'judged' | 'recorded', number>>;
}
type Passing = () => Promise<Passed>;
const MOST_MILLISECONDS = 50;

/** Scores and records the next change. */
function passerBy(store: Store, desk: ModelDesk, events: readonly AuditEvent[]): Passing {
  let next = 0;
  return async () => {
    const change = events[next % events.length] as AuditEvent;
    next += 1;
    const from = performance.now();
    await store.personFacts({ person: change.changed_by ?? '', at: change.changed_at, withinMinutes: 5 });
    const known = performance.now();
    const word = await desk.judge(change);
    const judged = performance.now();
    await store.append([
      { ...change, ...(word && { anomaly_score: word.anomaly_score, model_version: word.model_version }) },
    ]);
    const end = performance.now();
    return { wait: end - from, steps: { facts: known - from, judged: judged - known, recorded: end - judged } };
  };
}

async function measured(
  beside: string,
  passing: Passing,
  work: () => Promise<unknown>,
): Promise<Record<string, string>> {
  const delay = monitorEventLoopDelay({ resolution: 5 });
  const waits: number[] = [];
  const long: Record<string, number>[] = [];
  let isOver = false;
  delay.enable();
  const began = performance.now();
  const used = process.cpuUsage();
  const working = work().finally(() => (isOver = true));
  while (!isOver) {
    const { wait, steps } = await passing();
    waits.push(wait);
    if (wait > MOST_MILLISECONDS) long.push({ at: performance.now() - began, ...steps });
    await pause(EVERY_MILLISECONDS);
  }
  await working;
  delay.disable();
  const ms = (value: number): string => value.toFixed(1);
  const row = {
    beside,
    seconds: ((performance.now() - began) / 1000).toFixed(1),
    // Of all threads: the store's, the training's and this one.
    'CPU s': cpuSeconds(used).toFixed(1),
    events: String(waits.length),
    'wait median ms': ms(quantile(waits, 0.5)),
    p99: ms(quantile(waits, 0.99)),
    longest: ms(Math.max(...waits)),
    'over 50 ms': String(long.length),
    'timers late p99 ms': ms(delay.percentile(99) / 1e6),
    most: ms(delay.max / 1e6),
  };
  console.log(JSON.stringify(row));
  for (const one of long) {
    console.log(
      '  waited, in ms:',
      Object.entries(one)
        .map(([what, time]) => `${what} ${ms(time)}`)
        .join(', '),
    );
  }
  return row;
}

function cpuSeconds(since: NodeJS.CpuUsage): number {
  const { user, system } = process.cpuUsage(since);
  return (user + system) / 1e6;
}
