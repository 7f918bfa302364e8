import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { firstWorld } from '../../bench/scenarios/config';
import { makeStream } from '../../bench/scenarios/stream';
import type { AuditEvent } from '../../lib/event';
import { sha256Hex } from '../../lib/hash';
import type { Log } from '../../lib/ports';
import { thisMachine } from '../../lib/runtime/machine';
import type { ModelDesk } from '../../lib/runtime/models/desk';
import { LiveState } from '../../lib/runtime/models/live-state';
import { Models } from '../../lib/runtime/models/models';
import { keepStateInThread, trainInThread } from '../../lib/runtime/models/training-thread';
import { defaultSettings } from '../../lib/settings';
import {
  type EmbeddedStoreDriver,
  modelsOver,
  type ModelStore,
  secretBox,
  type Store,
  storeOver,
  StoreUnavailable,
} from '../../lib/store';
import { riskScore } from '../../nodes/risk-score';
import { fakePorts } from '../support/fake-ports';
import { buildStoreWorker, bundle, newFolder, openTestStore, removeFolder } from '../support/store';
import { event } from '../store/examples';

const folder = newFolder();
const settings = { ...defaultSettings, timeZone: firstWorld.timeZone };
const order = { seed: 1, most: 10_000, promote: true, by: 'a test' };
const admin = { by: 'boss@example.com', role: 'admin', reason: 'too loud' };
const complaints: string[] = [];
const quiet = (): void => undefined;
const log: Log = {
  debug: quiet,
  info: quiet,
  warn: (text) => complaints.push(text),
  error: (text) => complaints.push(text),
};
const opened: Models[] = [];

let driver: EmbeddedStoreDriver;
let store: Store;
let models: ModelStore;
let workerPath: string;
let events: readonly AuditEvent[];

beforeAll(async () => {
  driver = await openTestStore(folder, buildStoreWorker());
  workerPath = bundle('lib/runtime/models/worker.ts', 'model-worker');
  store = storeOver(driver, { secrets: secretBox(new Uint8Array(32)) });
  models = modelsOver(driver);
  const staff = { foreman: 3, clerk: 2, supervisor: 1, admin: 1, service: 0 };
  const stream = makeStream({ ...firstWorld, weeks: 9, sheets: 3, staff, dormant: 1, stormWeeks: [5] }, 31).events;
  events = stream
    .slice(0, 700)
    .map(({ event_key, audit_run_id, ...line }) =>
      event(event_key!, { ...line, audit_run_id, violation_type: 'NONE' } as Partial<AuditEvent>),
    );
  await store.append(events.slice(0, 600));
}, 120_000);
afterEach(async () => {
  for (const each of opened.splice(0)) await each.stop();
});
afterAll(async () => {
  await driver.close();
  removeFolder(folder);
});

/** A process of its own, as far as models go. */
function begin(home: string, over: Partial<ModelStore> = {}): { readonly all: Models; readonly desk: ModelDesk } {
  const parts = { store: { ...models, ...over }, machine: thisMachine(), log, workerPath };
  const all = new Models({ ...parts, folder: join(folder, home) });
  opened.push(all);
  return { all, desk: all.deskFor(settings) };
}
const state = (home: string): string => readFileSync(join(folder, home, 'state.json'), 'utf8');
const scored = async (given: AuditEvent, desk: ModelDesk): Promise<AuditEvent> => {
  const params = { ...riskScoreParams, highRiskFrom: 0.7 };
  const emitted = await riskScore.run(given, params as never, { ...fakePorts({ settings }), models: desk });
  return [emitted.scored].flat()[0] as AuditEvent;
};
const riskScoreParams = Object.fromEntries(
  Object.entries(riskScore.fields).map(([name, field]) => [name, (field as { default: unknown }).default]),
);

