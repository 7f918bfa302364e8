import fastCheck from 'fast-check';
import { Cap, type CappedRule, type KnownSittings } from '../../lib/alerts/cap';
import { promisesOf, shownOf } from '../../lib/alerts/promise';
import type { AuditEvent } from '../../lib/event';
import { event } from './samples';

const NOW = Date.parse('2026-02-03T15:00:00.000Z');
const MINUTE = 60_000;
const instant = (at: number): string => new Date(at).toISOString();

const nothing: KnownSittings = { normal: [], open: [], told_today: {} };
const rule = (over: Partial<CappedRule> = {}): CappedRule => ({
  ...{ ruleId: 'node-1', riskFrom: 0.3, severityFrom: 'NONE', findingsADay: 2 },
  ...over,
});
/** Worth telling by its risk alone, and nothing that is always told. */
const mild = (person: string, risk_score: number, over: Partial<AuditEvent> = {}): AuditEvent =>
  event({
    ...{ changed_by: `${person}@example.com`, changed_at: instant(NOW), risk_score, severity: 'LOW', reasons: [] },
    ...{ violation_type: 'NONE', is_historical: false },
    ...over,
  });
/** 28 days of sittings: so many a day of each score. */
const history = (aDay: Readonly<Record<string, number>>, modelled = false): KnownSittings['normal'] =>
  Object.entries(aDay).map(([score, sittings]) => ({
    ...{ score: Number(score), modelled, sittings: sittings * 28 },
    first_at: instant(NOW - 28 * 24 * 60 * MINUTE + MINUTE),
  }));
const told = (cap: Cap, about: AuditEvent, by = rule()): 'told' | 'held' | 'nothing' => {
  const [found] = cap.decide(about, [by]);
  return found === undefined ? 'nothing' : found.decision.held ? 'held' : 'told';
};

describe('how many findings a day are told at once', () => {
  it('is what people said, by sittings: what one person goes on doing is the same finding', () => {
    const cap = new Cap(nothing, NOW);
    const later = (minutes: number) => ({ changed_at: instant(NOW + minutes * MINUTE) });
    expect(told(cap, mild('ana', 0.5))).toBe('told');
    expect(told(cap, mild('ana', 0.4, later(29)))).toBe('told');
    expect(told(cap, mild('ben', 0.5))).toBe('told');
    expect(told(cap, mild('cid', 0.6))).toBe('held');
    expect(told(cap, mild('ana', 0.5, later(59)))).toBe('told');
    expect(told(cap, mild('ana', 0.5, later(90)))).toBe('held');
    expect(told(cap, mild('dee', 0.2))).toBe('nothing');
  });

  it('never holds back what is always told, nor counts it', () => {
    const cap = new Cap({ ...nothing, told_today: { 'node-1': 2 } }, NOW);
    expect(told(cap, event({ changed_at: instant(NOW) }))).toBe('told');
    expect(told(cap, mild('ana', 0.7, { reasons: [{ factor: 'x', points: 70, because: 'x' }] }))).toBe('told');
    expect(told(cap, mild('ben', 0.6))).toBe('held');
    const fresh = new Cap(nothing, NOW);
    for (const person of ['x', 'y', 'z'])
      expect(told(fresh, event({ changed_by: `${person}@example.com` }))).toBe('told');
    expect(told(fresh, mild('ana', 0.5))).toBe('told');
  });

  it('goes on after a restart where the store says that it was', () => {
    const sitting = { person: 'ana@example.com', from: instant(NOW - 20 * MINUTE), to: instant(NOW - 10 * MINUTE) };
    const open = [{ ...sitting, events: 3, score: 0.5, told_by: ['node-1'] }];
    const cap = new Cap({ ...nothing, open, told_today: { 'node-1': 2 } }, NOW);
    expect(told(cap, mild('Ana', 0.4))).toBe('told');
    expect(told(cap, mild('ben', 0.6))).toBe('held');
  });

  it('tells the riskiest: what is less unusual than people have time for waits, though nothing was told yet', () => {
    const normal = history({ '0.1': 90, '0.5': 8, '0.65': 2 });
    const cap = new Cap({ ...nothing, normal }, NOW);
    expect(told(cap, mild('ana', 0.5))).toBe('held');
    expect(told(cap, mild('ben', 0.69))).toBe('told');
    expect(told(new Cap({ ...nothing, normal }, NOW), mild('ana', 0.5), rule({ findingsADay: 40 }))).toBe('told');
  });

  it('is no limit where none was given, and each rule has its own', () => {
    const cap = new Cap({ ...nothing, told_today: { 'node-1': 2 } }, NOW);
    const rules = [rule(), rule({ ruleId: 'free', findingsADay: null }), rule({ ruleId: 'other' })];
    const held = cap.decide(mild('ana', 0.5), rules).map(({ rule: { ruleId }, decision }) => [ruleId, decision.held]);
    expect(held).toEqual([
      ['node-1', true],
      ['free', false],
      ['other', false],
    ]);
  });

  it('is never passed, nor is anything dropped, whatever people do', () => {
    const act = fastCheck.record({
      person: fastCheck.constantFrom('ana', 'ben', 'cid', 'dee', 'eve'),
      risk: fastCheck.integer({ min: 30, max: 69 }),
      pause: fastCheck.integer({ min: 0, max: 50 }),
    });
    fastCheck.assert(
      fastCheck.property(
        fastCheck.array(act, { maxLength: 60 }),
        fastCheck.integer({ min: 1, max: 5 }),
        (acts, most) => {
          const cap = new Cap(nothing, NOW);
          const last = new Map<string, { at: number; told: boolean }>();
          let [now, findings] = [NOW, 0];
          for (const { person, risk, pause } of acts) {
            now += pause * MINUTE;
            const about = mild(person, risk / 100, { changed_at: instant(now) });
            const outcome = told(cap, about, rule({ findingsADay: most }));
            expect(outcome).not.toBe('nothing');
            const before = last.get(person);
            const goesOn = before !== undefined && now - before.at <= 30 * MINUTE;
            if (outcome === 'told' && !(goesOn && before.told)) findings += 1;
            last.set(person, { at: now, told: outcome === 'told' || (goesOn && before.told) });
          }
          expect(findings).toBeLessThanOrEqual(most);
        },
      ),
    );
  });
});

