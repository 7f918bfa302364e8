import {
  BadModel,
  BadNumbers,
  FEATURES as MADE,
  RecentRank,
  RiskEngine,
  type RiskEngineJson,
  type RiskReading,
  RiskScorer,
  RiskState,
  type TrainingRows,
} from '../../lib/risk';
import { defaultSettings } from '../../lib/settings';
import { normals } from './clouds';

const FEATURES = ['money', 'hour', 'pace'];

/** 600 ordinary events and 60 findings of two kinds: much money, or a strange hour at a great pace. */
function rows(labelled = true): TrainingRows {
  const normal = normals(2);
  const values = new Float64Array(660 * 3);
  const kind = (row: number): string | null => (row < 600 ? null : row < 630 ? 'inflation' : 'burst');
  for (let row = 0; row < 660; row += 1) {
    const found = kind(row);
    values.set(
      [
        normal() + (found === 'inflation' ? 5 : 0),
        normal() + (found === 'burst' ? 4 : 0),
        normal() + (found === 'burst' ? 4 : 0),
      ],
      row * 3,
    );
  }
  const list = Array.from({ length: 660 }, (_, row) => (labelled ? kind(row) : null));
  return {
    features: FEATURES,
    values,
    labels: list.map((found) => (found ? 1 : 0)),
    incidents: list.map((found, row) => (found ? `${found} ${Math.floor(row / 3)}` : null)),
    categories: list,
  };
}

describe('the risk engine', () => {
  const engine = RiskEngine.fit(rows()).calibratedOn(rows().values, rows().labels);

  it('says how risky, how strange, of what kind, and why', () => {
    const reading = engine.read([5.5, 0, 0]);
    expect(reading.risk).toBeGreaterThan(0.9);
    // One in twenty of the training events is like it, so it is not the strangest.
    expect(reading.anomaly).toBeGreaterThan(0.85);
    expect(reading.category).toBe('inflation');
    expect(reading.judgement?.contributions[0]?.feature).toBe('money');
    expect(reading.tails[0]?.feature).toBe('money');
    expect(engine.read([0, 4.2, 4.1]).category).toBe('burst');
    expect(engine.read([0, 0, 0]).risk).toBeLessThan(0.05);
  });

  it('weighs an event to the same figures, to the last bit, without words', () => {
    const stranger = RiskEngine.fit(rows(false));
    for (const values of [
      [5.5, 0, 0],
      [0, 4.2, 4.1],
      [0.1, NaN, -0.3],
    ]) {
      const { risk, anomaly, rank, judgement } = engine.read(values);
      expect(engine.weigh(values)).toEqual({ risk, anomaly, rank, logOdds: judgement?.logOdds });
      const alone = stranger.read(values);
      expect(stranger.weigh(values)).toEqual({ risk: null, anomaly: alone.anomaly, rank: alone.rank, logOdds: null });
    }
    expect(() => engine.weigh([1, 2])).toThrow(BadNumbers);
    expect(() => engine.weigh([1, Infinity, 2])).toThrow(BadNumbers);
  });

  it('ranks what is strange though labels call it harmless: an unknown kind is as likely as it is rare', () => {
    // Far below in money, as no finding ever was.
    const strange = engine.read([-9, 0, 0]);
    const ordinary = engine.read([0, 0, 0]);
    expect(strange.judgement!.logOdds).toBeLessThan(strange.judgement!.base);
    // 60 of 660 are findings.
    const unknown = (anomaly: number): number => 60 / 600 / (1 - anomaly);
    const odds = ({ rank }: RiskReading): number => Math.exp(rank);
    const known = (reading: RiskReading): number => Math.exp(reading.judgement!.logOdds);
    expect(odds(strange)).toBeCloseTo(known(strange) + unknown(strange.anomaly), 9);
    expect(strange.rank).toBeGreaterThan(ordinary.rank);
    // A call that is far above the usual ones, and no finding: it must not hide what is strange.
    expect(strange.rank).toBeGreaterThan(strange.judgement!.base + 2);
    expect(engine.withAnomalyShare(0).read([-9, 0, 0]).rank).toBe(strange.judgement!.logOdds);
    const risky = engine.read([5.5, 0, 0]);
    expect(odds(risky)).toBeCloseTo(known(risky) + unknown(risky.anomaly), 6);
    expect(risky.rank).toBeGreaterThan(strange.rank);
  });

  it('judges by strangeness alone without labels', () => {
    const reading = RiskEngine.fit(rows(false)).read([9, 9, 9]);
    expect(reading).toMatchObject({ risk: null, judgement: null, category: null });
    expect(reading.anomaly).toBeGreaterThan(0.95);
  });

  it('is the same, byte for byte, for the same data and seed, and judges alike after loading', () => {
    const text = JSON.stringify(engine);
    expect(JSON.stringify(RiskEngine.fit(rows()).calibratedOn(rows().values, rows().labels)) === text).toBe(true);
    expect(JSON.stringify(RiskEngine.fit(rows(), { seed: 1 })) === text).toBe(false);
    const loaded = RiskEngine.fromJSON(JSON.parse(text) as RiskEngineJson);
    expect(loaded.read([1, NaN, -2])).toEqual(engine.read([1, NaN, -2]));
  });

  it('refuses parts that do not belong together', () => {
    const json = JSON.parse(JSON.stringify(engine)) as RiskEngineJson;
    expect(() => RiskEngine.fromJSON({ ...json, features: ['one'] })).toThrow(BadModel);
    expect(() => RiskEngine.fromJSON({ ...json, version: 1 } as never)).toThrow(BadModel);
    expect(() => RiskEngine.fromJSON({ ...json, anomalyShare: null } as never)).toThrow(BadModel);
    expect(() => RiskEngine.fromJSON({ ...json, prior: null } as never)).toThrow(BadModel);
    expect(() => RiskEngine.fromJSON({ ...json, categories: { ...json.categories!, names: [] } })).toThrow(BadModel);
  });
});

