import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { firstWorld } from '../../bench/scenarios/config';
import { makeStream } from '../../bench/scenarios/stream';
import { TrailFold } from '../../lib/risk';
import { readState, readStateInSlices, stateInSlices, writeState } from '../../lib/runtime/models/state-file';
import { sha256Hex } from '../../lib/hash';
import { newFolder, removeFolder } from '../support/store';
import { settings } from './house';

let folder: string;
let file: string;
beforeAll(() => {
  folder = newFolder();
  file = join(folder, 'state.json');
  writeState(file, settings, { fold: madeFold(), position: 7, ahead: null, recent });
});
afterAll(() => removeFolder(folder));

const ranks = Array.from({ length: 5_000 }, (_, index): [number, number] => [index * 1000, index % 400]);
const recent = { model: 'some hash', events: ranks };

/** Of so much that no part of it fits into one piece. */
function madeFold(): TrailFold {
  const staff = { foreman: 3, clerk: 2, supervisor: 1, admin: 1, service: 0 };
  const { events } = makeStream({ ...firstWorld, weeks: 9, sheets: 3, staff, dormant: 1, stormWeeks: [5] }, 31);
  const fold = TrailFold.begin(settings);
  for (const line of events.slice(0, 4_000)) {
    const event = fold.read(line as never);
    if (event) fold.take(event, line as never);
  }
  return fold;
}

const lines = (): string[] => readFileSync(file, 'utf8').split('\n');
const written = (name: string, text: string): string => {
  const other = join(folder, name);
  writeFileSync(other, text);
  return other;
};

it('is read in slices as it is read at once, and written again to the same bytes', async () => {
  const [atOnce, inSlices] = [readState(file, settings)!, (await readStateInSlices(file, settings))!];
  for (const [index, state] of [atOnce, inSlices].entries()) {
    expect(state).toMatchObject({ position: 7, ahead: null, recent });
    const again = join(folder, `again-${index}.json`);
    writeState(again, settings, state);
    expect(sha256Hex(readFileSync(again, 'utf8'))).toBe(sha256Hex(readFileSync(file, 'utf8')));
  }
  expect(lines().length).toBeGreaterThan(30);
  expect(inSlices.fold.state.bytes).toBe(atOnce.fold.state.bytes);
});

it('lets others have their turn while it is read', async () => {
  const bytes = readFileSync(file);
  let [turns, isOver, time] = [0, false, 0];
  // By this clock each look at it is a slice later, so that each step ends one.
  const clock = jest.spyOn(performance, 'now').mockImplementation(() => (time += 1_000));
  const reading = stateInSlices(file, bytes, settings).finally(() => (isOver = true));
  const next = (): void => {
    turns += 1;
    if (!isOver) setImmediate(next);
  };
  setImmediate(next);
  await reading.finally(() => clock.mockRestore());
  expect(turns).toBeGreaterThan(lines().length / 2);
});

it('is none where there is no file, or where it was made with other settings', async () => {
  expect(await readStateInSlices(join(folder, 'nowhere.json'), settings)).toBeNull();
  expect(readState(join(folder, 'nowhere.json'), settings)).toBeNull();
  expect(await readStateInSlices(file, { ...settings, businessHours: '01:00-02:00' })).toBeNull();
});

describe('a damaged state file', () => {
  const half = (): number => Math.floor(lines().length / 2);
  const with_ = (change: (all: string[]) => unknown): string => {
    const all = lines();
    change(all);
    return all.join('\n');
  };
  const cases: [string, () => string, RegExp][] = [
    ['is empty', () => '', /of another version/u],
    ['is of before', () => '{"kind":"risk-state","version":2,"position":7}', /of another version/u],
    ['breaks off in its head', () => '{"kind":"risk-state"', /cannot be read/u],
    ['has a damaged line', () => with_((all) => (all[half()] = all[half()]!.slice(0, 50))), /cannot be read/u],
    ['lacks a line', () => with_((all) => all.splice(half(), 1)), /its end stands in line/u],
    ['breaks off after a line', () => with_((all) => all.splice(half())), /it ends after line/u],
    ['breaks off before its end', () => with_((all) => all.splice(-2)), /it ends after line/u],
    ['goes on behind its end', () => with_((all) => all.push('[]')), /its end stands in line/u],
    ['has no part in a line', () => with_((all) => (all[half()] = '7')), /is no part of it/u],
  ];

  it.each(cases)('that %s is told', async (name, text, why) => {
    const damaged = written(`${name}.json`, text());
    await expect(readStateInSlices(damaged, settings)).rejects.toThrow(why);
    await expect(readStateInSlices(damaged, settings)).rejects.toThrow(damaged);
    expect(() => readState(damaged, settings)).toThrow(why);
  });
});