it('scores by rule points until a model is trained, then says how strange a change is, by which model, and why', async () => {
  const { desk, all } = begin('one');
  const before = await scored(events[600]!, desk);
  expect(before).toMatchObject({ anomaly_score: null, predicted_category: null });
  expect(before).not.toHaveProperty('model_version');
  expect(all.health()).toBeNull();

  const report = await desk.train(order);
  expect(report).toMatchObject({ status: 'champion', version: 1, is_new: true, data: { events: 600, labelled: 0 } });
  expect(all.health()).toMatchObject({ status: 'ok', text: expect.stringContaining('model 1 in force') as string });

  const after = await scored(events[600]!, desk);
  expect(after.anomaly_score).toBeGreaterThanOrEqual(0);
  expect(after.anomaly_score).toBeLessThanOrEqual(1);
  expect(after).toMatchObject({ risk_score: before.risk_score, predicted_category: null, model_version: report.hash });
  expect(after.reasons.slice(0, before.reasons.length)).toEqual(before.reasons);
  // Handed out again, it is told the same.
  expect(await scored(events[600]!, desk)).toEqual(after);

  await store.append([after]);
  const [row] = await driver.transaction([
    { sql: `select model_version from billing_audit.audit_events where event_key = '${after.event_key}'` },
  ]);
  const [inForce] = await store.inForce([String(row!['model_version'])]);
  expect(JSON.parse(inForce!.text)).toMatchObject({ kind: 'risk-model', data: report.data, seed: 1 });
});

it('says nothing of what nobody changed', async () => {
  const { desk } = begin('one');
  expect(await desk.judge({ ...events[601]!, kind: 'sheet_checked' })).toBeNull();
  expect(await desk.judge(events[601]!)).toMatchObject({ risk_score: null });
});

it('trains the same model of the same data and seed, and says so', async () => {
  const parts = { store: models, settings, workerPath };
  const one = await trainInThread({ ...parts, stateFile: join(folder, 'same', 'a.json') }, trainOrder);
  const other = await trainInThread({ ...parts, stateFile: join(folder, 'same', 'b.json') }, trainOrder);
  expect(other).toEqual(one);
  expect(sha256Hex(one.body)).toBe((JSON.parse(one.description) as { body_sha256: string }).body_sha256);
  const { desk } = begin('one');
  const again = [await desk.train(order), await desk.train(order)] as const;
  expect(again[1]).toMatchObject({ version: again[0].version, is_new: false });
});
const trainOrder = { seed: 1, most: 10_000, champion: null, now: Date.parse('2099-01-01') };

it('keeps its state, which the trail tells again to the same bytes', async () => {
  const stateFile = join(folder, 'kept', 'state.json');
  const parts = { store: settledAt(models, 300), settings, stateFile, workerPath };
  await keepStateInThread(parts);
  const early = state('kept');
  await keepStateInThread({ ...parts, store: settledAt(models, 500) });
  const late = state('kept');
  expect(late).not.toBe(early);
  rmSync(stateFile);
  await keepStateInThread({ ...parts, store: settledAt(models, 500) });
  expect(state('kept')).toBe(late);
});

it('begins with the kept state after a start, and makes one that is damaged anew', async () => {
  await keepStateInThread({
    store: settledAt(models, 500),
    settings,
    stateFile: join(folder, 'two', 'state.json'),
    workerPath,
  });
  const whole = await begin('two').desk.judge(events[650]!);
  writeFileSync(join(folder, 'two', 'state.json'), '{"kind":"risk-state"');
  complaints.length = 0;
  expect(await begin('two').desk.judge(events[650]!)).toEqual(whole);
  expect(complaints.join()).toMatch(/made anew/);
});

