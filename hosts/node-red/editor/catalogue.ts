import type { BesideField, Field } from '../../../lib/define';
import { PROBLEMS } from '../../../lib/fields';
import { besideOf, type Editable } from './dialog';
import { optionKey } from './form';

export type Catalogue = { readonly [key: string]: string | Catalogue };

/** Texts that every dialog and every status shares. */
const COMMON: Catalogue = {
  name: 'Name',
  more: 'More',
  'billing-settings': 'Billing settings',
  'billing-settings-hint': 'None: those of this Node-RED, if there are some.',
  inherited: '(from Billing settings)',
  boolean: { true: 'Yes', false: 'No' },
  status: { passed: '__passed__ passed' },
  from: {
    'billing-settings': 'from Billing settings: __value__',
    environment: 'from the environment: __value__',
    default: 'default: __value__',
    variable: 'from the environment variable __name__',
  },
  try: {
    open: 'Try with an example',
    in: 'In',
    out: 'Out',
    run: 'Run',
    nothing: 'Nothing comes out.',
    example: 'An example of what comes out. Deploy the node to see the real thing.',
    json: 'The example is not JSON: __why__',
    failed: 'The editor could not reach Node-RED (__why__).',
    forbidden: 'You may look at this flow but not change it, so you cannot try a node out.',
    hint: 'Nothing is stored or sent.',
  },
  beside: {
    loading: 'Asking what runs…',
    forbidden: 'You may look at this flow but not change it, so nothing is worked out here.',
    failed: 'Node-RED could not be reached, so nothing can be said of this setting.',
  },
  choose: {
    open: 'Choose…',
    close: 'Close',
    label: 'Choose __field__',
    search: 'Search',
    sheet: 'Choose a sheet',
    loading: 'Asking Smartsheet…',
    none: {
      sheets: 'This account sees no sheet. Share the sheets with it in Smartsheet, at least as viewer.',
      columns: 'This sheet has no columns.',
    },
    nothing: 'Nothing is called "__text__".',
    found: { sheets: '__shown__ of __total__ sheets', columns: '__shown__ of __total__ columns' },
    part: '__shown__ of __total__ sheets. Search to see others.',
    comma: 'holds a comma, which this field cannot hold',
    undeployed:
      'The Smartsheet credential was changed and is not deployed yet, so its token is not known to Node-RED. Deploy, then choose; until then type the value.',
    forbidden: 'You may look at this flow but not change it, so you cannot choose here.',
    failed: 'Node-RED could not be reached. The value can still be typed.',
  },
};

/** The English catalogue of one node; other languages are files of the same form. */
export function catalogueOf(editable: Editable): Catalogue {
  const outputs = 'outputs' in editable ? Object.keys(editable.outputs) : [];
  const credentials = 'credentials' in editable ? editable.credentials : [];
  return {
    ...COMMON,
    title: editable.title,
    summary: editable.summary,
    problems: PROBLEMS,
    fields: Object.fromEntries(
      Object.entries(editable.fields).map(([name, field]) => [
        name,
        { ...fieldTexts(field), ...besideTexts(besideOf(editable)[name]) },
      ]),
    ),
    outputs: Object.fromEntries(outputs.map((name) => [name, words(name)])),
    credentials: Object.fromEntries(credentials.map(({ name, title }) => [name, title])),
  };
}

function fieldTexts(field: Field): Catalogue {
  return {
    label: field.label,
    ...(field.hint ? { hint: field.hint } : {}),
    ...placeholderText(field),
    ...('options' in field
      ? { options: Object.fromEntries(field.options.map(({ value, label }) => [optionKey(value), label])) }
      : {}),
    ...('factors' in field
      ? { factors: Object.fromEntries(Object.entries(field.factors).map(([key, label]) => [optionKey(key), label])) }
      : {}),
  };
}

function besideTexts(beside: BesideField | undefined): Catalogue {
  return beside ? { beside: beside.texts } : {};
}

function placeholderText(field: Field): Catalogue {
  if (field.kind === 'hours') return { placeholder: '08:00-18:00' };
  if (field.kind === 'schedule') return { placeholder: 'every 60 s' };
  return field.kind === 'string' && field.placeholder ? { placeholder: field.placeholder } : {};
}

/** `highRisk` as people read it: `high risk`. */
function words(name: string): string {
  return name
    .replace(/([a-z])([A-Z])/g, '$1 $2')
    .replace(/[-_]/g, ' ')
    .toLowerCase();
}
