import { exampleEvent } from '../../nodes/billing-rules';
import { DOCUMENTED_WEIGHTS, riskScore } from '../../nodes/risk-score';
import type { AuditEvent } from '../../lib/event';
import { fakePorts } from '../support/fake-ports';
import { defaultsOf } from '../support/params';

const params = defaultsOf(riskScore.fields);
const quiet: AuditEvent = { ...exampleEvent, is_historical: false, delta: '1', old_value: '500', new_value: '501' };

async function scoreOf(event: AuditEvent, ports = fakePorts(), over: object = {}): Promise<AuditEvent> {
  const { scored } = await riskScore.run(event, { ...params, ...over }, ports);
  const [only] = [scored].flat();
  if (only === undefined) throw new Error('nothing was scored');
  return only;
}

/** Times, in seconds before the event, at which the same person changed something. */
const busyAt = (...seconds: number[]) =>
  fakePorts({
    facts: {
      earlier: seconds.map((before) => ({
        changed_by: 'clerk@example.com',
        changed_at: new Date(Date.parse(quiet.changed_at) - before * 1000).toISOString(),
      })),
    },
  });

describe('the score', () => {
  it('counts the tenth change of five minutes as rapid and the ninth not', async () => {
    const nine = [10, 20, 30, 40, 50, 60, 70, 80, 299];
    const tenth = await scoreOf(quiet, busyAt(...nine));
    expect(tenth).toMatchObject({ risk_score: 0.35, reasons: [{ factor: 'rapid_changes', points: 35 }] });
    expect(tenth.reasons[0]?.because).toBe('It was one of 10 changes by this person within 5 min.');
    expect((await scoreOf(quiet, busyAt(...nine.slice(1)))).risk_score).toBe(0);
    expect((await scoreOf(quiet, busyAt(...nine.slice(1), 300))).risk_score).toBe(0);
  });

  it('does not call the hour of what nobody chose to do unusual', async () => {
    const changed_at = '2026-07-05T05:30:00.000Z';
    const factorsOf = async (event: AuditEvent): Promise<string[]> =>
      (await scoreOf(event)).reasons.map(({ factor }) => factor);
    expect(await factorsOf({ ...quiet, changed_at })).toEqual(['outside_business_hours', 'weekend']);
    const byNobody = { ...quiet, changed_at, changed_by: null, changed_by_kind: 'unknown' as const };
    for (const kind of ['watch_gap', 'sheet_checked'] as const)
      expect(await factorsOf({ ...byNobody, kind, is_historical: null })).toEqual([]);
  });

  it('has the documented points', () => {
    expect(DOCUMENTED_WEIGHTS).toEqual({
      outside_business_hours: 30,
      weekend: 20,
      holiday: 25,
      low_access_level: 20,
      overdue_review: 25,
      inactive_account: 40,
      locked_week: 40,
      large_change: 30,
      rapid_changes: 35,
    });
  });

  it('never leaves 0 to 1, whatever the points', async () => {
    for (const points of [0, 0.01, 33.333333, 100]) {
      const weights = Object.fromEntries(Object.keys(DOCUMENTED_WEIGHTS).map((factor) => [factor, points]));
      const { risk_score } = await scoreOf({ ...exampleEvent, changed_at: '2026-07-04T05:30:00.000Z' }, fakePorts(), {
        weights,
      });
      expect(risk_score).toBeGreaterThanOrEqual(0);
      expect(risk_score).toBeLessThanOrEqual(1);
      expect(risk_score).toBe(Number((risk_score ?? NaN).toFixed(6)));
    }
  });

  it.each([NaN, -1, 101, Infinity])('refuses %d points for a factor', async (points) => {
    await expect(scoreOf(quiet, fakePorts(), { weights: { weekend: points } })).rejects.toMatchObject({
      code: 'bad_setting',
      field: 'Points for Weekend',
    });
  });

  it('leaves the rest of the event as it was', async () => {
    const { risk_score, reasons, unknown_facts, ...rest } = await scoreOf(exampleEvent);
    expect(exampleEvent).toMatchObject(rest);
    expect([risk_score, reasons.length, unknown_facts.length]).toEqual([0.7, 2, 3]);
  });

  it('is shown under the node, as a warning when it is high', async () => {
    const emitted = await riskScore.run(exampleEvent, params, fakePorts());
    expect(riskScore.status?.(emitted)).toEqual({ state: 'warning', text: 'risk 0.70' });
    expect(riskScore.status?.(await riskScore.run(quiet, params, fakePorts()))).toEqual({
      state: 'ok',
      text: 'risk 0.00',
    });
  });
});