describe('data that is erased while the trail is read', () => {
  const person = (): string => events.find(({ changed_by }) => changed_by !== null)!.changed_by!;
  /** As the store tells the trail when somebody's data goes after the first page, and the erasure is younger than a minute. */
  const erasedMeanwhile = (): ModelStore => {
    let isErased = false;
    return {
      ...models,
      trailLines: async (after, limit) => {
        isErased ||= after > 0;
        const { lines, next } = await models.trailLines(after, limit);
        const settled = 100;
        if (!isErased) return { lines, next, settled };
        const left = lines.map((line) => (line.changed_by === person() ? { ...line, changed_by: null } : line));
        const erasure = { ...lines.at(-1)!, kind: 'payloads_erased', event_key: 'erased', position: 9999 };
        return { lines: lines.length < limit && lines.length > 0 ? [...left, erasure] : left, next, settled };
      },
    };
  };

  it('does not live on in the state that a training keeps', async () => {
    const stateFile = join(folder, 'erased', 'state.json');
    const parts = { settings, stateFile, workerPath };
    await trainInThread({ ...parts, store: settledAt(models, 100) }, trainOrder);
    expect(state('erased')).toContain(person());
    await trainInThread({ ...parts, store: { ...models, ...erasedMeanwhile() } }, trainOrder);
    expect(state('erased')).not.toContain(person());
  });

  it('makes the state of a server anew once, though the erasure is read again while it is young', async () => {
    const begun: number[] = [];
    const meanwhile = erasedMeanwhile();
    const store: ModelStore = {
      ...meanwhile,
      trailLines: (after, limit) => {
        if (after === 0) begun.push(after);
        return meanwhile.trailLines(after, limit);
      },
    };
    const live = await LiveState.open({ store, settings, log, stateFile: join(folder, 'live', 'state.json') });
    expect(begun).toHaveLength(2);
    expect(await live.follow()).toBe(true);
    expect(await live.follow()).toBe(true);
    expect(begun).toHaveLength(2);
  });
});

it.each([
  ['damaged', (body: string) => body.replace('"anomaly"', '"anomoly"')],
  ['cut off', (body: string) => body.slice(0, 1000)],
  ['of another version', (body: string) => body.replace('"version":1', '"version":2')],
])('falls back to rule points with an alarm when the model in force is %s', async (_, damage) => {
  const { desk, all } = begin('one', {
    champion: async (known) => {
      const { model, body } = await models.champion(known);
      const damaged = damage(body ?? '');
      return { model: model && { ...model, body_sha256: sha256Hex(damaged) }, body: damaged };
    },
  });
  complaints.length = 0;
  const event = await scored(events[660]!, desk);
  expect(event).toMatchObject({ anomaly_score: null, predicted_category: null });
  expect(event.risk_score).not.toBeNaN();
  expect(all.health()).toMatchObject({
    status: 'degraded',
    text: expect.stringContaining('rule points stand alone') as string,
  });
  expect(complaints).toHaveLength(1);
});

it('does not use a text that is not the one that was trained', async () => {
  const { desk, all } = begin('one', {
    champion: async (known) => ({ ...(await models.champion(known)), body: '{}' }),
  });
  expect(await desk.judge(events[660]!)).toBeNull();
  expect(all.health()).toMatchObject({ text: expect.stringContaining('not the one that was trained') as string });
});

it('tells whoever hands the change out to try again when the store cannot say which model is in force', async () => {
  const { desk } = begin('one', { champion: () => Promise.reject(new StoreUnavailable('it is closed')) });
  await expect(desk.judge(events[660]!)).rejects.toThrow(StoreUnavailable);
});

it('is taken back by an administrator alone, at once', async () => {
  const { desk } = begin('one');
  expect(await desk.judge(events[670]!)).not.toBeNull();
  await expect(desk.rollBack({ ...admin, role: 'manager' })).rejects.toMatchObject({ sqlstate: 'BA005' });
  while ((await models.champion(null)).model) await desk.rollBack(admin);
  expect(await desk.judge(events[671]!)).toBeNull();
});

it('says why where there is too little to learn from, and goes on', async () => {
  const { desk } = begin('few', { trailLines: async () => ({ lines: [], next: null, settled: 0 }) });
  await expect(desk.train(order)).rejects.toMatchObject({
    code: 'bad_numbers',
    message: '0 events are too few to learn from.',
  });
  expect(await desk.models(1)).toHaveLength(1);
});

it('ends a training that is under way when the server stops', async () => {
  const { desk, all } = begin('stopped');
  const training = desk.train(order);
  const outcome = training.then(
    () => 'ended',
    (failure: { code: string }) => failure.code,
  );
  await all.stop();
  expect(await outcome).toBe('training_failed');
});

/** As if so many of the events were older than a minute. */
function settledAt(given: ModelStore, events_: number): ModelStore {
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
