import { number, options, sheets, type ActionDefinition, type Fields, type NodeDefinition } from '../../lib/define';
import { alertNode } from '../../nodes/alert';
import { auditMetrics } from '../../nodes/audit-metrics';
import { auditTrail } from '../../nodes/audit-trail';
import { billingRules } from '../../nodes/billing-rules';
import { riskScore } from '../../nodes/risk-score';
import { smartsheetTrigger } from '../../nodes/smartsheet-trigger';

/** Which of the two credentials a node asks for. */
export type Needs = 'smartsheet' | 'store';

/** How n8n shows a node: the definition, and what only n8n asks or leaves out. */
export interface N8nNode {
  readonly definition: Pick<NodeDefinition, 'name' | 'title' | 'summary' | 'version'> & { readonly fields: Fields };
  readonly kind: 'action' | 'webhook' | 'poll';
  readonly needs: readonly Needs[];
  /** Under the node's name in the canvas: an expression over its parameters. */
  readonly subtitle: string;
  /** Names of outputs, as people read them; more than one only where the definition has more. */
  readonly outputs: readonly string[];
  /** In place of the definition's fields, or beside them. */
  readonly fields: Fields;
  /** Words by which people look for it. */
  readonly alias: readonly string[];
  /** `nodes/<folder>/index.ts` and the name it exports there, for an action. */
  readonly module?: { readonly folder: string; readonly exported: string };
  /** Whose help and icon it has. */
  readonly folder: string;
}

const ALIAS = ['Billing Audit', 'Smartsheet', 'audit'];

/** Smartsheet Trigger takes callbacks; what is in them is found out by Smartsheet Changes Trigger. */
const smartsheetCallbacks: N8nNode = {
  definition: {
    ...smartsheetTrigger,
    summary: 'Takes callbacks of Smartsheet: checks their signature and keeps each in the store before answering',
  },
  kind: 'webhook',
  needs: ['smartsheet', 'store'],
  subtitle: '={{ ($parameter["sheets"]["sheet"] || []).length + " sheets, by webhook" }}',
  outputs: ['Callback'],
  fields: { sheets: smartsheetTrigger.fields.sheets },
  alias: [...ALIAS, 'webhook'],
  folder: 'smartsheet-trigger',
};

const smartsheetChanges: N8nNode = {
  definition: {
    name: 'smartsheet-changes-trigger',
    version: 1,
    title: 'Smartsheet Changes Trigger',
    summary: 'Starts the workflow for each change in a sheet: who changed which cell, when, from what to what',
    fields: {},
  },
  kind: 'poll',
  needs: ['smartsheet', 'store'],
  subtitle: '={{ ($parameter["sheets"]["sheet"] || []).length + " sheets" }}',
  outputs: ['Changes'],
  fields: {
    sheets: sheets({ label: 'Sheets', many: true, required: true }),
    reading: options({
      label: 'Who reads the sheets',
      hint: 'A Billing Audit server does so within seconds, where one stands behind the store and watches these sheets.',
      default: 'here',
      options: [
        { value: 'here', label: 'This workflow' },
        { value: 'server', label: 'The Billing Audit server' },
      ],
    }),
    most: number({
      label: 'At most',
      hint: 'Changes given at a time. The rest comes with the next poll.',
      default: 500,
      min: 1,
      max: 1000,
      integer: true,
      more: true,
    }),
  },
  alias: [...ALIAS, 'poll', 'cell', 'row'],
  folder: 'smartsheet-trigger',
};

function action(
  definition: ActionDefinition,
  exported: string,
  { subtitle, fields = {}, outputs }: { subtitle: string; fields?: Fields; outputs: readonly string[] },
): N8nNode {
  return {
    definition,
    kind: 'action',
    needs: ['store'],
    subtitle,
    outputs,
    fields: { ...definition.fields, ...fields },
    alias: ALIAS,
    module: { folder: definition.name, exported },
    folder: definition.name,
  };
}

const OPERATION = '={{ $parameter["operation"] }}';

/** In n8n people often have their own way of sending mail: the mail is then given, not put into the outbox. */
const alertDelivery = options({
  label: 'Who sends the mail',
  hint: 'The outbox of the store is emptied by a Billing Audit server: grouped, capped and never twice. Without one let the next node send it, such as Send Email.',
  default: 'item',
  options: [
    { value: 'item', label: 'The next node' },
    { value: 'outbox', label: 'The outbox of the store' },
  ],
});

/** Every node of the n8n package, in the order in which the documentation shows them. */
export const n8nNodes: readonly N8nNode[] = [
  smartsheetCallbacks,
  smartsheetChanges,
  action(billingRules, 'billingRules', { subtitle: OPERATION, outputs: ['Judged'] }),
  action(riskScore, 'riskScore', {
    subtitle: '={{ "high risk from " + $parameter["highRiskFrom"] }}',
    outputs: ['Scored', 'High Risk'],
  }),
  action(auditTrail, 'auditTrail', { subtitle: OPERATION, outputs: ['Recorded'] }),
  action(alertNode, 'alertNode', {
    subtitle: '={{ $parameter["recipients"] || "nobody is told" }}',
    fields: { delivery: alertDelivery },
    outputs: ['Alert'],
  }),
  action(auditMetrics, 'auditMetrics', {
    subtitle: OPERATION,
    outputs: ['Cards', 'Timeline', 'Histogram', 'People', 'Sheets', 'Attention', 'Changes', 'Marked'],
  }),
];
