import type { Field } from '../../../lib/define';
import { PACKAGE_NAME, typeProperty } from '../names';
import { fixedSource, initialValue } from './defaults';
import { choicesOf, dialogOf, isConfig, typeOf, type Editable } from './dialog';
import { scriptJson } from './escape';

const COLOURS: Readonly<Record<'action' | 'trigger', string>> = { trigger: '#8fc1a9', action: '#8db6d6' };

/**
 * The script that makes a node known to the editor. `registerType` is called with a literal name and a literal object,
 * since Node-RED's scorecard reads the page without running it.
 */
export function registerTypeScript(editable: Editable): string {
  const type = scriptJson(typeOf(editable));
  return `(function () {
  BillingAuditEditor.describe(${scriptJson(dialogOf(editable))});
  RED.nodes.registerType(${type}, {
    category: ${scriptJson(isConfig(editable) ? 'config' : 'billing audit')},
    defaults: {
${defaultLines(editable).join(',\n')}
    },
${[...secretLines(editable), ...looksLines(editable)].join('\n')}
    label: function () { return this.name || this._('title'); },
    labelStyle: function () { return this.name ? 'node_label_italic' : ''; },
    paletteLabel: ${scriptJson(editable.title)},
    oneditprepare: function () { BillingAuditEditor.prepare(${type}, this); },
    oneditsave: function () { BillingAuditEditor.save(${type}, this); }
  });
})();`;
}

/** Where the browser finds the code that all dialogs share. */
export const SHARED_SCRIPT = `resources/${PACKAGE_NAME}/billing-audit-editor.js`;

function defaultLines(editable: Editable): string[] {
  const type = scriptJson(typeOf(editable));
  const { credentials, settings } = choicesOf(editable);
  const choices = [...credentials, ...(settings ? [settings] : [])];
  const open = Object.entries(editable.fields).filter(([, field]) => field.kind !== 'secret');
  return [
    `      name: { value: '' }`,
    ...('version' in editable ? [`      version: { value: ${editable.version} }`] : []),
    ...choices.map(
      (choice) =>
        `      ${propertyName(choice.property)}: { value: '', type: ${scriptJson(choice.type)}, required: false }`,
    ),
    ...open.flatMap(([name, field]) => fieldLines(type, name, field)),
  ];
}

function fieldLines(type: string, name: string, field: Field): string[] {
  const check = `validate: function (value, opt) { return BillingAuditEditor.check(${type}, ${scriptJson(name)}, value, this); }`;
  const lines = [`      ${name}: { value: ${scriptJson(initialValue(field))}, ${check} }`];
  if (field.expression) lines.push(`      ${typeProperty(name)}: { value: ${scriptJson(fixedSource(field))} }`);
  return lines;
}

function secretLines(editable: Editable): string[] {
  const secrets = Object.entries(editable.fields).filter(([, field]) => field.kind === 'secret');
  if (!secrets.length) return [];
  return [`    credentials: { ${secrets.map(([name]) => `${name}: { type: 'password' }`).join(', ')} },`];
}

function looksLines(editable: Editable): string[] {
  if (editable.role !== 'action' && editable.role !== 'trigger') return [];
  const outputs = Object.keys(editable.outputs);
  return [
    `    color: ${scriptJson(COLOURS[editable.role])},`,
    `    icon: ${scriptJson(iconFile(editable))},`,
    `    inputs: ${editable.role === 'action' ? 1 : 0},`,
    `    outputs: ${outputs.length},`,
    ...(editable.role === 'action' ? [`    inputLabels: ${scriptJson(editable.input.name)},`] : []),
    `    outputLabels: function (index) { return this._('outputs.' + ${scriptJson(outputs)}[index]); },`,
  ];
}

/** A name as a key of an object literal: a credential's may hold a dash. */
function propertyName(name: string): string {
  return /^[A-Za-z_$][\w$]*$/.test(name) ? name : scriptJson(name);
}

/** Icon names are shared by all packages of a Node-RED, hence the prefix. */
export function iconFile({ name }: Pick<Editable, 'name'>): string {
  return `billing-audit-${name}.svg`;
}
