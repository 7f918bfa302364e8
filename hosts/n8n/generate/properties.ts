import type { Field, Fields } from '../../../lib/define';
import { defaultSettings } from '../../../lib/settings';
import { OPTIONS } from '../names';
import { described, titled } from './words';

/** A property of n8n's form, as plain data (`INodeProperties`). */
export type Property = Readonly<Record<string, unknown>>;

const FIELDS_SHOWN = 6;
/** From so many choices on, n8n wants them in the order of the alphabet. */
const SORTED_FROM = 5;

/** Where the choices of a picker come from: methods of the generated node. */
export interface Pickers {
  readonly sheets: string;
  readonly columns: string;
}

/**
 * The form of a node. Six fields at most are shown at once; the others, and those that may be left to the shared
 * settings, wait in the collection *Options*, where what is not added is not set.
 */
export function propertiesOf(fields: Fields, pickers: Pickers): readonly Property[] {
  const { shown, optional } = arranged(fields);
  const top = shown.flatMap((name) =>
    withResources(property(name, fields[name] as Field, pickers), fields[name] as Field),
  );
  if (optional.length === 0) return top;
  return [...top, optionsOf(fields, optional, pickers)];
}

/** Which fields are shown at once, and which wait in *Options*. */
export function arranged(fields: Fields): { readonly shown: readonly string[]; readonly optional: readonly string[] } {
  const names = Object.keys(fields);
  const mayBeShown = (name: string): boolean => {
    const field = fields[name] as Field;
    // A number without a default has no empty form in n8n: it is unset only by not being there.
    return !field.more && field.setting === undefined && !(field.kind === 'number' && field.default === null);
  };
  const shown = names.filter(mayBeShown).slice(0, FIELDS_SHOWN);
  return { shown, optional: names.filter((name) => !shown.includes(name)) };
}

/**
 * Operations that say what they are about are shown as n8n shows them: first a *Resource*, then its *Operation*. Both
 * lists of operations have one name, so that conditions and the node itself see one field.
 */
function withResources(one: Property, field: Field): readonly Property[] {
  const abouts = field.kind === 'options' ? [...new Set(field.options.map(({ about }) => about))] : [];
  if (field.kind !== 'options' || abouts.length < 2) return [one];
  const usual = field.options.find(({ value }) => value === field.default)?.about;
  const resources = abouts.map((about = '') => ({ name: titled(about), value: resourceOf(about) }));
  const resource = {
    displayName: 'Resource',
    name: 'resource',
    type: 'options',
    noDataExpression: true,
    options: resources.toSorted((first, second) => first.name.localeCompare(second.name)),
    default: resourceOf(usual ?? ''),
  };
  const operations = abouts.map((about = '') => {
    const mine = field.options.filter((option) => option.about === about);
    return {
      ...one,
      displayName: 'Operation',
      displayOptions: { show: { resource: [resourceOf(about)] } },
      options: choices(mine, 'What to do'),
      default: mine.find(({ value }) => value === field.default)?.value ?? mine[0]?.value,
    };
  });
  return [resource, ...operations];
}

/** The *Resource* that stands above an operation, undefined where the form has none. */
export function resourceAbove(field: Field, operation: unknown): string | undefined {
  const option = field.kind === 'options' ? field.options.find(({ value }) => value === operation) : undefined;
  return option?.about && resourceOf(option.about);
}

/** `Dead letter` becomes `deadLetter`. */
function resourceOf(about: string): string {
  return about.toLowerCase().replace(/ ([a-z])/g, (_, letter: string) => letter.toUpperCase());
}

function optionsOf(fields: Fields, names: readonly string[], pickers: Pickers): Property {
  const choices = names
    .map((name) => insideOptions(property(name, fields[name] as Field, pickers)))
    .toSorted((one, other) => String(one['displayName']).localeCompare(String(other['displayName'])));
  return {
    displayName: 'Options',
    name: OPTIONS,
    type: 'collection',
    placeholder: 'Add option',
    default: {},
    options: choices,
  };
}

/** Conditions inside a collection look at the fields outside it by a path that begins at the root. */
function insideOptions(one: Property): Property {
  const { required: _, displayOptions, ...rest } = one;
  if (displayOptions === undefined) return rest;
  const { show } = displayOptions as { show: Readonly<Record<string, unknown>> };
  const fromRoot = Object.fromEntries(Object.entries(show).map(([name, values]) => [`/${name}`, values]));
  return { ...rest, displayOptions: { show: fromRoot } };
}

function property(name: string, field: Field, pickers: Pickers): Property {
  if (name === 'limit') return limitOf(field);
  const description = descriptionOf(field);
  return {
    displayName: labelOf(field),
    name,
    ...typed(field, pickers),
    ...(field.required && { required: true }),
    ...(field.expression || field.kind === 'sheets' || field.kind === 'columns' ? {} : { noDataExpression: true }),
    ...(field.showWhen && { displayOptions: { show: { [field.showWhen.field]: [...field.showWhen.is] } } }),
    ...(description && { description }),
  };
}

/** n8n's own limit, which every node of n8n has by this name, default and sentence. */
function limitOf(field: Field): Property {
  return {
    displayName: 'Limit',
    name: 'limit',
    type: 'number',
    ...(field.kind === 'number' ? numberOptions({ ...field, min: 1 }) : {}),
    default: 50,
    ...(field.showWhen && { displayOptions: { show: { [field.showWhen.field]: [...field.showWhen.is] } } }),
    description: 'Max number of results to return',
  };
}