describe('with a model', () => {
  const normal = history({ '0.001': 60, '0.01': 39, '0.05': 1 }, true);
  const modelled = (risk: number) => mild('ana', risk, { anomaly_score: 0.9 });

  it('tells what is rare among sittings, though no rule asks for it, and says how rare', () => {
    const cap = new Cap({ ...nothing, normal }, NOW);
    const [found] = cap.decide(modelled(0.06), [rule({ riskFrom: 1 })]);
    expect(found?.decision).toMatchObject({ always: false, held: false, why: [{ code: 'sitting' }] });
    expect(found?.decision.why[0]?.because).toMatch(/^It is riskier than (99\.9|100) % of what people did/u);
    expect(told(new Cap({ ...nothing, normal }, NOW), modelled(0.01), rule({ riskFrom: 1 }))).toBe('nothing');
  });

  it('compares its scores with its own, not with rule points', () => {
    const points = { ...nothing, normal: history({ '0.4': 100 }) };
    expect(told(new Cap(points, NOW), modelled(0.06), rule({ riskFrom: 1 }))).toBe('nothing');
    expect(told(new Cap(points, NOW), modelled(0.35))).toBe('told');
  });
});

describe('the promise', () => {
  const counted = {
    rule_id: 'node-1',
    findings_a_day: 2,
    risk_from: 0.3,
    told_today: 1,
    held_today: 4,
    severity_from: 'NONE',
  } as const;
  const problem = { score: 0.6, modelled: false, risk: 0.6, severity: 'NONE', always: false, told: false } as const;

  it('says how many past problems the setting would have shown, and what share was told', () => {
    const normal = history({ '0.1': 90, '0.5': 8, '0.65': 2 });
    const problems = [
      { ...problem, score: 0.69 },
      { ...problem, score: 0.5 },
      { ...problem, score: 0.1, risk: 0.1, always: true },
      { ...problem, score: 0.2, risk: 0.2, told: true },
    ];
    const [kept] = promisesOf({ normal, problems, rules: [{ ...counted, told_normal: 28 }] }, NOW);
    expect(kept).toMatchObject({ problems: 4, shown: 2, sittings: 2800, realised: 0.01, held_today: 4 });
    expect(kept?.promised).toBeCloseTo(0.02, 3);
    const rules = [{ ...counted, findings_a_day: 30, told_normal: 0 }];
    expect(promisesOf({ normal, problems, rules }, NOW)).toMatchObject([{ shown: 4 }]);
  });

  it('counts for another setting what that asks for, though the rule of then told more', () => {
    const problems = [
      { ...problem, told: true },
      { ...problem, risk: 0.1, severity: 'MEDIUM', told: true } as const,
      // It is strange, which is no risk that a limit is compared with.
      { ...problem, risk: null, modelled: true, told: true },
      { ...problem, risk: 0.1, always: true },
    ];
    const shown = (risk_from: number, severity_from: 'LOW' | 'MEDIUM' | 'HIGH' | 'NONE') =>
      shownOf({ normal: [], problems }, { findings_a_day: 20, risk_from, severity_from }, NOW);
    expect(shown(0.3, 'MEDIUM')).toEqual({ shown: 3, problems: 4 });
    expect(shown(0.3, 'HIGH')).toEqual({ shown: 2, problems: 4 });
    expect(shown(0.9, 'LOW')).toEqual({ shown: 2, problems: 4 });
    expect(shown(0.9, 'NONE')).toEqual({ shown: 1, problems: 4 });
  });

  it('counts for a rule in force what its severity asks for', () => {
    const problems = [{ ...problem, risk: 0.1, severity: 'HIGH' } as const];
    const rule = { ...counted, risk_from: 0.9, told_normal: 0 };
    expect(promisesOf({ normal: [], problems, rules: [rule] }, NOW)).toMatchObject([{ shown: 0 }]);
    const rules = [{ ...rule, severity_from: 'HIGH' } as const];
    expect(promisesOf({ normal: [], problems, rules }, NOW)).toMatchObject([{ shown: 1 }]);
  });

  it('promises nothing where too little is known, or all may be told', () => {
    const rules = [{ ...counted, told_normal: 0 }];
    expect(promisesOf({ normal: [], problems: [], rules }, NOW)).toMatchObject([
      { promised: null, realised: null, problems: 0, shown: 0 },
    ]);
    expect(promisesOf({ normal: history({ '0.1': 1 }), problems: [problem], rules }, NOW)).toMatchObject([
      { promised: null, shown: 1 },
    ]);
  });
});
