import type { Fields } from '../../lib/define';
import { BadSetting } from '../../lib/errors';
import { readField, sentenceOf } from '../../lib/fields';
import { nodeType, typeProperty } from '../../hosts/node-red/names';
import { alertNode } from '../../nodes/alert';
import { billingSettings } from '../../nodes/billing-settings';
import type { SavedNode } from '../setup';
import type { NodeSettings } from './configuration-file';

/** The kinds of nodes whose fields are settings of the installation. */
export const KINDS = {
  billing_settings: {
    type: nodeType({ ...billingSettings, role: 'settings' }),
    fields: billingSettings.fields as Fields,
    called: 'Billing settings',
  },
  alert_rules: {
    type: nodeType({ ...alertNode, role: 'action' }),
    fields: alertNode.fields as Fields,
    called: 'Alert',
  },
} as const;
export type Kind = keyof typeof KINDS;

/** What a flow's nodes of a kind are set to; fields that are not filled in are left out. */
export function settingsIn(nodes: readonly SavedNode[], kind: Kind): readonly NodeSettings[] {
  const { type, fields } = KINDS[kind];
  return nodes
    .filter((node) => node.type === type)
    .map((node) => ({
      id: node.id,
      name: typeof node['name'] === 'string' ? node['name'] : '',
      values: Object.fromEntries(
        propertiesOf(fields).flatMap((name) => (isFilled(node[name]) ? [[name, node[name]]] : [])),
      ),
    }));
}

/**
 * The node of a flow that settings of another installation belong to: the same id, else the only one of its kind.
 * @throws BadSetting  when there is none, or a value cannot be used
 */
export function nodeFor(nodes: readonly SavedNode[], kind: Kind, { id, name, values }: NodeSettings): SavedNode {
  const { type, fields, called } = KINDS[kind];
  const same = nodes.filter((node) => node.type === type);
  const found = same.find((node) => node.id === id) ?? (same.length === 1 ? same[0] : undefined);
  const label = `${called} "${name || id}"`;
  if (found === undefined) {
    throw new BadSetting(
      label,
      'is not in the flow of this home',
      `Put a node ${called} into the flow (a new home gets one at its first start), or take it out of the file.`,
    );
  }
  for (const [property, value] of Object.entries(values)) checkValue(label, fields, property, value);
  return found;
}

function checkValue(label: string, fields: Fields, property: string, value: unknown): void {
  if (!propertiesOf(fields).includes(property)) {
    throw new BadSetting(label, `has no field "${property}"`, `Its fields are: ${Object.keys(fields).join(', ')}.`);
  }
  const field = fields[property];
  const isReference = typeof value === 'string' && /^\$\{[^}]+\}$/u.test(value.trim());
  if (field === undefined || isReference) return;
  const reading = readField(field, value);
  if (!reading.ok)
    throw new BadSetting(`${label}, ${field.label}`, sentenceOf(reading.problem), 'Correct it in the file.');
}

/** The fields and, of those that take expressions, where their value comes from. Never a secret. */
function propertiesOf(fields: Fields): readonly string[] {
  return Object.entries(fields).flatMap(([name, field]) => {
    if (field.kind === 'secret') return [];
    return field.expression ? [name, typeProperty(name)] : [name];
  });
}

function isFilled(value: unknown): boolean {
  return value !== undefined && value !== null && value !== '';
}
