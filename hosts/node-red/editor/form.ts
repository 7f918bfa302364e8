import type { Field } from '../../../lib/define';
import { typeProperty } from '../names';
import { arrange, choicesOf, isConfig, type Choice, type Editable } from './dialog';
import { escapeHtml } from './escape';

/** The form of an edit dialog, as Node-RED wants it: texts by catalogue key, values by the id of the input. */
export function formHtml(editable: Editable): string {
  const prefix = isConfig(editable) ? 'node-config-input' : 'node-input';
  const { shown, more } = arrange(editable.fields);
  const { credentials, settings } = choicesOf(editable);
  const row = (name: string): string => fieldRow(prefix, name, editable.fields[name] as Field);
  const hidden = [
    ...more.map(row),
    ...(settings ? [choiceRow(prefix, settings, 'billing-settings', 'billing-settings-hint')] : []),
  ];
  return [
    nameRow(prefix),
    ...credentials.map((choice) => choiceRow(prefix, choice, `credentials.${choice.property}`)),
    ...shown.map(row),
    ...(hidden.length ? [disclosure(hidden)] : []),
    ...(hasExample(editable) ? ['<div class="billing-audit-try"></div>'] : []),
  ].join('\n');
}

/** Nodes that give something can be tried. */
export function hasExample({ role }: Editable): boolean {
  return role === 'action' || role === 'trigger';
}

function nameRow(prefix: string): string {
  return `<div class="form-row">
  <label for="${prefix}-name"><i class="fa fa-tag"></i> <span data-i18n="name"></span></label>
  <input type="text" id="${prefix}-name" data-i18n="[placeholder]title">
</div>`;
}

function choiceRow(prefix: string, { property }: Choice, key: string, hint?: string): string {
  const said = hint ? `\n  <div class="billing-audit-hint" data-i18n="${hint}"></div>` : '';
  return `<div class="form-row billing-audit-choice">
  <label for="${prefix}-${property}"><span data-i18n="${key}"></span></label>
  <input type="text" id="${prefix}-${property}">${said}
</div>`;
}

function disclosure(rows: readonly string[]): string {
  return `<details class="billing-audit-more">
  <summary data-i18n="more"></summary>
${rows.join('\n')}
</details>`;
}

function fieldRow(prefix: string, name: string, field: Field): string {
  const id = `${prefix}-${name}`;
  const hint = field.hint ? `\n  <div class="billing-audit-hint" data-i18n="fields.${name}.hint"></div>` : '';
  return `<div class="form-row billing-audit-field" data-field="${escapeHtml(name)}" data-kind="${field.kind}">
  <label for="${id}"><span data-i18n="fields.${name}.label"></span></label>
  ${control(id, name, field)}${hint}
</div>`;
}

function control(id: string, name: string, field: Field): string {
  if (field.expression) return `<input type="text" id="${id}"><input type="hidden" id="${typeProperty(id)}">`;
  switch (field.kind) {
    case 'number':
      return `<input type="text" inputmode="decimal" id="${id}">${unit(field.unit)}`;
    case 'boolean':
      return field.setting ? selection(id, ['true', 'false'], true, 'boolean') : `<input type="checkbox" id="${id}">`;
    case 'options':
      return selection(
        id,
        field.options.map(({ value }) => value),
        Boolean(field.setting),
        `fields.${name}.options`,
      );
    case 'multi-options':
      return ticks(
        id,
        name,
        field.options.map(({ value }) => value),
      );
    case 'weights':
      return points(id, name, Object.keys(field.factors));
    case 'secret':
      return `<input type="password" id="${id}" autocomplete="off">`;
    default:
      return `<input type="text" id="${id}"${placeholder(name, field)}>`;
  }
}

function placeholder(name: string, field: Field): string {
  const has =
    field.kind === 'string' ? Boolean(field.placeholder) : field.kind === 'hours' || field.kind === 'schedule';
  return has ? ` data-i18n="[placeholder]fields.${name}.placeholder"` : '';
}

function unit(text: string | undefined): string {
  return text ? ` <span class="billing-audit-unit">${escapeHtml(text)}</span>` : '';
}

function selection(id: string, values: readonly string[], inherits: boolean, key: string): string {
  const all = inherits ? [{ value: '', key: 'inherited' }] : [];
  const options = [...all, ...values.map((value) => ({ value, key: `${key}.${optionKey(value)}` }))];
  const items = options.map((each) => `<option value="${escapeHtml(each.value)}" data-i18n="${each.key}"></option>`);
  return `<select id="${id}">${items.join('')}</select>`;
}

function ticks(id: string, name: string, values: readonly string[]): string {
  const boxes = values.map(
    (value) =>
      `<label><input type="checkbox" value="${escapeHtml(value)}"> <span data-i18n="fields.${name}.options.${optionKey(value)}"></span></label>`,
  );
  return `<div class="billing-audit-ticks" id="${id}-list" role="group">${boxes.join('')}</div>`;
}

function points(id: string, name: string, factors: readonly string[]): string {
  const rows = factors.map(
    (
      factor,
    ) => `<tr><td><label for="${id}-${factor}" data-i18n="fields.${name}.factors.${optionKey(factor)}"></label></td>
    <td><input type="number" min="0" max="100" step="1" id="${id}-${factor}" data-factor="${escapeHtml(factor)}"></td></tr>`,
  );
  return `<table class="billing-audit-points" id="${id}-table">${rows.join('')}</table>`;
}

/** A value as a part of a catalogue key, where dots and colons mean something; empty is a value too. */
export function optionKey(value: string): string {
  return value === '' ? '_empty' : value.replace(/[^\w-]/g, '_');
}
