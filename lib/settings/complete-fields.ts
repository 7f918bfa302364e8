import type { Field, Fields } from '../define/fields';
import { checkedValue, isEmpty, readField } from '../fields';
import type { BillingSettings } from './billing-settings';
import { completeSettings } from './complete-settings';

/** What a host found in a dialog, by the name of the field; expressions are evaluated already. */
export type EnteredFields = Readonly<Record<string, unknown>>;

export interface FieldSources {
  readonly fields: Fields;
  readonly entered: EnteredFields;
  /** The shared *Billing settings*; what is not set is left out. */
  readonly shared: Readonly<Record<string, unknown>>;
  readonly environment: Readonly<Record<string, string | undefined>>;
}

export interface CompletedFields {
  readonly params: Readonly<Record<string, unknown>>;
  readonly settings: BillingSettings;
}

/**
 * The values of a node's fields for one run: what was entered, else the *Billing settings*, else the environment, else
 * the definition's default. The same for every host.
 * @throws BadSetting  naming the field and what is wrong with its value
 */
export function completeFields({ fields, entered, shared, environment }: FieldSources): CompletedFields {
  const settings = completeSettings({ node: ownSettings(fields, entered), shared, environment });
  const params: Record<string, unknown> = {};
  for (const [name, field] of Object.entries(fields)) {
    params[name] = finalValue(field, entered[name], settings, environment);
  }
  return { params, settings };
}

/** The values that are set among settings fields: what is empty is left out, so that it can be inherited. */
export function filledValues(fields: Fields, saved: EnteredFields): Readonly<Record<string, unknown>> {
  const filled = Object.entries(fields).filter(([name]) => !isEmpty(saved[name]));
  return Object.fromEntries(filled.map(([name, field]) => [name, checkedValue(field, saved[name])]));
}

function ownSettings(fields: Fields, entered: EnteredFields): EnteredFields {
  const own: Record<string, unknown> = {};
  for (const [name, field] of Object.entries(fields)) {
    if (field.setting && !isEmpty(entered[name])) own[field.setting] = checkedValue(field, entered[name]);
  }
  return own;
}

function finalValue(
  field: Field,
  entered: unknown,
  settings: BillingSettings,
  environment: FieldSources['environment'],
): unknown {
  if (!isEmpty(entered)) return checkedValue(field, entered);
  if (field.setting) return inheritedValue(field, (settings as unknown as EnteredFields)[field.setting]);
  const fromEnvironment = field.environment ? environment[field.environment] : undefined;
  if (!isEmpty(fromEnvironment)) return checkedValue(field, fromEnvironment);
  return checkedValue(field, entered === undefined ? field.default : entered);
}

/** A setting that a field of this kind cannot hold (a table of aliases) stays empty here; nodes find it in `settings`. */
function inheritedValue(field: Field, inherited: unknown): unknown {
  const reading = readField(field, inherited);
  return reading.ok ? reading.value : checkedValue({ ...field, required: false }, '');
}
