import { z } from 'zod';
import { defineNode, wire } from '../../lib/define';
import { auditEvent } from '../../lib/event';
import { applyRules, judgedStatus } from './apply';
import { exampleChange } from './example';
import { billingRulesFields } from './fields';

export const billingRules = defineNode({
  name: 'billing-rules',
  version: 1,
  runs: 'anywhere',
  title: 'Billing Rules',
  summary: 'Says whether a change to a billing sheet was allowed: closed weeks, approvals, dates, amounts.',
  // A change, an approval, or when checking sheets whatever says "now"; the operation decides which, and checks it.
  input: wire('change', z.unknown()),
  outputs: { judged: auditEvent },
  credentials: [],
  fields: billingRulesFields,
  guards: { when: { field: 'operation', is: ['judge'] } },
  example: exampleChange,
  run: applyRules,
  status: judgedStatus,
});
