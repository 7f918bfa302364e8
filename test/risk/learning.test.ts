import { makeStream, type Stream } from '../../bench/scenarios/stream';
import { firstWorld } from '../../bench/scenarios/config';
import {
  BadModel,
  BadNumbers,
  features,
  type FoldLine,
  isJudged,
  labelsOf,
  learn,
  type Learned,
  Lesson,
  type ReviewedEvent,
  RiskEngine,
  RiskState,
  sittingNames,
  TrailFold,
} from '../../lib/risk';
import { defaultSettings } from '../../lib/settings';

const settings = { ...defaultSettings, timeZone: firstWorld.timeZone, closesAfterHours: firstWorld.closesAfterHours };
const staff = { foreman: 3, clerk: 2, supervisor: 1, admin: 1, service: 0 };
const LATER = Date.parse('2099-01-01');

let stream: Stream;
let lines: readonly FoldLine[];
/** What a training learns from: made once. */
let lesson: ReturnType<Lesson['newest']>;

beforeAll(() => {
  stream = makeStream({ ...firstWorld, weeks: 9, sheets: 3, staff, dormant: 1, stormWeeks: [5] }, 31);
  const people = stream.context.filter((line) => line.kind === 'person');
  lines = [
    ...people.map((line, index): FoldLine => {
      const { person, role, access_level, last_review_at } = line;
      const new_value = JSON.stringify({ role, access_level, last_review_at });
      return {
        event_key: `p${index}`,
        kind: 'person_saved',
        about: person,
        new_value,
        changed_at: '2025-01-01T00:00:00Z',
      };
    }),
    ...stream.events.map((event) => ({ ...event, kind: 'cell_changed' })),
  ];
  lesson = folded(lines).newest();
});

function folded(given: readonly FoldLine[], fold = TrailFold.begin(settings), lesson = new Lesson(100_000)): Lesson {
  for (const line of given) {
    const event = fold.read(line);
    if (!event) continue;
    lesson.add(event, { key: String(line.event_key), ruleScore: null }, features(event, fold.state));
    fold.take(event, line);
  }
  return lesson;
}

const verdicts = (found: (incident: string) => boolean = () => true): ReviewedEvent[] =>
  stream.truth.flatMap(({ event_key, label, incident, pattern }) =>
    label === 1 && incident !== null && found(incident) ? [{ ...review, event_key, incident, category: pattern }] : [],
  );
const review = {
  event_key: 'e',
  verdict: 'true',
  reviewer: 'boss@example.com',
  subject: null,
  marked_at: '2026-01-01T00:00:00Z',
  incident: null,
  category: null,
} as const satisfies ReviewedEvent;

