import { rmSync } from 'node:fs';
import { join } from 'node:path';
import type { AuditEvent } from '../../lib/event';
import { engineOf } from '../../lib/runtime/models/learned-model';
import { LiveState } from '../../lib/runtime/models/live-state';
import { keepStateInThread, trainInThread } from '../../lib/runtime/models/training-thread';
import type { ModelStore } from '../../lib/store';
import { event } from '../store/examples';
import { type ModelHouse, openModelHouse, settings, trainOrder } from './house';

let house: ModelHouse;
let [stateFile, parts] = ['', {} as Parameters<typeof keepStateInThread>[0]];
beforeAll(async () => {
  house = await openModelHouse();
  stateFile = join(house.folder, 'imported', 'state.json');
  parts = { store: settledNow(house.models), settings, stateFile, workerPath: house.workerPath };
}, 120_000);
afterEach(() => house.stopAll());
afterAll(() => house.close());

/** As if all of the trail were older than a minute. */
function settledNow(given: ModelStore): ModelStore {
  return { ...given, trailLines: async (...asked) => ({ ...(await given.trailLines(...asked)), settled: 1e9 }) };
}

const text = (): string => house.state('imported');
const persons = (): Map<string, { seen: number }> => new Map(house.kept('imported').fold.state.persons.toJSON());
const anew = async (): Promise<string> => {
  rmSync(stateFile, { force: true });
  await keepStateInThread(parts);
  return text();
};

/** A change of history so many hours after a change of the trail, or before it. */
function past(number: number, hours: number, of: AuditEvent, over: Partial<AuditEvent> = {}): AuditEvent {
  const changed_at = new Date(Date.parse(of.changed_at) + hours * 3_600_000).toISOString();
  const history = { kind: 'imported', changed_at, changed_by: 'Veteran@example.com', risk_score: null } as const;
  return event(`imported:${number}`, { ...of, ...history, event_key: `imported:${number}`, ...over });
}
const importNow = (events: readonly AuditEvent[]): Promise<unknown> =>
  house.driver.rpc('billing_audit_append', { events, concern: 'imported' });

describe('imported history', () => {
  it('teaches a model with the trail, by its own time, and the model says how much of it', async () => {
    const { models, workerPath, events } = house;
    const train = () => trainInThread({ store: models, settings, workerPath }, trainOrder);
    const without = await train();
    expect(without.data).toMatchObject({ events: 600, imported: 0 });
    // The latest is imported first: it is learned from in the order in which it happened.
    const early = Array.from({ length: 300 }, (_, number) => past(number, -24 * 30 + number, events[0]!));
    await importNow([...early].reverse());
    const learned = await train();
    expect(learned.data).toMatchObject({ events: 900, imported: 300, labelled: 0, from: early[0]!.changed_at });
    expect(JSON.parse(learned.description)).toMatchObject({ data: { imported: 300 } });
    expect(learned.body === without.body).toBe(false);
    expect(await train()).toEqual(learned);
  });

  it('teaches habits to the state, which is the same to the byte however the import came between two keepings', async () => {
    const { events } = house;
    const { isAnew } = await keepStateInThread(parts);
    expect(isAnew).toBe(true);
    expect(persons().get('veteran@example.com')).toMatchObject({ seen: 300 });
    expect(await keepStateInThread(parts)).toMatchObject({ isAnew: false });
    // Among the changes of the trail, and beyond the last of them.
    await importNow([past(1001, 1, events[300]!), past(1002, 100, events[599]!), past(1000, 2, events[599]!)]);
    expect(await keepStateInThread(parts)).toMatchObject({ isAnew: true });
    const kept = text();
    expect(persons().get('veteran@example.com')).toMatchObject({ seen: 303 });
    expect((await anew()) === kept).toBe(true);
  });

  it('is taken in its place where the trail goes on with changes from before its end', async () => {
    const { store, events } = house;
    const at = (hours: number): string => past(0, hours, events[599]!).changed_at;
    for (const [number, hours] of [5, 120].entries()) {
      await store.append([{ ...events[600 + number]!, changed_at: at(hours) }]);
      // The first lies before the end of history; the second beyond it, so that what was kept goes on.
      expect(await keepStateInThread(parts)).toMatchObject({ isAnew: number === 0 });
      const kept = text();
      expect((await anew()) === kept).toBe(true);
    }
  });

  it('that comes while a state is made waits for the next one', async () => {
    const { models, events } = house;
    let isImported = false;
    const importedMeanwhile: ModelStore = {
      ...parts.store,
      ...models,
      trailLines: async (after, limit) => {
        const before = await models.trailLines(0, 2000);
        if (after > 0 && !isImported) {
          isImported = true;
          await importNow([past(2000, 3, events[10]!)]);
        }
        const settled = isImported ? 1e9 : (before.next ?? 0);
        return { ...(await models.trailLines(after, limit)), settled };
      },
    };
    rmSync(stateFile, { force: true });
    await keepStateInThread({ ...parts, store: importedMeanwhile });
    expect(persons().get('veteran@example.com')).toMatchObject({ seen: 303 });
    expect(await keepStateInThread(parts)).toMatchObject({ isAnew: true });
    expect(persons().get('veteran@example.com')).toMatchObject({ seen: 304 });
  });

  it('stays in the live state after an erasure that is young, which the thread knows already', async () => {
    const { models, driver, workerPath, events, log } = house;
    const { body } = await trainInThread({ store: models, settings, workerPath }, trainOrder);
    const ready = { engine: engineOf(body), hash: 'one' };
    const settled = (await models.trailLines(0, 2000)).next ?? 0;
    const person = events.find(({ changed_by }) => changed_by !== null)!.changed_by!.toLowerCase();
    const erasure = { person, reason: 'asked for', by: 'boss@example.com', role: 'admin' };
    await driver.rpc('billing_audit_erase', { ...erasure, dry_run: false });
    const read: number[] = [];
    const store: ModelStore = {
      ...models,
      trailLines: async (after, limit) => {
        read.push(after);
        return { ...(await models.trailLines(after, limit)), settled };
      },
    };
    const known = await keepStateInThread({ ...parts, store });
    expect(known.erasedUpTo).toBeGreaterThan(known.position);
    expect(await keepStateInThread({ ...parts, store, known })).toMatchObject({ isAnew: false });
    read.length = 0;
    const live = await LiveState.open({ store, settings, log, stateFile }, ready, known);
    expect(read).not.toContain(0);
    const change = past(3000, 200, events[599]!, { kind: 'cell_changed' });
    const word = live.judge(change, ready);
    expect(word?.confidence).toBeGreaterThan(0.5);
    // Where nothing is kept it is read with the trail, here too.
    rmSync(stateFile);
    const made = await LiveState.open({ store, settings, log, stateFile }, ready);
    expect(made.judge(change, ready)?.confidence).toBe(word?.confidence);
  });

  it('that is erased leaves the state', async () => {
    const { driver } = house;
    const erasure = { person: 'veteran@example.com', reason: 'asked for', by: 'boss@example.com', role: 'admin' };
    await driver.rpc('billing_audit_erase', { ...erasure, dry_run: false });
    await keepStateInThread(parts);
    expect(text()).not.toMatch(/veteran/iu);
  });
});
