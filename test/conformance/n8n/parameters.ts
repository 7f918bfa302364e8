import type { Field } from '../../../lib/define';
import { arranged, resourceAbove } from '../../../hosts/n8n/generate/properties';
import { OPTIONS } from '../../../hosts/n8n/names';
import { n8nNodes, type N8nNode } from '../../../hosts/n8n/palette';

export function n8nNodeOf(name: string): N8nNode {
  const node = n8nNodes.find(({ definition }) => definition.name === name);
  if (!node) throw new Error(`n8n has no node ${name}.`);
  return node;
}

/** A case's fields as a person would have filled n8n's form: what is not shown at once is added to *Options*. */
export function formOf(name: string, params: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  const { fields } = n8nNodeOf(name);
  const { shown } = arranged(fields);
  const entries = Object.entries(params).map(([field, value]): [string, unknown] => {
    const known = fields[field];
    if (!known) throw new Error(`The node ${name} has no field ${field}.`);
    return [field, picked(known, value)];
  });
  const top = entries.filter(([field]) => shown.includes(field));
  const added = entries.filter(([field]) => !shown.includes(field));
  const { operation } = fields;
  const resource = operation && resourceAbove(operation, params['operation'] ?? operation.default);
  return {
    ...(resource && { resource }),
    ...Object.fromEntries(top),
    ...(added.length > 0 && { [OPTIONS]: Object.fromEntries(added) }),
  };
}

/** Sheets are chosen by a locator in n8n, columns by ticks. */
function picked(field: Field, value: unknown): unknown {
  if (field.kind !== 'sheets' && field.kind !== 'columns') return value;
  const texts = String(value)
    .split(',')
    .map((text) => text.trim())
    .filter((text) => text !== '');
  if (field.kind === 'columns') return field.many ? texts : (texts[0] ?? '');
  const located = texts.map((id) => ({ __rl: true, mode: 'id', value: id }));
  return field.many ? { sheet: located.map((id) => ({ id })) } : located[0];
}