describe('the state as a fold over the trail', () => {
  it('is the same to the byte, whether it was saved and loaded on the way or not', () => {
    const whole = TrailFold.begin(settings);
    folded(lines, whole);
    let saved = JSON.stringify(TrailFold.begin(settings));
    for (const [from, to] of [
      [0, 3000],
      [3000, 3001],
      [3001, lines.length],
    ] as const) {
      const part = TrailFold.load(settings, JSON.parse(saved) as Record<string, unknown>);
      folded(lines.slice(from, to), part);
      saved = JSON.stringify(part);
    }
    expect(saved).toBe(JSON.stringify(whole));
  });

  it('knows people from the directory, rows from what they were added with, names in any case', () => {
    const fold = TrailFold.begin(settings);
    const row = { sheet_id: '1', row_id: '2', changed_at: '2025-02-03T10:00:00Z' };
    folded(
      [
        {
          kind: 'person_saved',
          about: 'Clerk@Example.com',
          new_value: '{"role":"clerk","access_level":4}',
          changed_at: row.changed_at,
        },
        {
          ...row,
          kind: 'row_added',
          changed_by: 'CLERK@example.com',
          values: { 'Units Total Price': '$12.50', Qty: '3', CU: 'X1' },
        },
      ],
      fold,
    );
    expect(fold.state.directory.get('clerk@example.com')).toMatchObject({ role: 'clerk', access_level: 4 });
    expect(fold.state.persons.get('clerk@example.com')).toBeDefined();
    expect(fold.state.row('1', '2')).toMatchObject({ price: 12.5, quantity: 3, unit: 'X1' });
  });

  it('bears a clock that runs back for hundreds of changes by one person', () => {
    const change = (row: number, day: string): FoldLine => ({
      ...{ kind: 'cell_changed', sheet_id: '1', row_id: String(row), changed_by: 'clerk@example.com' },
      changed_at: `2025-02-${day}T10:00:00Z`,
    });
    const late = folded([change(0, '20'), ...Array.from({ length: 600 }, (_, row) => change(row, '03'))]);
    expect(late.count).toBe(601);
  });

  it('hears a verdict a day later, and none that a person gave on himself', () => {
    const marked = (reviewer: string, at: string): FoldLine => ({
      ...{ kind: 'event_marked', new_value: 'false_alarm', changed_by: reviewer, subject: 'clerk@example.com' },
      ...{ sheet_id: '1', changed_at: at },
    });
    const change = (at: string): FoldLine => ({
      ...{ kind: 'cell_changed', sheet_id: '1', row_id: '2', changed_by: 'clerk@example.com', changed_at: at },
    });
    const dismissedAfter = (...given: FoldLine[]): number => {
      const fold = TrailFold.begin(settings);
      folded(given, fold);
      return fold.state.persons.get('clerk@example.com')?.dismissed[0] ?? 0;
    };
    const said = marked('boss@example.com', '2025-02-03T10:00:00Z');
    expect(dismissedAfter(said, change('2025-02-04T09:00:00Z'))).toBe(0);
    expect(dismissedAfter(said, change('2025-02-04T10:00:00Z'))).toBe(1);
    const himself = marked('Clerk@example.com', '2025-02-03T10:00:00Z');
    expect(dismissedAfter(himself, change('2025-02-05T10:00:00Z'))).toBe(0);
  });

  it('hears what was judged, the last word on an event alone, and once', () => {
    const day = (of: number): string => `2025-02-0${of}T10:00:00Z`;
    const said = (kind: string, word: string, at: string, over: Partial<FoldLine> = {}): FoldLine => ({
      ...{ kind, new_value: word, about: 'e1', changed_by: 'boss@example.com', subject: 'clerk@example.com' },
      ...{ sheet_id: '1', changed_at: at, ...over },
    });
    const change = (at: string): FoldLine => ({
      ...{ kind: 'cell_changed', sheet_id: '1', row_id: '2', changed_by: 'clerk@example.com', changed_at: at },
    });
    const counted = (...given: FoldLine[]): readonly boolean[] => {
      const fold = TrailFold.begin(settings);
      folded([...given, change(day(9))], fold);
      const person = fold.state.persons.get('clerk@example.com');
      return [person?.confirmed[0] ?? 0, person?.dismissed[0] ?? 0].map((count) => count > 0);
    };
    const judged = said('event_judged', 'true', day(3));
    expect(counted(judged)).toEqual([true, false]);
    expect(counted({ ...judged, is_own: true })).toEqual([false, false]);
    expect(counted(judged, said('event_judged', 'unsure', day(3)))).toEqual([false, false]);
    expect(counted(judged, said('event_marked', 'false_alarm', day(3)))).toEqual([false, true]);
    // It has counted by then: nothing is counted twice, nor taken back.
    expect(counted(judged, change(day(5)), said('event_marked', 'false_alarm', day(6)))).toEqual([true, false]);
    const other = said('event_marked', 'false_alarm', day(6), { about: 'e2' });
    expect(counted(judged, change(day(5)), other)).toEqual([true, true]);
  });

  it.each([
    ['another version', { state: { version: 1 }, verdicts: [], counted: [] }],
    ['no state', {}],
  ])('refuses what was saved as %s', (_, json) => {
    expect(() => TrailFold.load(settings, json)).toThrow(BadModel);
  });

  it('judges what somebody changed, and nothing else', () => {
    const kinds = [
      'cell_changed',
      'row_added',
      'column_renamed',
      'comment_created',
      'sheet_checked',
      'watch_gap',
      'coverage',
      'person_saved',
    ];
    expect(kinds.filter(isJudged)).toEqual(['cell_changed', 'row_added', 'column_renamed', 'comment_created']);
  });
});

describe('a label', () => {
  const from = (...given: Partial<ReviewedEvent>[]) =>
    labelsOf(
      given.map((one) => ({ ...review, ...one })),
      Date.parse('2026-01-03T00:00:00Z'),
    ).get('e');

  it('is the last verdict of an event', () => {
    expect(from({})).toMatchObject({ isFinding: true, incident: null });
    const later = { verdict: 'false', marked_at: '2026-01-01T10:00:00Z' } as const;
    expect(from(later, {})).toMatchObject({ isFinding: false });
    expect(from({}, { ...later, verdict: 'unsure' })).toBeUndefined();
  });

  it('does not count on the day it was given, nor when nobody knows when that was', () => {
    expect(from({ marked_at: '2026-01-02T00:00:01Z' })).toBeUndefined();
    expect(from({ marked_at: '2026-01-02T00:00:00Z' })).toBeDefined();
    expect(from({ marked_at: 'once' })).toBeUndefined();
  });

  it('does not count when somebody gave it on his own change, in whatever case', () => {
    expect(from({ subject: 'Boss@Example.com' })).toBeUndefined();
    expect(from({ subject: 'clerk@example.com' })).toBeDefined();
  });
});

