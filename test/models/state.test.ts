import { existsSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { AuditEvent } from '../../lib/event';
import { thisMachine } from '../../lib/runtime/machine';
import type { ModelDesk } from '../../lib/runtime/models/desk';
import { LiveState } from '../../lib/runtime/models/live-state';
import { Models } from '../../lib/runtime/models/models';
import { stateFileFor } from '../../lib/runtime/models/state-file';
import { keepStateInThread, trainInThread } from '../../lib/runtime/models/training-thread';
import type { ModelStore } from '../../lib/store';
import { type ModelHouse, openModelHouse, order, scored, settings, settledAt, trainOrder } from './house';

let store: ModelHouse['store'];
let models: ModelHouse['models'];
let workerPath: ModelHouse['workerPath'];
let events: ModelHouse['events'];
let log: ModelHouse['log'];
let complaints: ModelHouse['complaints'];
let begin: ModelHouse['begin'];
let folder: ModelHouse['folder'];
let state: ModelHouse['state'];
let house: ModelHouse;
beforeAll(async () => {
  house = await openModelHouse();
  ({ store, models, workerPath, events, log, complaints, begin, folder, state } = house);
}, 120_000);
afterEach(() => house.stopAll());
afterAll(() => house.close());
// A first model, by which the month ranks.
beforeAll(() => begin('first').desk.train(order), 120_000);

const ranksIn = (home: string): readonly unknown[] => house.kept(home).recent!.events;

it('keeps its state and how the month ranks, which the trail tells again to the same bytes', async () => {
  const stateFile = join(folder, 'kept', 'state.json');
  const parts = { store: settledAt(models, 300), settings, stateFile, workerPath };
  expect(await keepStateInThread(parts)).toMatchObject({ isAnew: true, damaged: null });
  const early = state('kept');
  expect(ranksIn('kept')).toHaveLength(300);
  expect(await keepStateInThread({ ...parts, store: settledAt(models, 500) })).toMatchObject({ isAnew: false });
  const late = state('kept');
  expect(late).not.toBe(early);
  rmSync(stateFile);
  await keepStateInThread({ ...parts, store: settledAt(models, 500) });
  expect(state('kept') === late).toBe(true);
});

it('ranks the month anew when another model is in force', async () => {
  const stateFile = join(folder, 'other', 'state.json');
  const parts = { settings, stateFile, workerPath };
  await keepStateInThread({ ...parts, store: settledAt(models, 500) });
  const before = ranksIn('other');
  const { body } = await trainInThread({ store: models, settings, workerPath }, { ...trainOrder, seed: 9 });
  const champion: ModelStore['champion'] = async () => {
    const { model } = await models.champion(null);
    return { model: model && { ...model, hash: 'another' }, body };
  };
  const store = { ...settledAt(models, 500), champion };
  expect(await keepStateInThread({ ...parts, store })).toMatchObject({ isAnew: true });
  expect(ranksIn('other')).toHaveLength(before.length);
  expect(ranksIn('other')).not.toEqual(before);
});

it('goes on after a restart as if there had been none: the rank in the month, and how much of a person is known', async () => {
  const { desk, all } = begin('restarted');
  const passed: AuditEvent[] = [];
  for (const event of events.slice(600, 630)) passed.push(await scored(event, desk));
  await store.append(passed);
  const goesOn = await desk.judge(events[640]!);
  await all.stop();
  const restarted = begin('restarted').desk;
  expect(await restarted.judge(events[640]!)).toEqual(goesOn);
  const fresh = begin('fresh', { trailLines: async () => ({ lines: [], next: null, settled: 0, imported: [] }) }).desk;
  expect(await fresh.judge(events[640]!)).toMatchObject({ confidence: 0 });
  expect(goesOn?.confidence).toBeGreaterThan(0);
});

it('begins with the kept state after a start, and makes one that is damaged anew', async () => {
  const file = stateFileFor(join(folder, 'two'), settings);
  await keepStateInThread({ store: settledAt(models, 500), settings, stateFile: file, workerPath });
  const whole = await begin('two').desk.judge(events[650]!);
  writeFileSync(file, '{"kind":"risk-state"');
  complaints.length = 0;
  expect(await begin('two').desk.judge(events[650]!)).toEqual(whole);
  expect(complaints.join()).toMatch(/made anew/);
});

it('changes no figure of one node by the hours of another, and holds back where there are too many ways to see them', async () => {
  const parts = { store: models, machine: thisMachine(), log, workerPath };
  const all = new Models({ ...parts, folder: join(folder, 'nodes') });
  const deskWith = (businessHours: string): ModelDesk => all.deskFor({ ...settings, businessHours });
  const alone = await begin('alone').desk.judge(events[651]!);
  // Points and limits change no figure: they share a state.
  const [day, night] = [all.deskFor({ ...settings, rapidChanges: 99 }), deskWith('20:00-23:00')];
  const other = await night.judge(events[651]!);
  expect(await day.judge(events[651]!)).toEqual(alone);
  expect(other).not.toBeNull();
  expect(await night.judge(events[652]!)).not.toBeNull();
  expect(await day.judge(events[652]!)).not.toBeNull();
  for (const hours of ['01:00-02:00', '02:00-03:00']) expect(await deskWith(hours).judge(events[651]!)).not.toBeNull();
  expect(all.health()).toMatchObject({ status: 'ok' });
  complaints.length = 0;
  for (const times of [1, 2]) expect([times, await deskWith('03:00-04:00').judge(events[651]!)]).toEqual([times, null]);
  expect(complaints).toHaveLength(1);
  expect(all.health()).toMatchObject({
    status: 'degraded',
    text: expect.stringMatching(/more than 4 ways/u) as string,
  });
  await all.stop();
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
        const imported: number[] = [];
        if (!isErased) return { lines, next, settled, imported };
        const left = lines.map((line) => (line.changed_by === person() ? { ...line, changed_by: null } : line));
        const erasure = { ...lines.at(-1)!, kind: 'payloads_erased', event_key: 'erased', position: 9999 };
        return { lines: lines.length < limit && lines.length > 0 ? [...left, erasure] : left, next, settled, imported };
      },
    };
  };

  it('does not live on in the state that is kept, nor in one of other settings beside it', async () => {
    const stateFile = join(folder, 'erased', 'state.json');
    const beside = join(folder, 'erased', 'state-0123.json');
    const parts = { settings, workerPath };
    await keepStateInThread({ ...parts, stateFile, store: settledAt(models, 100) });
    await keepStateInThread({ ...parts, stateFile: beside, store: settledAt(models, 100) });
    expect(state('erased')).toContain(person());
    await keepStateInThread({ ...parts, stateFile, store: { ...models, ...erasedMeanwhile() } });
    expect(state('erased')).not.toContain(person());
    expect(existsSync(beside)).toBe(false);
  });

  it('does not live on where no model is in force, and nobody follows what is erased', async () => {
    const stateFile = stateFileFor(join(folder, 'none'), settings);
    await keepStateInThread({ store: settledAt(models, 100), settings, workerPath, stateFile });
    const { desk } = begin('none', { champion: async () => ({ model: null, body: null }) });
    expect(await desk.judge(events[651]!)).toBeNull();
    expect(existsSync(stateFile)).toBe(false);
  });

  it('makes the state of a server anew once, though the erasure is read again while it is young', async () => {
    const begun: number[] = [];
    const meanwhile = erasedMeanwhile();
    const store: ModelStore = {
      ...meanwhile,
      trailLines: (after, limit) => {
        // One line is asked for to hear what is settled.
        if (after === 0 && limit > 1) begun.push(after);
        return meanwhile.trailLines(after, limit);
      },
    };
    const live = await LiveState.open({ store, settings, log, stateFile: join(folder, 'live', 'state.json') }, null);
    expect(begun).toHaveLength(2);
    expect(await live.follow(null)).toBe(true);
    expect(await live.follow(null)).toBe(true);
    expect(begun).toHaveLength(2);
  });
});
