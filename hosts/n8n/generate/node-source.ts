import { className, nodeName, SMARTSHEET_CREDENTIAL, STORE_CREDENTIAL } from '../names';
import type { N8nNode } from '../palette';
import { literal, Source } from './literal';
import { propertiesOf, type Pickers, type Property } from './properties';
import { described } from './words';

const MAIN = new Source('NodeConnectionTypes.Main');

/** Sheets and columns are listed by Smartsheet where the node has its credential, else by what the store has seen. */
const PICKERS: Readonly<Record<'smartsheet' | 'store', Pickers>> = {
  smartsheet: { sheets: 'searchSheets', columns: 'listKnownColumns' },
  store: { sheets: 'searchKnownSheets', columns: 'listKnownColumns' },
};

/** The generated `.node.ts`: n8n's own form, with literal descriptions, over one call into the runtime. */
export function nodeSource(node: N8nNode, root: string): string {
  const parts = PARTS[node.kind](node);
  const imports = [
    `import type { ${[...parts.types, 'INodeType', 'INodeTypeDescription'].toSorted().join(', ')} } from 'n8n-workflow';`,
    `import { NodeConnectionTypes } from 'n8n-workflow';`,
    ...parts.imports(root),
  ];
  return [
    imports.join('\n'),
    '',
    `export class ${className(node.definition)} implements INodeType {`,
    `description: INodeTypeDescription = ${literal(description(node, parts.description))};`,
    '',
    ...parts.members,
    '}',
    '',
  ].join('\n');
}

interface Parts {
  readonly types: readonly string[];
  readonly imports: (root: string) => readonly string[];
  readonly description: Property;
  readonly members: readonly string[];
}

const PARTS: Readonly<Record<N8nNode['kind'], (node: N8nNode) => Parts>> = {
  action: actionParts,
  webhook: webhookParts,
  poll: pollParts,
};

function description(node: N8nNode, own: Property): Property {
  const { definition, subtitle, outputs, needs } = node;
  const icon = className(definition);
  return {
    displayName: definition.title,
    name: nodeName(definition),
    icon: { light: `file:${icon}.svg`, dark: `file:${icon}.dark.svg` },
    group: [node.kind === 'action' ? 'transform' : 'trigger'],
    version: definition.version,
    subtitle,
    description: described(definition.summary),
    defaults: { name: definition.title },
    ...(node.kind === 'action' && { usableAsTool: true }),
    inputs: node.kind === 'action' ? [MAIN] : [],
    outputs: outputs.map(() => MAIN),
    ...(outputs.length > 1 && { outputNames: [...outputs] }),
    credentials: needs.map((need) => ({
      name: need === 'store' ? STORE_CREDENTIAL : SMARTSHEET_CREDENTIAL,
      required: true,
      ...(node.kind === 'poll' && need === 'smartsheet' && { displayOptions: { show: { reading: ['here'] } } }),
    })),
    ...own,
    properties: propertiesOf(node.fields, pickersOf(node)),
  };
}

function pickersOf({ needs }: N8nNode): Pickers {
  return PICKERS[needs.includes('smartsheet') ? 'smartsheet' : 'store'];
}

function actionParts(node: N8nNode): Parts {
  const { folder, exported } = node.module ?? { folder: node.folder, exported: '' };
  const methods = listMethods(node);
  return {
    types: ['IExecuteFunctions', 'INodeExecutionData'],
    imports: (root) => [
      `import { executeNode } from '${root}/hosts/n8n/runtime/execute-node';`,
      ...(methods.length ? [`import * as pickers from '${root}/hosts/n8n/runtime/pickers';`] : []),
      `import { ${exported} } from '${root}/nodes/${folder}';`,
    ],
    description: {},
    members: [
      ...methods,
      `async execute(this: IExecuteFunctions): Promise<INodeExecutionData[][]> {`,
      `return executeNode(this, ${exported}, { options: ${literal(optionalNames(node))} });`,
      `}`,
    ],
  };
}

function webhookParts(node: N8nNode): Parts {
  return {
    types: ['IHookFunctions', 'IWebhookFunctions', 'IWebhookResponseData'],
    imports: (root) => [
      `import * as hooks from '${root}/hosts/n8n/runtime/hooks';`,
      `import { answerCallback } from '${root}/hosts/n8n/runtime/answer-callback';`,
      `import * as pickers from '${root}/hosts/n8n/runtime/pickers';`,
    ],
    description: {
      eventTriggerDescription: 'Waiting for Smartsheet to call: change a cell of a chosen sheet',
      activationMessage: 'Smartsheet calls this workflow from now on. Changes are given by Smartsheet Changes Trigger.',
      webhooks: [
        { name: 'default', httpMethod: 'POST', responseMode: 'onReceived', responseData: '', path: 'webhook' },
      ],
    },
    members: [
      ...listMethods(node),
      `webhookMethods = {`,
      `default: {`,
      `async checkExists(this: IHookFunctions): Promise<boolean> { return hooks.hooksExist(this); },`,
      `async create(this: IHookFunctions): Promise<boolean> { return hooks.createHooks(this); },`,
      `async delete(this: IHookFunctions): Promise<boolean> { return hooks.deleteHooks(this); },`,
      `},`,
      `};`,
      '',
      `async webhook(this: IWebhookFunctions): Promise<IWebhookResponseData> {`,
      `return answerCallback(this);`,
      `}`,
    ],
  };
}

function pollParts(node: N8nNode): Parts {
  return {
    types: ['INodeExecutionData', 'IPollFunctions'],
    imports: (root) => [
      `import * as pickers from '${root}/hosts/n8n/runtime/pickers';`,
      `import { pollChanges } from '${root}/hosts/n8n/runtime/poll-changes';`,
    ],
    description: { polling: true },
    members: [
      ...listMethods(node),
      `async poll(this: IPollFunctions): Promise<INodeExecutionData[][] | null> {`,
      `return pollChanges(this);`,
      `}`,
    ],
  };
}

/** The methods behind a form's pickers, where it has any. */
function listMethods(node: N8nNode): readonly string[] {
  const kinds = new Set(Object.values(node.fields).map(({ kind }) => kind));
  const { sheets, columns } = pickersOf(node);
  const search = kinds.has('sheets') ? [`listSearch: { ${sheets}: pickers.${sheets} },`] : [];
  const load = kinds.has('columns') ? [`loadOptions: { ${columns}: pickers.${columns} },`] : [];
  return search.length + load.length === 0 ? [] : ['methods = {', ...search, ...load, '};', ''];
}

function optionalNames(node: N8nNode): readonly string[] {
  const collection = propertiesOf(node.fields, pickersOf(node)).find(({ name }) => name === 'options');
  return ((collection?.['options'] ?? []) as readonly { readonly name: string }[]).map(({ name }) => name);
}
