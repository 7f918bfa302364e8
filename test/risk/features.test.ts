import {
  type ContextLine,
  type EventLine,
  EventReader,
  FEATURES,
  type FeatureName,
  features,
  RiskState,
} from '../../lib/risk';
import { sha256Hex } from '../../lib/hash';
import { defaultSettings } from '../../lib/settings';
import { firstWorld } from '../../bench/scenarios/config';
import { makeStream } from '../../bench/scenarios/stream';

const reader = new EventReader(defaultSettings);
const small = {
  ...firstWorld,
  weeks: 5,
  sheets: 3,
  staff: { foreman: 5, clerk: 3, supervisor: 2, admin: 1, service: 1 },
};

function line(at: string, more: Partial<EventLine> = {}): EventLine {
  return {
    changed_at: at,
    kind: 'cell_changed',
    sheet_id: '1',
    row_id: '2',
    work_request: '900',
    column_name: 'Units Total Price',
    old_value: '100',
    new_value: '150',
    delta: '50',
    changed_by: 'ann@example.com',
    week_ending: '2025-03-09',
    is_historical: false,
    ...more,
  };
}

function figuresOf(event: EventLine, state: RiskState): Record<FeatureName, number> {
  const values = features(reader.read(event), state);
  return Object.fromEntries(FEATURES.map((name, index) => [name, values[index]])) as Record<FeatureName, number>;
}

/** A state that has seen the lines, and the last one's figures made before it was taken. */
function after(lines: readonly EventLine[], context: Parameters<RiskState['learn']>[0][] = []): RiskState {
  const state = new RiskState();
  for (const one of context) state.learn(one);
  for (const one of lines) state.take(reader.read(one));
  return state;
}

