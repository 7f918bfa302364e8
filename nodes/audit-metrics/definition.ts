import { z } from 'zod';
import { defineNode, wire } from '../../lib/define';
import { auditMetricsFields } from './fields';
import { forgetShown } from './shown';
import { metricsStatus, showMetrics } from './show';
import {
  alerts,
  cards,
  dead,
  histogram,
  judged,
  marked,
  page,
  patternsShown,
  people,
  seen,
  sheets,
  timeline,
} from './wires';

export const auditMetrics = defineNode({
  name: 'audit-metrics',
  version: 1,
  runs: 'anywhere',
  title: 'Audit Metrics',
  summary: 'Gives the numbers and tables of the dashboard, and records what people say about a change.',
  // A tick, a question or a verdict; the operation decides which, and checks it.
  input: wire('tick', z.unknown()),
  outputs: {
    cards,
    timeline,
    histogram,
    people,
    sheets,
    attention: page,
    changes: page,
    marked,
    alerts,
    seen,
    dead,
    judged,
    patterns: patternsShown,
  },
  credentials: [],
  fields: auditMetricsFields,
  example: {},
  run: showMetrics,
  begin: (_params, ports) => {
    forgetShown(ports);
    return Promise.resolve(() => Promise.resolve());
  },
  status: metricsStatus,
});