describe('the rank among recent events', () => {
  const day = 86_400_000;

  it('moves over from training to the last 28 days, and forgets what is older', () => {
    const recent = new RecentRank(10);
    // A month in which everything is stranger than in training.
    for (let event = 0; event < 1000; event += 1) recent.take(event * 1000, 0.99);
    expect(recent.take(1_000_000, 0.9)).toBeLessThan(0.05);
    expect(recent.take(1_000_001, 0.999)).toBeGreaterThan(0.95);
    expect(recent.take(60 * day, 0.9)).toBeCloseTo(0.9, 9);
  });
});

describe('the scorer', () => {
  it('refuses a model that was trained on features of another version', () => {
    expect(() => new RiskScorer(RiskEngine.fit(rows()), new RiskState(), defaultSettings)).toThrow(
      /trained on 3 features, this version makes \d+, among them "off_hours" where it has another/u,
    );
  });

  it('refuses an event without a time, and is less sure of whom it has hardly seen', () => {
    const normal = normals(9);
    const values = Float64Array.from({ length: MADE.length * 60 }, normal);
    const none = Array.from({ length: 60 }, () => null);
    const engine = RiskEngine.fit({
      features: MADE,
      values,
      labels: none.map(() => 0),
      incidents: none,
      categories: none,
    });
    const scorer = new RiskScorer(engine, new RiskState(), defaultSettings);
    expect(() => scorer.score({ changed_at: 'never' })).toThrow(/has the time "never"/u);
    const at = (minute: number) => ({
      changed_at: new Date(minute * 60_000).toISOString(),
      changed_by: 'ann@example.com',
    });
    const first = scorer.score(at(0));
    expect(first).toMatchObject({ risk_score: null, confidence: 0, predicted_category: null, reasons: [] });
    for (let minute = 1; minute < 200; minute += 1) scorer.score(at(minute));
    expect(scorer.score(at(200)).confidence).toBeCloseTo(0.5, 9);
  });
});