/** What is loaded from elsewhere may also be an expression, and n8n wants that said in these words. */
const FROM_LIST = {
  one: 'Choose from the list, or specify an ID using an <a href="https://docs.n8n.io/code/expressions/">expression</a>',
  many: 'Choose from the list, or specify IDs using an <a href="https://docs.n8n.io/code/expressions/">expression</a>',
};

function labelOf(field: Field): string {
  const label = titled(withUnit(field));
  if (field.kind !== 'columns') return label;
  return field.many ? `${label.replace(/s$/, '')} Names or IDs` : `${label} Name or ID`;
}

function descriptionOf(field: Field): string {
  if (field.kind === 'columns') return field.many ? FROM_LIST.many : FROM_LIST.one;
  const inherits = field.setting ? ' Not added: as in the Billing Audit Store credential.' : '';
  return field.hint || inherits ? described(`${field.hint ?? ''}${inherits}`) : '';
}

function withUnit(field: Field): string {
  const saysItself = field.label.endsWith(')');
  if (field.kind !== 'number' || !field.unit || saysItself) return field.label;
  return `${field.label} (${UNITS[field.unit] ?? field.unit})`;
}

/** Units are short beside Node-RED's narrow fields; a name of n8n has room for the word. */
const UNITS: Readonly<Record<string, string>> = { s: 'seconds', min: 'minutes', h: 'hours', d: 'days' };

function typed(field: Field, pickers: Pickers): Property {
  switch (field.kind) {
    case 'number':
      return { type: 'number', ...numberOptions(field), default: field.default ?? inheritedNumber(field) };
    case 'boolean':
      return { type: 'boolean', default: field.default };
    case 'options':
      return { type: 'options', options: choices(field.options, field.label), default: field.default };
    case 'multi-options':
      return { type: 'multiOptions', options: choices(field.options, field.label), default: [...field.default] };
    case 'weights':
      return weightsOf(field);
    case 'json':
      return { type: 'json', default: field.default };
    case 'sheets':
      return field.many ? manySheets(pickers) : oneSheet(pickers);
    case 'columns':
      return columnsOf(field, pickers);
    case 'secret':
      return { type: 'string', typeOptions: { password: true }, default: '' };
    default:
      return { type: 'string', default: field.default, ...placeholderOf(field) };
  }
}

function numberOptions({ min, max, integer }: Extract<Field, { kind: 'number' }>): Property {
  const typeOptions = {
    ...(min !== undefined && { minValue: min }),
    ...(max !== undefined && { maxValue: max }),
    ...(integer ? { numberPrecision: 0 } : {}),
  };
  return Object.keys(typeOptions).length ? { typeOptions } : {};
}

/** What an added option begins with: the value that was in force without it. */
function inheritedNumber(field: Extract<Field, { kind: 'number' }>): number {
  const inherited = field.setting ? (defaultSettings as unknown as Record<string, unknown>)[field.setting] : undefined;
  return typeof inherited === 'number' ? inherited : (field.min ?? 0);
}

function choices(
  options: readonly { readonly value: string; readonly label: string }[],
  question: string,
): readonly Property[] {
  const all = options.map(({ value, label }) => ({
    name: titled(label),
    value,
    ...(question === 'What to do' && { action: label }),
  }));
  return all.length < SORTED_FROM ? all : all.toSorted((one, other) => one.name.localeCompare(other.name));
}

function weightsOf(field: Extract<Field, { kind: 'weights' }>): Property {
  const factors = Object.entries(field.factors).map(([factor, label]) => ({
    displayName: titled(label),
    name: factor,
    type: 'number',
    typeOptions: { minValue: 0, maxValue: 100, numberPrecision: 0 },
    default: field.default[factor] ?? 0,
  }));
  return {
    type: 'collection',
    placeholder: 'Change points',
    default: {},
    options: factors.toSorted((one, other) => one.displayName.localeCompare(other.displayName)),
  };
}

function oneSheet({ sheets }: Pickers): Property {
  return {
    type: 'resourceLocator',
    default: { mode: 'list', value: '' },
    modes: [
      {
        displayName: 'From List',
        name: 'list',
        type: 'list',
        placeholder: 'Choose a sheet',
        typeOptions: { searchListMethod: sheets, searchable: true },
      },
      {
        displayName: 'By ID',
        name: 'id',
        type: 'string',
        placeholder: 'e.g. 4583173393803140',
        hint: 'In Smartsheet: File > Properties',
        validation: [
          { type: 'regex', properties: { regex: '^\\d{1,20}$', errorMessage: 'A sheet ID has digits only' } },
        ],
      },
    ],
  };
}

/** n8n's locator takes one; a list of locators takes many, each from the list or by its id. */
function manySheets(pickers: Pickers): Property {
  return {
    type: 'fixedCollection',
    typeOptions: { multipleValues: true },
    placeholder: 'Add Sheet',
    default: {},
    options: [
      {
        displayName: 'Sheet',
        name: 'sheet',
        values: [
          {
            displayName: 'Sheet',
            name: 'id',
            ...oneSheet(pickers),
            required: true,
            description: 'The sheet, from the list or by its ID',
          },
        ],
      },
    ],
  };
}

function columnsOf(field: Extract<Field, { kind: 'columns' }>, { columns }: Pickers): Property {
  const typeOptions = { loadOptionsMethod: columns };
  if (field.many) return { type: 'multiOptions', typeOptions, default: [] };
  return { type: 'options', typeOptions, default: '' };
}

function placeholderOf(field: Field): Property {
  if (field.kind === 'hours') return { placeholder: 'e.g. 08:00-18:00' };
  if (field.kind === 'schedule') return { placeholder: 'e.g. every 5 min' };
  return field.kind === 'string' && field.placeholder ? { placeholder: `e.g. ${field.placeholder}` } : {};
}