describe('features', () => {
  it('place an event in business time, also when the clocks change', () => {
    // 01:30 UTC on a Tuesday in March is 20:30 on Monday in Chicago, already in summer time.
    const figures = figuresOf(line('2025-03-11T01:30:00.000Z'), new RiskState());
    expect(figures).toMatchObject({ off_hours: 1, weekend: 0, holiday: 0 });
    expect(reader.read(line('2025-03-11T01:30:00.000Z'))).toMatchObject({ hour: 20.5, weekday: 1 });
    expect(reader.read(line('2025-03-04T01:30:00.000Z'))).toMatchObject({ hour: 19.5, weekday: 1 });
    expect(figuresOf(line('2025-12-25T16:00:00.000Z'), new RiskState()).holiday).toBe(1);
  });

  it('leave what is missing missing, never zero', () => {
    const bare = figuresOf({ changed_at: '2025-03-04T16:00:00.000Z' }, new RiskState());
    for (const name of [
      'size',
      'relative',
      'historical',
      'weeks_closed',
      'access_level',
      'off_habit',
      'off_book',
    ] as const) {
      expect(bare[name]).toBeNaN();
    }
    expect(FEATURES.every((name) => Number.isFinite(bare[name]) || Number.isNaN(bare[name]))).toBe(true);
  });

  it('count what a person did in the minutes before, and not the event itself', () => {
    const lines = [0, 10, 20, 30].map((second) =>
      line(`2025-03-04T16:00:${String(second).padStart(2, '0')}.000Z`, { row_id: `r${second}` }),
    );
    const figures = figuresOf(line('2025-03-04T16:00:40.000Z'), after(lines));
    expect(Math.expm1(figures.events_in_minute)).toBeCloseTo(4, 9);
    expect(Math.expm1(figures.rows_in_five_minutes)).toBeCloseTo(4, 9);
    expect(figures.gap_spread).toBeCloseTo(0, 9);
  });

  it('know the price book: half more than quantity times price', () => {
    const state = after(
      [],
      [
        { kind: 'price', unit_code: 'CU7', price: 20 },
        { kind: 'row', sheet_id: '1', row_id: '2', unit_code: 'CU7', quantity: 5, price: 100 },
      ],
    );
    const figures = figuresOf(line('2025-03-04T16:00:00.000Z'), state);
    expect(Math.exp(figures.off_book)).toBeCloseTo(1.5, 9);
    expect(Math.exp(figures.above_book)).toBeCloseTo(1.5, 9);
  });

  it('find the twin of a row: same quantity, same price', () => {
    const state = after(
      [],
      [
        { kind: 'row', sheet_id: '1', row_id: 'a', quantity: 5, price: 150 },
        { kind: 'row', sheet_id: '1', row_id: '2', quantity: 5, price: 100 },
      ],
    );
    expect(Math.expm1(figuresOf(line('2025-03-04T16:00:00.000Z'), state).same_pair)).toBeCloseTo(1, 9);
  });

  it('add up a sitting: the last of ten raises says what all of them say', () => {
    const book: ContextLine[] = [
      { kind: 'price', unit_code: 'CU7', price: 20 },
      ...Array.from({ length: 10 }, (_, index) => ({
        kind: 'row' as const,
        sheet_id: '1',
        row_id: `r${index}`,
        unit_code: 'CU7',
        quantity: 5,
        price: 100,
      })),
    ];
    const raises = Array.from({ length: 10 }, (_, index) =>
      line(`2025-03-04T16:0${index}:00.000Z`, { row_id: `r${index}` }),
    );
    const alone = figuresOf(raises[9]!, after([], book));
    const last = figuresOf(raises[9]!, after(raises.slice(0, 9), book));
    expect(alone).toMatchObject({ sitting_raised: Math.log1p(1), left_book: Math.log(1.5), repriced: 1 });
    expect(alone.sitting_one_way).toBeCloseTo(Math.log(2), 9);
    expect(last.sitting_one_way).toBeCloseTo(10 * Math.log(2), 9);
    expect(last.sitting_above_book).toBeCloseTo(10 * Math.log(1.5), 9);
    expect(Math.expm1(last.sitting_gained)).toBeCloseTo(500, 9);
    // One that is half an hour later stands alone again.
    const later = figuresOf(line('2025-03-04T16:40:00.000Z', { row_id: 'r9' }), after(raises.slice(0, 9), book));
    expect(later.sitting_raised).toBeCloseTo(Math.log1p(1), 9);
  });

  it('take a price that is filled in for no raise', () => {
    const filled = line('2025-03-04T16:00:00.000Z', { old_value: null, new_value: '30', delta: '30' });
    const figures = figuresOf(filled, new RiskState());
    expect(figures).toMatchObject({
      repriced: 0,
      sitting_raised: 0,
      sitting_gained: 0,
      small_rise_now: 0,
      left_book: 0,
    });
    expect(figures.sitting_one_way).toBeCloseTo(0, 9);
  });

  it('see a line that becomes the copy of another, also with a price that is a little off', () => {
    const rows = ['a', '2'].map((row_id) => ({
      kind: 'row' as const,
      sheet_id: '1',
      row_id,
      unit_code: `CU-${row_id}`,
    }));
    const told = (minute: number, row_id: string, column_name: string, new_value: string): EventLine =>
      line(`2025-03-04T16:0${minute}:00.000Z`, { row_id, column_name, old_value: '1', new_value, delta: null });
    const source = [told(0, 'a', 'Quantity', '5'), told(1, 'a', 'Units Total Price', '200')];
    const copy = [
      told(2, '2', 'CU', 'CU-a'),
      told(3, '2', 'Quantity', '5'),
      told(4, '2', 'Units Total Price', '203'),
    ] as const;
    expect(figuresOf(copy[0], after(source, rows))).toMatchObject({ copied_line: 1, rewritten: 1 });
    expect(figuresOf(copy[1], after([...source, copy[0]], rows))).toMatchObject({ copied_line: 2, rewritten: 2 });
    const state = after([...source, copy[0], copy[1]], rows);
    expect(figuresOf(copy[2], state)).toMatchObject({ copied_line: 3, rewritten: 3, rewriting_took: Math.log1p(120) });
    expect(figuresOf(told(4, '2', 'Units Total Price', '300'), state).copied_line).toBe(2);
    // Who gave the row no other unit has copied no line.
    expect(figuresOf(told(4, 'a', 'Units Total Price', '203'), state).copied_line).toBe(0);
  });

  it('weigh small rises against small falls, and count from when somebody became known', () => {
    const day = (index: number, more: Partial<EventLine>): EventLine =>
      line(`2025-03-0${index + 1}T16:00:00.000Z`, { row_id: `r${index}`, ...more });
    const up = { old_value: '100', new_value: '110', delta: '10' };
    const down = { old_value: '110', new_value: '100', delta: '-10' };
    const rising = figuresOf(day(6, up), after(Array.from({ length: 6 }, (_, index) => day(index, up))));
    const both = figuresOf(
      day(6, up),
      after(Array.from({ length: 6 }, (_, index) => day(index, index % 2 ? up : down))),
    );
    expect(rising.small_one_way).toBeCloseTo(6 * Math.log(2), 9);
    expect(both.small_one_way).toBeLessThan(1);
    expect(Math.expm1(rising.gained_in_week)).toBeCloseTo(60, 6);
    const known = { kind: 'person', person: 'ann@example.com', valid_from: '2024-12-01T00:00:00.000Z' } as const;
    expect(Math.expm1(figuresOf(day(3, up), after([], [known])).idle_days)).toBeCloseTo(93.67, 1);
    expect(figuresOf(day(3, up), after([])).idle_days).toBeNaN();
  });

  it('find a review that is two years late no odder than one that is a year late', () => {
    const reviewed = (last_review_at: string): ContextLine => ({
      kind: 'person',
      person: 'ann@example.com',
      last_review_at,
    });
    const days = (last: string): number =>
      figuresOf(line('2025-03-04T16:00:00.000Z'), after([], [reviewed(last)])).review_days;
    expect(days('2025-02-04T16:00:00.000Z')).toBeCloseTo(28, 9);
    expect(days('2023-03-04T16:00:00.000Z')).toBe(365);
    expect(days('2024-01-04T16:00:00.000Z')).toBe(365);
  });

  it('see rounding up, going back, clearing and a slipped point', () => {
    const at = '2025-03-04T16:00:00.000Z';
    expect(figuresOf(line(at, { old_value: '412', new_value: '500', delta: '88' }), new RiskState())).toMatchObject({
      round: 3,
      round_rise: 3,
    });
    expect(
      figuresOf(line(at, { old_value: '12', new_value: '120', delta: '108' }), new RiskState()).slipped_point,
    ).toBe(1);
    expect(figuresOf(line(at, { new_value: null, delta: '-100' }), new RiskState())).toMatchObject({
      cleared: 1,
      filled: 0,
    });
    const state = after([line('2025-03-04T15:00:00.000Z')]);
    expect(figuresOf(line(at, { old_value: '150', new_value: '100', delta: '-50' }), state).goes_back).toBe(1);
  });

  it('do not let anybody teach them within a day what is normal for him', () => {
    const night = Array.from({ length: 40 }, (_, index) =>
      line(`2025-03-04T09:${String(index).padStart(2, '0')}:00.000Z`),
    );
    const sameNight = figuresOf(line('2025-03-04T09:50:00.000Z'), after(night));
    const first = figuresOf(line('2025-03-04T09:50:00.000Z'), new RiskState());
    expect(sameNight.hour_surprise).toBeCloseTo(first.hour_surprise, 9);
    expect(sameNight.first_on_sheet).toBe(1);
    const nextNight = figuresOf(line('2025-03-05T09:50:00.000Z'), after([...night, line('2025-03-05T09:45:00.000Z')]));
    expect(nextNight.hour_surprise).toBeLessThan(first.hour_surprise - 1);
    expect(nextNight.first_on_sheet).toBe(0);
  });

  it('count reviewers: a confirmed finding weighs on person, sheet and work request', () => {
    const state = after([]);
    const at = Date.parse('2025-03-04T00:00:00.000Z');
    state.judge({ at, isFinding: true, person: 'ann@example.com', sheet: '1', workRequest: '900' });
    const figures = figuresOf(line('2025-03-04T16:00:00.000Z'), state);
    expect(figures.confirmed_before).toBeGreaterThan(0.6);
    expect(figures.sheet_confirmed).toBeCloseTo(1 / 3, 2);
    expect(figures.work_request_confirmed).toBeCloseTo(1 / 3, 2);
  });

  it('refuse an event without a time', () => {
    expect(() => reader.read(line('yesterday', { event_key: 'k1' }))).toThrow(/The event k1 has the time "yesterday"/u);
  });

  it('stay finite when the clock runs back', () => {
    const state = after([line('2025-03-04T16:00:00.000Z'), line('2025-03-03T16:00:00.000Z')]);
    const figures = figuresOf(line('2025-03-02T16:00:00.000Z'), state);
    for (const name of FEATURES) expect(figures[name]).not.toBe(Infinity);
    expect(figures.gap).toBe(0);
  });
});

