import type { Field } from '../../../lib/define';
import { fixedSource, initialValue } from '../editor/defaults';
import { optionKey } from '../editor/form';
import { readField } from '../../../lib/fields';
import { SETTINGS_PROPERTY, typeProperty } from '../names';
import { inputOf, type OpenDialog, type TypedInputType } from './editor-api';

const EXPRESSIONS = ['msg', 'flow', 'global', 'env', 'jsonata'];

/**
 * Fills what Node-RED does not fill by itself: inputs with a source, ticks, tables, and what an imported flow left out,
 * which the runtime takes as the default.
 */
export function prepareField(open: OpenDialog, name: string, field: Field): void {
  const saved = open.node[name] ?? initialValue(field);
  if (open.node[name] === undefined && field.kind !== 'secret') fill(inputOf(open, name), saved);
  if (field.expression || field.kind === 'json') return typed(open, name, field);
  if (field.kind === 'multi-options') {
    const chosen = Array.isArray(saved) ? saved.map(String) : [];
    ticksOf(open, name).each((_, box) => void $(box).prop('checked', chosen.includes(String($(box).val()))));
  }
  if (field.kind === 'weights') {
    const points = isRecord(saved) ? saved : {};
    pointsOf(open, name).each((_, input) => void $(input).val(String(points[factorOf(input)] ?? '')));
  }
}

/** A field as the dialog shows it now, in the form in which Node-RED saves it. */
export function enteredValue(open: OpenDialog, name: string, field: Field): Readonly<Record<string, unknown>> {
  const input = inputOf(open, name);
  if (field.expression) {
    return { [name]: input.typedInput('value'), [typeProperty(name)]: input.typedInput('type') };
  }
  switch (field.kind) {
    case 'json':
      return { [name]: input.typedInput('value') };
    case 'boolean':
      return { [name]: field.setting ? input.val() : input.prop('checked') };
    case 'multi-options':
      return {
        [name]: ticksOf(open, name)
          .filter(':checked')
          .get()
          .map((box) => String($(box).val())),
      };
    case 'weights':
      return { [name]: enteredPoints(open, name) };
    default:
      return { [name]: input.val() };
  }
}

/** The whole dialog as it stands, in the form in which Node-RED saves it; with the settings that are chosen in it. */
export function dialogValues(open: OpenDialog): Readonly<Record<string, unknown>> {
  const settings = String(inputOf(open, SETTINGS_PROPERTY).val() ?? '');
  const values: Record<string, unknown> = { [SETTINGS_PROPERTY]: settings === '_ADD_' ? '' : settings };
  for (const [name, field] of Object.entries(open.dialog.fields)) {
    Object.assign(values, enteredValue(open, name, field));
  }
  return values;
}

/** The kinds that Node-RED cannot read from a single input by itself. */
export function isComposed(field: Field): boolean {
  return field.kind === 'multi-options' || field.kind === 'weights';
}

function fill(input: JQuery, value: unknown): void {
  if (typeof value === 'boolean' && input.is(':checkbox')) input.prop('checked', value);
  else if (typeof value !== 'object') input.val(String(value));
}

function typed(open: OpenDialog, name: string, field: Field): void {
  const input = inputOf(open, name);
  const types = field.expression ? [fixedType(open, name, field), ...EXPRESSIONS] : ['json'];
  const typeField = field.expression ? { typeField: `#${open.prefix}-${typeProperty(name)}` } : {};
  input.typedInput({ types, ...typeField });
  input.typedInput('width', '70%');
  // The label belongs to the input that typedInput has hidden; the one that is shown has no name of its own.
  const shown = input.closest('.form-row').find('.red-ui-typedInput-input');
  shown.attr('aria-label', open.words(`fields.${name}.label`));
}

function fixedType(open: OpenDialog, name: string, field: Field): string | TypedInputType {
  const source = fixedSource(field);
  // An empty number is allowed where it can be inherited, which the built-in type would mark as wrong.
  if (field.kind === 'number') {
    return {
      value: source,
      label: 'number',
      icon: 'red/images/typedInput/09.svg',
      hasValue: true,
      validate: (value) => readField(field, value).ok,
    };
  }
  if (field.kind !== 'options') return source;
  const options = field.options.map(({ value }) => ({
    value,
    label: open.words(`fields.${name}.options.${optionKey(value)}`),
  }));
  return { value: source, label: open.words(`fields.${name}.label`), options };
}

function ticksOf({ prefix, form }: OpenDialog, name: string): JQuery {
  return form.find(`[id="${prefix}-${name}-list"] input`);
}

function pointsOf({ prefix, form }: OpenDialog, name: string): JQuery {
  return form.find(`[id="${prefix}-${name}-table"] input`);
}

function enteredPoints(open: OpenDialog, name: string): Readonly<Record<string, unknown>> {
  const entered = pointsOf(open, name)
    .get()
    .map((input): [string, string] => [factorOf(input), String($(input).val() ?? '')]);
  const filled = entered.filter(([, text]) => text.trim() !== '');
  return Object.fromEntries(filled.map(([factor, text]) => [factor, numberOrText(text)]));
}

/** What is no number stays as it is, for the validator to name. */
function numberOrText(text: string): number | string {
  return Number.isFinite(Number(text)) ? Number(text) : text;
}

function factorOf(input: HTMLElement): string {
  return String($(input).attr('data-factor'));
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
