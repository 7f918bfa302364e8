import { number, options, sheets, type ActionDefinition, type Fields, type NodeDefinition } from '../../lib/define';
import { accessLog } from '../../nodes/access-log';
import { alertNode } from '../../nodes/alert';
import { auditMetrics } from '../../nodes/audit-metrics';
import { auditTrail } from '../../nodes/audit-trail';
import { billingRules } from '../../nodes/billing-rules';
import { modelTraining } from '../../nodes/model-training';
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
  /** A file of `hosts/n8n/icons`, for a node that only n8n has: it must not look like another. */
  readonly icon?: string;
}

const ALIAS = ['Billing Audit', 'Smartsheet', 'audit'];

const SHEETS_CHOSEN = '($parameter["sheets"]["sheet"] || []).filter((each) => each.id && each.id.value !== "").length';
const FROM_WORKSPACES = '($parameter["workspaces"] ? " and workspaces" : "")';
const HOW_MANY_SHEETS = `(["no sheet", "1 sheet"][${SHEETS_CHOSEN}] || ${SHEETS_CHOSEN} + " sheets") + ${FROM_WORKSPACES}`;

/** Beside n8n's picker, which takes sheets from the list or by their ids. */
const WATCHED = 'Those whose changes are to be known. Both triggers of a workflow name the same ones.';

