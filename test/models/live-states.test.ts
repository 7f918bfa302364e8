import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { LiveStates, type LiveStatesParts } from '../../lib/runtime/models/live-states';
import { engineOf } from '../../lib/runtime/models/learned-model';
import type { ReadyModel } from '../../lib/runtime/models/live-state';
import { Models } from '../../lib/runtime/models/models';
import { readState, removeStates, stateFileFor } from '../../lib/runtime/models/state-file';
import { thisMachine } from '../../lib/runtime/machine';
import type { BillingSettings } from '../../lib/settings';
import type { ModelStore } from '../../lib/store';
import { type ModelHouse, openModelHouse, order, settings } from './house';

let house: ModelHouse;
let ready: ReadyModel;
beforeAll(async () => {
  house = await openModelHouse();
  await trainedWithoutServing();
  const { model, body } = await house.models.champion(null);
  ready = { engine: engineOf(body!), hash: model!.hash };
}, 240_000);
afterAll(() => house.close());

/** How often was it asked which model is in force: once more for each state. */
let asked = 0;
async function trainedWithoutServing(): Promise<void> {
  const { models, log, folder, workerPath } = house;
  const champion: ModelStore['champion'] = (known) => ((asked += 1), models.champion(known));
  const parts = { store: { ...models, champion }, machine: thisMachine(), log, workerPath };
  const all = new Models({ ...parts, folder: join(folder, 'command'), isServing: false });
  await all.deskFor(settings).train(order);
  await new Promise((resolve) => setImmediate(resolve));
  await all.stop();
}

it('makes no state where a command trains, and judges nothing', () => {
  // For the gates, and for what came of it.
  expect(asked).toBe(2);
});

const IDLE = 600_000;
const at = (hour: number): BillingSettings => ({ ...settings, businessHours: `0${hour}:00-0${hour + 1}:00` });
const until = async (isSo: () => boolean): Promise<void> => {
  while (!isSo()) await new Promise((resolve) => setImmediate(resolve));
};

interface Gate {
  readonly passed: Promise<void>;
  open(): void;
}
function gate(): Gate {
  let open = (): void => undefined;
  const passed = new Promise<void>((resolve) => (open = resolve));
  return { passed, open };
}

/** States whose reading can be held, whose half minutes pass when told, and whose model in force can be another. */
function begin(home: string, over: Partial<ModelStore> = {}) {
  const ending = new AbortController();
  const { models, log, workerPath } = house;
  const halfMinute = gate();
  const now = {
    time: 1e12,
    hash: ready.hash,
    kept: 0,
    reading: 0,
    held: null as Gate | null,
    folder: join(house.folder, home),
  };
  const store: ModelStore = {
    ...models,
    champion: async (known) => {
      now.kept += 1;
      const { model, body } = await models.champion(known);
      return { model: model && { ...model, hash: now.hash }, body };
    },
    trailLines: async (after, limit) => {
      now.reading += 1;
      await now.held?.passed;
      return { ...(await models.trailLines(after, limit)), settled: 1e9 };
    },
    ...over,
  };
  const sleep: LiveStatesParts['machine']['sleep'] = async (_, signal) => {
    await Promise.race([halfMinute.passed, new Promise((ended) => signal?.addEventListener('abort', ended))]);
    // Others go on meanwhile.
    await new Promise((resolve) => setImmediate(resolve));
  };
  const machine = { now: () => now.time, sleep };
  const states = new LiveStates({
    ...{ store, machine, log, workerPath, signal: ending.signal, folder: now.folder },
    ready: () => ({ ...ready, hash: now.hash }),
  });
  const stop = (): Promise<void> => (ending.abort(), states.stopped().catch(() => undefined));
  return { states, now, halfMinute, stop };
}

it('leaves no file where no model is in force any more when a state was kept, nor keeps one that waits its turn', async () => {
  const { states, now, halfMinute } = begin('taken back');
  const file = stateFileFor(now.folder, settings);
  await states.live(settings)!.state;
  await until(() => states.live(settings)!.isReady);
  expect(existsSync(file)).toBe(true);
  now.held = gate();
  const { reading } = now;
  states.renew();
  states.renew();
  await until(() => now.reading > reading);
  states.forget();
  expect(existsSync(file)).toBe(false);
  now.held.open();
  halfMinute.open();
  await states.stopped();
  expect(existsSync(file)).toBe(false);
  expect(now.kept).toBe(2);
});

it('ranks by the model that came into force while a state was made', async () => {
  const { states, now, stop } = begin('another');
  const file = stateFileFor(now.folder, settings);
  now.held = gate();
  const live = states.live(settings)!;
  await until(() => now.reading > 0);
  now.hash = 'another';
  states.renew();
  now.held.open();
  await live.state;
  const model = (): unknown => readState(file, settings)?.recent?.model;
  await until(() => model() === 'another');
  await stop();
});

it('scores on with the state of before while the next one is made and read', async () => {
  const { states, now, stop } = begin('meanwhile');
  const live = states.live(settings)!;
  const before = await live.state;
  await until(() => live.isReady);
  now.held = gate();
  const { reading } = now;
  now.hash = 'another';
  states.renew();
  await until(() => now.reading > reading);
  expect(states.live(settings)).toMatchObject({ isReady: true });
  expect(await states.live(settings)!.state).toBe(before);
  expect(before!.judge(house.events[650]!, { ...ready, hash: 'another' })).not.toBeNull();
  now.held.open();
  let next = before;
  await until(() => (live.state.then((state) => (next = state)), next !== before));
  expect(next!.judge(house.events[650]!, { ...ready, hash: 'another' })).not.toBeNull();
  await stop();
});

it('forgets whom it refused a state when nobody asks any more', async () => {
  const { states, now, stop } = begin('refused');
  for (const hour of [1, 2, 3, 4]) expect(states.live(at(hour))).not.toBeNull();
  expect(states.problem).toBeNull();
  expect(states.live(at(5))).toBeNull();
  now.time += IDLE - 1;
  expect(states.problem).toMatch(/more than 4 ways/u);
  expect(states.live(at(1))).not.toBeNull();
  now.time += 1;
  expect(states.problem).toBeNull();
  await stop();
});

it('lets a state that is made anew after an erasure stay in use', async () => {
  let isErased = false;
  const { models } = house;
  const { states, now, halfMinute, stop } = begin('in use', {
    trailLines: async (after, limit) => {
      const page = { ...(await models.trailLines(after, limit)), settled: 600 };
      if (!isErased || page.lines.length === limit) return page;
      const last = (await models.trailLines(0, 2000)).lines.at(-1)!;
      return {
        ...page,
        lines: [...page.lines, { ...last, kind: 'payloads_erased', event_key: 'gone', position: 9999 }],
      };
    },
  });
  const first = states.live(at(1))!;
  await until(() => first.isReady);
  isErased = true;
  halfMinute.open();
  await until(() => now.kept > 1);
  for (const hour of [2, 3, 4]) states.live(at(hour));
  expect(states.live(at(5))).toBeNull();
  await stop();
});

it('says so when the states that must be forgotten cannot be looked for', () => {
  expect(() => removeStates(__filename)).toThrow(/ENOTDIR/u);
  expect(() => removeStates(`${__dirname}/nowhere`)).not.toThrow();
});
