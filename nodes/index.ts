import type { NodeDefinition } from '../lib/define';
import { smartsheet } from '../credentials/smartsheet';
import { auditTrail } from './audit-trail';
import { billingRules } from './billing-rules';
import { billingSettings } from './billing-settings';
import { riskScore } from './risk-score';
import { smartsheetTrigger } from './smartsheet-trigger';

/** Every node, in the order in which a palette shows them. */
export const nodes = [
  smartsheetTrigger,
  billingRules,
  riskScore,
  auditTrail,
  billingSettings,
] as const satisfies readonly NodeDefinition[];

/** The credentials that these nodes ask for. */
export const credentials = [smartsheet] as const;
