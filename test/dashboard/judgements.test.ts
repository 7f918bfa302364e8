import type { Ports } from '../../lib/ports';
import { auditMetrics } from '../../nodes/audit-metrics';
import { defaultsOf } from '../support/params';
import { AskedStore, NOW } from './asked-store';
import { alarming } from './events';

const defaults = defaultsOf(auditMetrics.fields);

let store: AskedStore;
beforeEach(() => {
  store = new AskedStore();
});

const show = (ports: Ports, over: Partial<typeof defaults> = {}, input: unknown = {}) =>
  auditMetrics.run(input, { ...defaults, ...over }, ports);

describe('a judgement', () => {
  const by = { by: 'a@example.com', role: 'auditor' };
  const judge = (input: unknown) => show(store.ports(), { operation: 'judge', ...by }, input);

  it('takes the event, the choice and what is said about it from the message, and nothing else', async () => {
    const said = { event_key: 'k:1', verdict: 'true', note: 'no ticket', category: 'price_inflation' };
    const { judged } = await judge({ ...said, incident: '', by: 'The Owner', role: 'admin' });
    expect(store.judged).toEqual([{ ...said, ...by }]);
    expect(judged).toMatchObject({ verdict: 'true', by: 'a@example.com', when: 'Tue 3 Feb 2026, 12:00' });
  });

  it.each([{}, { event_key: 'k:1', verdict: true }, { event_key: 'k:1', verdict: 'true', category: 'Not one' }, null])(
    'refuses %j, and records nothing',
    async (input) => {
      await expect(judge(input)).rejects.toMatchObject({ code: 'wrong_message_type' });
      expect(store.judged).toEqual([]);
    },
  );

  it('stands beside its event on every page, and beside its alert', async () => {
    const { event_key } = alarming(1);
    const said = {
      event_key,
      verdict: 'unsure',
      by: 'a@example.com',
      note: '',
      incident: null,
      category: null,
    } as const;
    store.judgedBefore = [{ ...said, marked_at: '2026-02-03T18:00:00.000Z' }];
    store.events = [alarming(1), alarming(2)];
    const raised_at = '2026-02-03T17:00:00.000Z';
    store.raised = [{ event_key, raised_at, severity: 'HIGH', notice: null, event: alarming(1) }];
    const judgement = { verdict: 'unsure', by: 'a@example.com', when: 'Tue 3 Feb 2026, 12:00' };
    const rows = [{ judgement }, { judgement: null }];
    expect(await show(store.ports())).toMatchObject({ attention: { rows }, alerts: { latest: [{ judgement }] } });
    for (const operation of ['attention', 'changes'] as const)
      expect(await show(store.ports(), { operation }, {})).toMatchObject({ [operation]: { rows } });
    const one = await show(store.ports(), { operation: 'changes' }, { event: event_key });
    expect(one).toMatchObject({ changes: { rows: [{ judgement }] } });
  });
});

it('tells what the number of findings a day promises, and how it turned out', async () => {
  const first_at = new Date(NOW - 86_400_000).toISOString();
  const rule = { rule_id: 'n', findings_a_day: 20, risk_from: 0.7, severity_from: 'HIGH' } as const;
  store.counted = {
    normal: [{ score: 0.1, modelled: false, sittings: 50, first_at }],
    problems: [{ score: 0.6, modelled: false, risk: 0.6, severity: 'NONE', always: true, told: true }],
    rules: [{ ...rule, told_today: 3, held_today: 4, told_normal: 1 }],
  };
  const { cards } = await show(store.ports());
  const counts = { findings_a_day: 20, told_today: 3, held_today: 4, sittings: 50, problems: 1, shown: 1 };
  expect(cards).toMatchObject({ promises: [{ ...counts, promised: 0.4, realised: 0.02 }] });
});