/** Smartsheet Trigger takes callbacks; what is in them is found out by Smartsheet Changes Trigger. */
const smartsheetCallbacks: N8nNode = {
  definition: {
    ...smartsheetTrigger,
    summary: 'Takes callbacks of Smartsheet: checks their signature and keeps each in the store before answering',
  },
  kind: 'webhook',
  needs: ['smartsheet', 'store'],
  subtitle: `={{ ${HOW_MANY_SHEETS} + ", by webhook" }}`,
  outputs: ['Callback'],
  fields: {
    sheets: { ...smartsheetTrigger.fields.sheets, hint: WATCHED },
    workspaces: {
      ...smartsheetTrigger.fields.workspaces,
      hint: 'Workspace IDs, with commas: all their sheets are watched too. New ones get their webhook by Smartsheet Changes Trigger.',
    },
    columns: smartsheetTrigger.fields.columns,
  },
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
  subtitle: `={{ ${HOW_MANY_SHEETS} }}`,
  outputs: ['Changes'],
  fields: {
    sheets: sheets({ label: 'Sheets', hint: WATCHED, many: true }),
    reading: options({
      label: 'Who reads the sheets',
      hint: 'A Billing Audit server does so within seconds, where one stands behind the store and watches these sheets.',
      default: 'here',
      options: [
        { value: 'here', label: 'This workflow' },
        { value: 'server', label: 'The Billing Audit server' },
      ],
    }),
    workspaces: {
      ...smartsheetTrigger.fields.workspaces,
      hint: 'Workspace IDs, with commas: all their sheets are watched too, and new ones within minutes.',
      showWhen: { field: 'reading', is: ['here'] },
    },
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
  icon: 'smartsheet-changes-trigger.svg',
};

function action(
  definition: ActionDefinition,
  exported: string,
  {
    subtitle = operationOf(definition),
    summary = definition.summary,
    fields = {},
    hints = {},
    without = [],
  }: {
    readonly subtitle?: string;
    /** In place of one that says what another host does. */
    readonly summary?: string;
    readonly fields?: Fields;
    /** In place of hints that speak of what n8n does not have. */
    readonly hints?: Readonly<Record<string, string>>;
    /** Fields for what only another host can do. */
    readonly without?: readonly string[];
  } = {},
): N8nNode {
  return {
    definition: { ...definition, summary },
    kind: 'action',
    needs: ['store'],
    subtitle,
    outputs: Object.keys(definition.outputs).map(inWords),
    fields: { ...withHints(leftOut(definition.fields, without), hints), ...fields },
    alias: ALIAS,
    module: { folder: definition.name, exported },
    folder: definition.name,
  };
}

/** `highRisk` as people read it: `High Risk`. */
function inWords(name: string): string {
  const spaced = name.replace(/([A-Z])/g, ' $1');
  return spaced.charAt(0).toUpperCase() + spaced.slice(1);
}

/** What the node does, in the words of its form. */
function operationOf({ fields }: ActionDefinition): string {
  const { operation } = fields;
  if (operation?.kind !== 'options') return '';
  const words = Object.fromEntries(operation.options.map(({ value, label }) => [value, label]));
  return `={{ (${JSON.stringify(words)})[$parameter["operation"]] }}`;
}

function leftOut(fields: Fields, names: readonly string[]): Fields {
  return Object.fromEntries(Object.entries(fields).filter(([name]) => !names.includes(name)));
}

function withHints(fields: Fields, hints: Readonly<Record<string, string>>): Fields {
  const told = Object.entries(hints).map(([name, hint]) => {
    const field = fields[name];
    if (!field) throw new Error(`There is no field ${name} whose hint could be replaced.`);
    return [name, { ...field, hint }] as const;
  });
  return { ...fields, ...Object.fromEntries(told) };
}

/** In n8n people often have their own way of sending mail: the mail is then given, not put into the outbox. */
const alertDelivery = options({
  label: 'Who sends the mail',
  hint: 'The next node, such as Send Email, gets each alert once, as an item. The outbox of the store is emptied by a Billing Audit server: grouped, capped, and tried again until it is sent. Either way each alert is told as it comes: how many findings a day people can look at is asked by the Alert node of a server.',
  default: 'item',
  options: [
    { value: 'item', label: 'The next node' },
    { value: 'outbox', label: 'The outbox of the store' },
  ],
});

/** What the next node sends goes at once, each alert by itself. */
const FROM_OUTBOX = { field: 'delivery', is: ['outbox'] } as const;

/** Every node of the n8n package, in the order in which the documentation shows them. */
export const n8nNodes: readonly N8nNode[] = [
  smartsheetCallbacks,
  smartsheetChanges,
  action(billingRules, 'billingRules', {
    // Without a sign-in of its own n8n takes nobody from anywhere: who approves is asked at once.
    fields: {
      approver: {
        ...billingRules.fields.approver,
        hint: 'The name of the person who approves, as your sign-in knows it.',
        more: false,
      },
      approverRole: {
        ...billingRules.fields.approverRole,
        hint: 'Only a manager or an admin may approve. Empty: this workflow vouches for a manager.',
        more: false,
      },
    },
    hints: {
      sheets: 'An item with a sheet_id of its own wins.',
    },
  }),
  action(riskScore, 'riskScore', {
    subtitle: '={{ "high risk from " + $parameter["highRiskFrom"] }}',
  }),
  // A sheet is written by a process that stays: by the server behind the store.
  action(auditTrail, 'auditTrail', { without: ['auditSheet', 'auditSheetId', 'auditSheetRows'] }),
  action(alertNode, 'alertNode', {
    subtitle: '={{ $parameter["recipients"] || "nobody is told" }}',
    summary: 'Says who is to be told of a change that matters, and gives the mail',
    // A cap needs one who decides all events in the order of the trail, and who sends in the morning what it held back: a
    // process that stays, the server behind the store. A workflow sees the items of its own run, and ends.
    without: ['findingsADay'],
    fields: {
      delivery: alertDelivery,
      mailsPerHour: { ...alertNode.fields.mailsPerHour, showWhen: FROM_OUTBOX },
      groupMinutes: { ...alertNode.fields.groupMinutes, showWhen: FROM_OUTBOX },
    },
    hints: { recipients: 'Mail addresses with commas. Without any nobody is mailed.' },
  }),
  action(accessLog, 'accessLog', {
    // A node of n8n works when an item comes; Event Reporting is read by a server.
    without: ['live', 'eventReporting', 'every'],
  }),
  action(auditMetrics, 'auditMetrics', {
    hints: { by: 'The name of the person who marks, as your sign-in knows it; a browser may send anything.' },
  }),
  action(modelTraining, 'modelTraining', {
    // A node of n8n works when an item comes: when it trains says the trigger before it.
    without: ['everyDays', 'afterLabels', 'onDrift'],
    hints: { by: 'The name of the person who moves it, as your sign-in knows it; a browser may send anything.' },
  }),
];
