import type { CredentialDefinition, Field, Fields, NodeDefinition } from '../lib/define';
import { settingVariables } from '../lib/settings';
import { credentials, nodes } from '../nodes';
import { n8nCredentials, type N8nCredential } from './n8n/generate/credentials';
import { arranged, propertiesOf, type Property } from './n8n/generate/properties';
import { nodeName } from './n8n/names';
import { n8nNodes, type N8nNode } from './n8n/palette';
import { arrange } from './node-red/editor/dialog';
import { credentialType, nodeType } from './node-red/names';

const NONE = '–';
const HEAD = ['field', 'kind', 'default', 'in Node-RED', 'in n8n', 'expression', 'environment', 'left empty'];

/** The page `docs/palettes.md`: every node and every field of both palettes, as the definitions say now. */
export function palettesPage(): string {
  const all = nodes as readonly NodeDefinition[];
  return [
    '# Every node and field, in both palettes',
    '',
    '<!-- Generated from the definitions. Change them, then run: node scripts/build/palettes-page.mjs -->',
    '',
    'A field is _shown_ when its dialog opens, or waits under _More_ (Node-RED) or _Options_ (n8n). _Expression_: the field takes the expressions of that host. _Environment_: the variable that is read where the field is empty; n8n lends nodes none. _Left empty_: the shared setting that is used then, of the _Billing settings_ in Node-RED and of the store credential in n8n.',
    '',
    ...all.flatMap(nodeSection),
    ...credentialSections(),
  ].join('\n');
}

function nodeSection(definition: NodeDefinition): readonly string[] {
  const inN8n = n8nNodes.filter(({ folder }) => folder === definition.name);
  const types = [
    `Node-RED: \`${nodeType(definition)}\``,
    inN8n.length > 0
      ? `n8n: ${inN8n.map((node) => `${node.definition.title} \`${nodeName(node.definition)}\``).join(', ')}`
      : 'n8n: part of the credential _Billing Audit: Store API_',
  ];
  const fields = inN8n.reduce<Fields>((known, node) => ({ ...node.fields, ...known }), definition.fields);
  return [
    `## ${definition.title}`,
    '',
    definition.summary,
    '',
    ...types.map((type) => `- ${type}`),
    ...wires(definition).map((wire) => `- ${wire}`),
    '',
    ...table(fields, {
      nodeRed: (name) => placeInNodeRed(definition.fields, name),
      n8n: (name) => (inN8n.length > 0 ? placesInN8n(inN8n, name) : placeInCredential(name)),
      n8nDefault: (name) => defaultInN8n(inN8n, name),
      isSettings: definition.role === 'settings',
    }),
    '',
  ];
}

function wires(definition: NodeDefinition): readonly string[] {
  if (definition.role === 'settings') return [];
  const outputs = Object.entries(definition.outputs).map(([name, { name: type }]) => `${name} (${type})`);
  return [...(definition.role === 'action' ? [`takes: ${definition.input.name}`] : []), `gives: ${outputs.join(', ')}`];
}

interface Places {
  readonly nodeRed: (name: string) => string;
  readonly n8n: (name: string) => string;
  readonly n8nDefault: (name: string) => unknown;
  /** True: the fields are the shared settings themselves. */
  readonly isSettings?: boolean;
}

function table(fields: Fields, places: Places): readonly string[] {
  const rows = Object.entries(fields).map(([name, field]) => [
    `${field.label} \`${name}\``,
    kindOf(field),
    defaultOf(field, places.n8nDefault(name)),
    places.nodeRed(name),
    places.n8n(name),
    field.expression ? 'yes' : NONE,
    variableOf(name, field, places.isSettings ?? false),
    field.setting ? `setting \`${field.setting}\`` : NONE,
  ]);
  return [HEAD, HEAD.map(() => '---'), ...rows].map((cells) => `| ${cells.map(inCell).join(' | ')} |`);
}

function variableOf(name: string, { environment, setting }: Field, isSettings: boolean): string {
  const shared = isSettings ? name : setting;
  const variable = environment ?? (shared === undefined ? undefined : settingVariables[shared]);
  return variable ? `\`${variable}\`` : NONE;
}

const inCell = (text: string): string => text.replaceAll('|', '\\|').replaceAll('\n', ' ');

function kindOf(field: Field): string {
  const many = 'many' in field && field.many ? ', several' : '';
  const range = field.kind === 'number' ? rangeOf(field) : '';
  return `${field.kind}${many}${range}${field.required ? ', required' : ''}`;
}

