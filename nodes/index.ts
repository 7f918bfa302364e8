import type { NodeDefinition } from '../lib/define';
import { smartsheet } from '../credentials/smartsheet';
import { alertChannel, smtp } from '../credentials/smtp';
import { accessLog } from './access-log';
import { alertNode } from './alert';
import { auditMetrics } from './audit-metrics';
import { auditTrail } from './audit-trail';
import { billingRules } from './billing-rules';
import { billingSettings } from './billing-settings';
import { modelTraining } from './model-training';
import { riskScore } from './risk-score';
import { smartsheetTrigger } from './smartsheet-trigger';

/** Every node, in the order in which a palette shows them. */
export const nodes = [
  smartsheetTrigger,
  billingRules,
  riskScore,
  auditTrail,
  alertNode,
  accessLog,
  auditMetrics,
  modelTraining,
  billingSettings,
] as const satisfies readonly NodeDefinition[];

/** The credentials that these nodes ask for. */
export const credentials = [smartsheet, smtp, alertChannel] as const;
