import { features, FEATURES as NAMES, MOST_STATE_BYTES, RiskState, TrailFold, type FoldLine } from '../../lib/risk';
import { RATIONS } from '../../lib/risk/state/rations';
import { defaultSettings } from '../../lib/settings';

/** A hundredth of what a state may take, so that a test reaches it soon. */
const SHARE = 0.01;
const MEGABYTE = 2 ** 20;
const START = Date.parse('2025-02-03T08:00:00.000Z');

const reader = TrailFold.begin(defaultSettings);
const long = (name: string, letters: number): string => `${name} `.repeat(letters).slice(0, letters);
const change = (number: number, over: Partial<FoldLine> = {}) =>
  reader.read({
    ...{ kind: 'cell_changed', sheet_id: String(number % 7), row_id: String(number % 999), delta: null },
    ...{ changed_at: new Date(START + number * 60_000).toISOString(), column_name: `Column ${number % 500}` },
    ...{ changed_by: `person${number % 300}@example.com`, work_request: String(number % 5000), ...over },
  })!;

describe('the memory of a state', () => {
  it('is 256 megabytes at most, of which each part has its own', () => {
    expect(MOST_STATE_BYTES).toBe(256 * MEGABYTE);
  });

  it.each<[string, (number: number) => Partial<FoldLine>]>([
    [
      'texts as long as a cell holds',
      (n) => ({ old_value: long(`old ${n}`, 4000), new_value: long(`new ${n}`, 4000) }),
    ],
    ['many columns in every row', (n) => ({ column_name: long(`c${n % 400}`, 200), new_value: `${n}` })],
    ['names without end', (n) => ({ changed_by: long(`p${n}`, 3000), work_request: long(`w${n}`, 3000) })],
    ['sheets and rows without end', (n) => ({ sheet_id: `9${n}`, row_id: `8${n}`, new_value: `${n}` })],
    [
      'prices of many rows',
      (n) => ({ column_name: n % 2 ? 'Quantity' : 'Units Total Price', row_id: `${n >> 1}`, new_value: `${n}` }),
    ],
  ])('stays within its bounds with %s, and the features still say something', (_, over) => {
    const state = new RiskState(SHARE);
    for (let number = 0; number < 6000; number += 1) state.take(change(number, over(number)));
    // One entry of each part may be larger than so small a part of it.
    expect(state.bytes).toBeLessThan(MOST_STATE_BYTES * SHARE + MEGABYTE);
    expect(JSON.stringify(state).length).toBeLessThan(MOST_STATE_BYTES * SHARE + MEGABYTE);
    expect(state.persons.bytes).toBeLessThanOrEqual(Math.max(RATIONS.persons * MEGABYTE * SHARE, MEGABYTE));
    expect(features(change(6001, over(6001)), state).some((figure) => Number.isFinite(figure) && figure !== 0)).toBe(
      true,
    );
  });

  it('forgets the same whether it was saved on the way or not, and weighs the same', () => {
    const events = Array.from({ length: 4000 }, (_, number) =>
      change(number, { new_value: long(`new ${number % 700}`, 90), old_value: `${number}` }),
    );
    const whole = new RiskState(SHARE);
    for (const event of events) whole.take(event);
    let part = new RiskState(SHARE);
    for (const [index, event] of events.entries()) {
      if (index % 777 === 0) {
        const saved = JSON.parse(JSON.stringify(part)) as Record<string, unknown>;
        const loaded = RiskState.load(saved, SHARE);
        expect(loaded.bytes).toBe(part.bytes);
        part = loaded;
      }
      part.take(event);
    }
    expect(JSON.stringify(part) === JSON.stringify(whole)).toBe(true);
    // It did have to forget.
    expect(whole.rows.size).toBeLessThan(999);
  });

  it('tells long texts apart though it remembers little of them', () => {
    const state = new RiskState();
    const text = (end: string): string => `${'x'.repeat(500)}${end}`;
    const wrote = (number: number, old_value: string, new_value: string) =>
      change(0, {
        changed_at: new Date(START + number * 60_000).toISOString(),
        old_value,
        new_value,
        column_name: 'Notes',
      });
    const goesBack = (event: ReturnType<typeof wrote>): number => features(event, state)[NAMES.indexOf('goes_back')]!;
    state.take(wrote(0, text('one'), text('two')));
    expect(goesBack(wrote(1, text('two'), text('one')))).toBe(1);
    expect(goesBack(wrote(1, text('two'), text('three')))).toBe(0);
  });
});
