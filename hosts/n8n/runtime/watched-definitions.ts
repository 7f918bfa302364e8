import type { Fields, NodeDefinition } from '../../../lib/define';
import { alertNode } from '../../../nodes/alert';
import { auditTrail } from '../../../nodes/audit-trail';
import { billingRules } from '../../../nodes/billing-rules';
import { billingSettings } from '../../../nodes/billing-settings';
import { riskScore } from '../../../nodes/risk-score';
import { smartsheetTrigger } from '../../../nodes/smartsheet-trigger';

/** The trigger that only n8n has; a server that reads the sheets instead finds no less. */
export const CHANGES_TRIGGER: NodeDefinition = {
  ...smartsheetTrigger,
  name: 'smartsheet-changes-trigger',
  title: 'Smartsheet Changes Trigger',
  fields: {
    sheets: smartsheetTrigger.fields.sheets,
    workspaces: smartsheetTrigger.fields.workspaces,
  } as Fields as typeof smartsheetTrigger.fields,
};

/** Nodes whose change can weaken detection, and that stand in a workflow. */
export const WATCHED: readonly NodeDefinition[] = [
  CHANGES_TRIGGER,
  billingRules,
  riskScore,
  auditTrail,
  alertNode,
  billingSettings,
];