describe('the sitting of an event', () => {
  const at = (minute: number, person: string | null, key = `${person} ${minute}`) => ({
    key,
    at: minute * 60_000,
    person,
  });

  it('lasts until half an hour passed without a change of that person, whoever else does something meanwhile', () => {
    const [first, ben, second, third, nobody, alsoNobody] = sittingNames([
      at(0, 'ann'),
      at(1, 'ben'),
      at(30, 'ann'),
      at(61, 'ann'),
      at(61, null, 'a'),
      at(61, null, 'b'),
    ]);
    expect(second).toBe(first);
    expect(new Set([first, ben, third, nobody, alsoNobody]).size).toBe(5);
  });

  it('is not torn apart by a clock that runs back', () => {
    expect(new Set(sittingNames([at(40, 'ann'), at(5, 'ann'), at(60, 'ann')])).size).toBe(1);
  });
});

describe('a training', () => {
  const learned = (given: readonly ReviewedEvent[], champion: RiskEngine | null = null): Learned =>
    learn({ lesson, labels: labelsOf(given, LATER), champion, seed: 3 });

  it('without labels says how strange an event is, and is put in force when it is steady', () => {
    const { engine, promote, gates, metrics } = learned([]);
    expect(promote).toBe(true);
    expect(gates.map(({ name }) => name)).toEqual(['figures', 'steady', 'size']);
    expect(engine.knowsRisk).toBe(false);
    expect(metrics).toMatchObject({ auc: null, findings_compared: 0 });
  });

  it('with labels finds rule points, which are in force without a model, to be worse; and the same again', () => {
    const one = learned(verdicts());
    expect(one.metrics['auc']).toBeGreaterThan(0.8);
    expect(one.metrics['ap']).toBeGreaterThan(one.metrics['champion_ap'] ?? 1);
    expect(one.data).toMatchObject({ events: stream.events.length });
    // The small world has too few incidents in its newest weeks to put a probability in force.
    expect(one.gates.filter(({ name }) => name === 'risk').length > 0).toBe(!one.engine.knowsRisk);
    expect(JSON.stringify(learned(verdicts()))).toBe(JSON.stringify(one));
  });

  it('does not replace a champion that knows a risk by one that knows none, or is only as good', () => {
    const champion = RiskEngine.fit({
      ...{ features: Object.keys(featuresNamed()), values: lesson.values },
      labels: stream.truth.map(({ label }) => label),
      incidents: stream.truth.map(({ incident }) => incident),
      categories: stream.truth.map(() => null),
    });
    for (const given of [[], verdicts()]) {
      const { promote, gates } = learned(given, champion);
      expect(promote).toBe(false);
      expect(gates.some(({ passed }) => !passed)).toBe(true);
      for (const { because } of gates) expect(because).toMatch(/^[A-Z].*\.$/u);
    }
  });

  it('is not taught by a person about himself, though the verdict does not say whose change it was', () => {
    const [first, second] = stream.truth.filter(({ label }) => label === 1);
    const { changed_by } = stream.events.find((event) => event.event_key === first!.event_key)!;
    const own = { ...review, event_key: first!.event_key, reviewer: changed_by! };
    expect(learned([own, { ...review, event_key: second!.event_key }]).data.labelled).toBe(1);
  });

  it('takes a sitting for one incident where a reviewer named none, and what was named for what it was called', () => {
    const busy = sittingNames(lesson.events);
    const sizes = new Map<string, string[]>();
    lesson.events.forEach(({ key }, row) => sizes.set(busy[row]!, [...(sizes.get(busy[row]!) ?? []), key]));
    const [one, other] = [...sizes.values()].filter(({ length }) => length > 3);
    const said = (key: string, incident: string | null): ReviewedEvent => ({ ...review, event_key: key, incident });
    const unnamed = [...one!.slice(0, 3), ...other!.slice(0, 2)].map((key) => said(key, null));
    expect(learned(unnamed).data).toMatchObject({ labelled: 5, incidents: 2 });
    expect(learned([...unnamed, said(one![3]!, 'INC-1')]).data).toMatchObject({ labelled: 6, incidents: 3 });
  });

  it('is refused with a reason where there are too few events', () => {
    const few = folded(lines.slice(0, 50)).newest();
    expect(() => learn({ lesson: few, labels: new Map(), champion: null, seed: 0 })).toThrow(BadNumbers);
  });

  it('learns from the newest events where there are more than it may hold', () => {
    const all = lesson;
    const few = folded(lines, TrailFold.begin(settings), new Lesson(700)).newest();
    expect(few.events).toEqual(all.events.slice(-700));
    expect(few.values).toEqual(all.values.slice(-few.values.length));
  });
});

function featuresNamed(): Record<string, true> {
  const [line] = stream.events;
  const event = TrailFold.begin(settings).read({ ...line!, kind: 'cell_changed' })!;
  return Object.fromEntries(Array.from(features(event, new RiskState()), (_, index) => [`f${index}`, true]));
}
