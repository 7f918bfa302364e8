import { auditTrail } from '../../nodes/audit-trail';
import { billingRules } from '../../nodes/billing-rules';
import { riskScore } from '../../nodes/risk-score';
import { type Fields, receive } from '../../lib/define';
import { BillingAuditError } from '../../lib/errors';
import { type AuditEvent, auditEventSchema } from '../../lib/event';
import { completeSettings } from '../../lib/settings';
import { fakePorts } from '../support/fake-ports';
import { defaultsOf } from '../support/params';
import { type ConformanceCase, conformanceCases } from './cases';

/** Runs one case as a host would: defaults under the node's fields, the input checked, the run awaited. */
async function outcomeOf({ node, settings, params, facts, now, input }: ConformanceCase): Promise<object> {
  const ports = fakePorts({
    settings: completeSettings({ shared: settings }),
    now,
    facts: {
      approvals: facts.approvals.map((approval, index) => ({ ...approval, id: String(index + 1) })),
      people: facts.people,
      earlier: facts.earlier,
      sheets: facts.sheets.map((sheet) => ({
        ...sheet,
        version: 1,
        row_count: sheet.rows.length,
        compared_at: null,
        rows: sheet.rows.map((row) => ({ ...row, version: 1, modified_at: null })),
      })),
      trail: facts.trail.map((event) => auditEventSchema.parse(event)),
    },
  });
  const filled = <F extends Fields>(fields: F) => ({ ...defaultsOf(fields), ...params });
  switch (node) {
    case 'billing-rules':
      return billingRules.run(receive(billingRules.input, input), filled(billingRules.fields), ports);
    case 'risk-score':
      return riskScore.run(receive(riskScore.input, input), filled(riskScore.fields), ports);
    case 'audit-trail':
      return auditTrail.run(receive(auditTrail.input, input), filled(auditTrail.fields), ports);
  }
}

const cases = conformanceCases();

describe('the conformance cases, through the pure functions', () => {
  it('has cases for every node', () => {
    expect(new Set(cases.map(({ node }) => node)).size).toBe(3);
    expect(cases.length).toBeGreaterThan(90);
    expect(new Set(cases.map(({ node, name }) => `${node} ${name}`)).size).toBe(cases.length);
  });

  it.each(cases.map((each) => [each.node, each.name, each] as const))('%s: %s', async (_node, _name, expected) => {
    const { error, output, says } = expected;
    const outcome = await outcomeOf(expected).catch((thrown: unknown) => thrown);
    if (error) {
      expect(outcome).toBeInstanceOf(BillingAuditError);
      const refused = outcome as BillingAuditError;
      expect(refused.code).toBe(error.code);
      expect(refused.hint).not.toBe('');
      for (const part of error.says) expect(refused.message).toContain(part);
      return;
    }
    if (outcome instanceof Error) throw outcome;
    const emitted = outcome as Record<string, AuditEvent | AuditEvent[] | undefined>;
    for (const [name, fields] of Object.entries(output ?? {})) {
      if (fields === null) expect(emitted[name]).toBeUndefined();
      else if (Array.isArray(fields))
        expect(emitted[name]).toEqual(fields.map((each) => expect.objectContaining(each)));
      else expect(emitted[name]).toMatchObject(fields);
    }
    const events = Object.values(emitted).flatMap((value) => value ?? []);
    for (const event of events) auditEventSchema.parse(event);
    const text = events.map(sentencesOf).join('\n');
    for (const part of says) expect(text).toContain(part);
  });
});

function sentencesOf({ issue_description, suggested_fix, reasons }: AuditEvent): string {
  return [issue_description, suggested_fix, ...reasons.map(({ because }) => because)].join(' ');
}