describe('the state', () => {
  const { events, context } = makeStream(small, 3);
  const fresh = (): RiskState => {
    const state = new RiskState();
    for (const one of context) state.learn(one);
    return state;
  };
  const stream = (state: RiskState, part: readonly EventLine[]): RiskState => {
    for (const one of part) state.take(reader.read(one));
    return state;
  };

  it('is rebuilt from the trail to the same bytes, also when it was saved and loaded on the way', () => {
    const straight = stream(fresh(), events);
    const half = Math.floor(events.length / 2);
    const saved = JSON.parse(JSON.stringify(stream(fresh(), events.slice(0, half)))) as Record<string, unknown>;
    const resumed = stream(RiskState.load(saved), events.slice(half));
    // The text is megabytes long: its hash tells as much, and a failure stays readable.
    expect(sha256Hex(JSON.stringify(resumed))).toBe(sha256Hex(JSON.stringify(straight)));
    const next = events[100] as EventLine;
    expect([...features(reader.read(next), resumed)]).toEqual([...features(reader.read(next), straight)]);
  });

  it('is bounded: what was touched longest ago is forgotten', () => {
    const state = new RiskState();
    for (let index = 0; index < 6000; index += 1) state.person(`p${index}`);
    expect(state.persons.size).toBe(5000);
    expect(state.persons.get('p0')).toBeUndefined();
    expect(state.persons.get('p5999')).toBeDefined();
  });

  it('refuses what another version saved', () => {
    expect(() => RiskState.load({ version: 9 })).toThrow(/its version is 9/u);
  });
});

describe('the streams that it is measured on', () => {
  const { events, truth } = makeStream(small, 3);

  it('are the same bytes for the same seed, and others for another', () => {
    const hash = (seed: number): string => sha256Hex(JSON.stringify(makeStream(small, seed)));
    expect(hash(3)).toBe(hash(3));
    expect(hash(4)).not.toBe(hash(3));
  });

  it('are consistent: each old value is the value before', () => {
    const cells = new Map<string, string | null>();
    for (const event of events) {
      const cell = `${event.sheet_id}:${event.row_id}:${event.column_name}`;
      if (cells.has(cell)) expect(event.old_value).toBe(cells.get(cell));
      cells.set(cell, event.new_value);
    }
  });

  it('come in the order of time, with nothing of the truth in them', () => {
    for (let index = 1; index < events.length; index += 1) {
      expect(events[index]!.changed_at >= events[index - 1]!.changed_at).toBe(true);
    }
    expect(Object.keys(events[0]!)).not.toEqual(expect.arrayContaining(['label', 'pattern', 'incident']));
    expect(truth.filter(({ label }) => label === 1).length).toBeGreaterThan(100);
    expect(truth.map(({ event_key }) => event_key)).toEqual(events.map(({ event_key }) => event_key));
  });
});
