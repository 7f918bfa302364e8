import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { firstWorld } from '../../bench/scenarios/config';
import { makeStream } from '../../bench/scenarios/stream';
import type { AuditEvent } from '../../lib/event';
import type { Log } from '../../lib/ports';
import { thisMachine } from '../../lib/runtime/machine';
import type { ModelDesk } from '../../lib/runtime/models/desk';
import { Models, type ModelsParts } from '../../lib/runtime/models/models';
import { type KeptState, readState } from '../../lib/runtime/models/state-file';
import { defaultSettings } from '../../lib/settings';
import {
  type EmbeddedStoreDriver,
  modelsOver,
  type ModelStore,
  secretBox,
  type Store,
  storeOver,
} from '../../lib/store';
import { riskScore } from '../../nodes/risk-score';
import { event } from '../store/examples';
import { fakePorts } from '../support/fake-ports';
import { buildStoreWorker, bundle, newFolder, openTestStore, removeFolder } from '../support/store';

export const settings = { ...defaultSettings, timeZone: firstWorld.timeZone };
export const order = { seed: 1, most: 10_000, promote: true, by: 'a test' };
export const trainOrder = { seed: 1, most: 10_000, champion: null, now: Date.parse('2099-01-01') };

/** A store with the trail of a small world, and processes over it that use models. */
export interface ModelHouse {
  readonly folder: string;
  readonly driver: EmbeddedStoreDriver;
  readonly store: Store;
  readonly models: ModelStore;
  readonly workerPath: string;
  /** 700; the first 600 of them are in the trail. */
  readonly events: readonly AuditEvent[];
  readonly log: Log;
  /** What was logged as a warning or an error. */
  readonly complaints: string[];
  /** A process of its own, as far as models go. */
  begin(
    home: string,
    over?: Partial<ModelStore>,
    machine?: ModelsParts['machine'],
  ): { readonly all: Models; readonly desk: ModelDesk };
  /** The state in a home, as it was written. */
  state(home: string): string;
  /** The same, read. */
  kept(home: string): KeptState;
  /** Ends the processes that were begun. */
  stopAll(): Promise<void>;
  close(): Promise<void>;
}

export async function openModelHouse(): Promise<ModelHouse> {
  const folder = newFolder();
  const driver = await openTestStore(folder, buildStoreWorker());
  const workerPath = bundle('lib/runtime/models/worker.ts', 'model-worker');
  const store = storeOver(driver, { secrets: secretBox(new Uint8Array(32)) });
  const models = modelsOver(driver);
  const events = eventsOf();
  await store.append(events.slice(0, 600));
  const opened: Models[] = [];
  const complaints: string[] = [];
  const quiet = (): void => undefined;
  const complain = (text: string): void => void complaints.push(text);
  const log: Log = { debug: quiet, info: quiet, warn: complain, error: complain };
  const stopAll = async (): Promise<void> => {
    for (const each of opened.splice(0)) await each.stop();
  };
  return {
    ...{ folder, driver, store, models, workerPath, events, log, complaints, stopAll },
    begin(home, over = {}, machine = thisMachine()) {
      const parts = { store: { ...models, ...over }, machine, log, workerPath };
      const all = new Models({ ...parts, folder: join(folder, home) });
      opened.push(all);
      return { all, desk: all.deskFor(settings) };
    },
    state: (home) => readFileSync(join(folder, home, 'state.json'), 'utf8'),
    kept: (home) => readState(join(folder, home, 'state.json'), settings)!,
    async close() {
      await stopAll();
      await driver.close();
      removeFolder(folder);
    },
  };
}

function eventsOf(): readonly AuditEvent[] {
  const staff = { foreman: 3, clerk: 2, supervisor: 1, admin: 1, service: 0 };
  const stream = makeStream({ ...firstWorld, weeks: 9, sheets: 3, staff, dormant: 1, stormWeeks: [5] }, 31).events;
  return stream
    .slice(0, 700)
    .map(({ event_key, audit_run_id, ...line }) =>
      event(event_key!, { ...line, audit_run_id, violation_type: 'NONE' } as Partial<AuditEvent>),
    );
}

/** What the node makes of an event. */
export async function scored(given: AuditEvent, desk: ModelDesk): Promise<AuditEvent> {
  const params = { ...riskScoreParams, highRiskFrom: 0.7 };
  const emitted = await riskScore.run(given, params as never, { ...fakePorts({ settings }), models: desk });
  return [emitted.scored].flat()[0] as AuditEvent;
}
const riskScoreParams = Object.fromEntries(
  Object.entries(riskScore.fields).map(([name, field]) => [name, (field as { default: unknown }).default]),
);

/** Until the state of a first model is there events go by rule points. */
export async function untilJudged(desk: ModelDesk, by: AuditEvent): Promise<void> {
  while ((await desk.judge(by)) === null) await new Promise((resolve) => setImmediate(resolve));
}

/** As if so many of the events were older than a minute. */
export function settledAt(given: ModelStore, events_: number): ModelStore {
  let seen = 0;
  return {
    ...given,
    trailLines: async (after, limit) => {
      const page = await given.trailLines(after, limit);
      const all = await given.trailLines(0, 2000);
      seen = all.lines[events_ - 1]?.position ?? seen;
      return { ...page, settled: seen };
    },
  };
}
