import { defineNode } from '../../lib/define';
import { auditEvent } from '../../lib/event';
import { exampleEvent } from '../billing-rules';
import { riskScoreFields } from './fields';
import { score } from './score';

export const riskScore = defineNode({
  name: 'risk-score',
  version: 1,
  runs: 'anywhere',
  title: 'Risk Score',
  summary: 'Says how risky a change to a billing sheet is, and why.',
  input: auditEvent,
  outputs: { scored: auditEvent, highRisk: auditEvent },
  credentials: [],
  fields: riskScoreFields,
  guards: {},
  example: exampleEvent,
  run: score,
  status: ({ scored, highRisk }) => {
    const [event] = scored === undefined ? [] : [scored].flat();
    const text = event ? `risk ${(event.risk_score ?? 0).toFixed(2)}` : 'nothing scored';
    return { state: highRisk ? 'warning' : 'ok', text };
  },
});