function rangeOf({ min, max, unit }: Extract<Field, { kind: 'number' }>): string {
  const limits = [min === undefined ? '' : `from ${min}`, max === undefined ? '' : `to ${max}`]
    .filter(Boolean)
    .join(' ');
  return [limits && ` ${limits}`, unit && ` ${unit}`].filter(Boolean).join('');
}

function defaultOf(field: Field, inN8n: unknown): string {
  if (field.kind === 'secret') return NONE;
  if (field.kind === 'weights') return Object.values(field.default).join(', ');
  const own = valueText(field.default);
  return inN8n === undefined || valueText(inN8n) === own ? own : `${own}; ${valueText(inN8n)} in n8n`;
}

function valueText(value: unknown): string {
  if (value === null || value === '' || (Array.isArray(value) && value.length === 0)) return 'empty';
  return `\`${typeof value === 'string' ? value : JSON.stringify(value)}\``;
}

function placeInNodeRed(fields: Fields, name: string): string {
  const { shown, more } = arrange(fields);
  if (shown.includes(name)) return 'shown';
  return more.includes(name) ? 'More' : NONE;
}

function placesInN8n(inN8n: readonly N8nNode[], name: string): string {
  const places = inN8n.flatMap(({ definition, fields }) => {
    if (!(name in fields)) return [];
    const place = arranged(fields).shown.includes(name) ? 'shown' : 'Options';
    return [inN8n.length > 1 ? `${definition.title}: ${place}` : place];
  });
  return places.join('; ') || NONE;
}

function placeInCredential(name: string): string {
  return n8nCredentials.some(({ properties }) => properties.some((each) => each['name'] === name))
    ? 'Billing Audit: Store API'
    : NONE;
}

/** n8n has habits of its own for some fields; only what stands at once in the form has a default there. */
function defaultInN8n(inN8n: readonly N8nNode[], name: string): unknown {
  const plain = new Set(['number', 'boolean', 'options', 'string']);
  const shown = inN8n.flatMap(({ fields }) => propertiesOf(fields, { sheets: '', columns: '' }));
  const property = shown.find((each) => each['name'] === name && plain.has(String(each['type'])));
  return property?.['default'];
}

/** A credential of one host beside that of the other which opens the same door. */
function credentialSections(): readonly string[] {
  const inBoth = new Map([['smartsheet', 'billingAuditSmartsheetApi']]);
  const own = (credentials as readonly CredentialDefinition[]).flatMap((credential) =>
    credentialSection(
      credential,
      n8nCredentials.find(({ name }) => name === inBoth.get(credential.name)),
    ),
  );
  const onlyN8n = n8nCredentials.filter(({ name }) => ![...inBoth.values()].includes(name));
  return [...own, ...onlyN8n.flatMap(n8nCredentialSection)];
}

function credentialSection(credential: CredentialDefinition, inN8n: N8nCredential | undefined): readonly string[] {
  const has = (name: string): boolean => inN8n?.properties.some((each) => each['name'] === name) ?? false;
  return [
    `## Credential: ${credential.title}`,
    '',
    credential.summary,
    '',
    `- Node-RED: \`${credentialType(credential)}\``,
    `- n8n: ${inN8n ? `${inN8n.displayName} \`${inN8n.name}\`` : 'none; the mail is given to the next node, or waits in the outbox'}`,
    '',
    ...table(credential.fields, {
      nodeRed: (name) => placeInNodeRed(credential.fields, name),
      n8n: (name) => (has(name) ? 'shown' : NONE),
      n8nDefault: (name) => inN8n?.properties.find((each) => each['name'] === name)?.['default'],
    }),
    '',
  ];
}

function n8nCredentialSection({ displayName, name, properties }: N8nCredential): readonly string[] {
  const row = (property: Property): string => {
    const secret = JSON.stringify(property['typeOptions'] ?? {}).includes('password');
    const preset = secret ? NONE : valueText(property['default']);
    return `| ${inCell(String(property['displayName']))} \`${String(property['name'])}\` | ${String(property['type'])}${property['required'] ? ', required' : ''} | ${inCell(preset)} |`;
  };
  return [
    `## Credential: ${displayName}`,
    '',
    'In Node-RED the store belongs to the Runtime, and the settings are a node of their own.',
    '',
    `- n8n: \`${name}\``,
    '',
    '| field | kind | default |',
    '| --- | --- | --- |',
    ...properties.map(row),
    '',
  ];
}
