import type { Node, NodeMessage } from 'node-red';
import type { Field, Fields } from '../../../lib/define';
import { BadSetting, messageOf } from '../../../lib/errors';
import { completeSettings, type BillingSettings } from '../../../lib/settings';
import { sentenceOf } from '../fields/problems';
import { isEmpty, readField } from '../fields/read-field';
import { SETTINGS_PROPERTY, typeProperty } from '../names';
import type { House, SettingValues } from './house';

/** What a node saved in its flow, with `${ENV}` already replaced by Node-RED. */
export type SavedFields = Readonly<Record<string, unknown>>;

export interface Asked {
  readonly fields: Fields;
  readonly saved: SavedFields;
  /** Whose flow, context and environment expressions look at; null: fixed values only. */
  readonly node: Node | null;
  /** What `msg` expressions look at; empty for a trigger. */
  readonly message: NodeMessage;
}

export interface Completed {
  readonly params: Readonly<Record<string, unknown>>;
  readonly settings: BillingSettings;
}

const LONGEST_FOUND = 60;
/** Sources whose value is in the field itself. */
const FIXED = new Set(['', 'str', 'num', 'bool', 'json', 'choice']);

/**
 * The values of a node's fields for one run: expressions evaluated, empty ones taken from *Billing settings*, then from
 * the environment, then from the definition.
 * @throws BadSetting  naming the field and what is wrong with its value
 */
export async function completeParams(house: House, asked: Asked): Promise<Completed> {
  const { fields, saved } = asked;
  const entered: Record<string, unknown> = {};
  for (const [name, field] of Object.entries(fields)) entered[name] = await enteredValue(house, asked, name, field);

  const shared = house.shared.valuesFor(String(saved[SETTINGS_PROPERTY] ?? ''));
  const own = ownSettings(fields, entered);
  const settings = completeSettings({ node: own, shared, environment: house.parts.environment });
  const params: Record<string, unknown> = {};
  for (const [name, field] of Object.entries(fields)) {
    params[name] = finalValue(field, entered[name], settings, house.parts.environment);
  }
  return { params, settings };
}

/**
 * The checked value of one field.
 * @throws BadSetting  naming the field and what is wrong with its value
 */
export function checkedValue(field: Field, raw: unknown): unknown {
  const reading = readField(field, raw);
  if (reading.ok) return reading.value;
  const why = `${sentenceOf(reading.problem)}${found(field, raw)}`;
  throw new BadSetting(field.label, why, `Open the node and correct "${field.label}".`);
}

/** What a field holds, for its error; a secret is never told. */
function found(field: Field, raw: unknown): string {
  if (field.kind === 'secret' || isEmpty(raw)) return '';
  return `; it holds ${JSON.stringify(raw).slice(0, LONGEST_FOUND)}`;
}

/** The values that are set among settings fields: what is empty is left out, so that it can be inherited. */
export function filledValues(fields: Fields, saved: SavedFields): SettingValues {
  const filled = Object.entries(fields).filter(([name]) => !isEmpty(saved[name]));
  return Object.fromEntries(filled.map(([name, field]) => [name, checkedValue(field, saved[name])]));
}

async function enteredValue(
  house: House,
  { saved, node, message }: Asked,
  name: string,
  field: Field,
): Promise<unknown> {
  const raw = resolved(saved[name]);
  const source = String(saved[typeProperty(name)] ?? '');
  if (!field.expression || FIXED.has(source)) return raw;
  if (!node) {
    throw new BadSetting(field.label, `takes its value from ${source}`, 'Deploy the flow first, then try again.');
  }
  return evaluated(house, { value: String(raw ?? ''), source, node, message, label: field.label });
}

/** Node-RED leaves `${NAME}` as it is when there is no such variable: the field is then empty, and may be inherited. */
function resolved(raw: unknown): unknown {
  return typeof raw === 'string' && /^\$\{[^}]+\}$/.test(raw.trim()) ? '' : raw;
}

interface Expression {
  readonly value: string;
  readonly source: string;
  readonly node: Node;
  readonly message: NodeMessage;
  readonly label: string;
}

function evaluated({ RED }: House, { value, source, node, message, label }: Expression): Promise<unknown> {
  const refused = (thrown: unknown): BadSetting =>
    new BadSetting(label, `could not be worked out (${messageOf(thrown)})`, `Correct the ${source} expression.`);
  return new Promise((resolve, reject) => {
    try {
      RED.util.evaluateNodeProperty(value, source, node, message, (failure: Error | null, result: unknown) => {
        if (failure) reject(refused(failure));
        else resolve(result);
      });
    } catch (thrown) {
      reject(refused(thrown));
    }
  });
}

function ownSettings(fields: Fields, entered: SavedFields): SettingValues {
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
  environment: Readonly<Record<string, string | undefined>>,
): unknown {
  if (!isEmpty(entered)) return checkedValue(field, entered);
  if (field.setting) return inheritedValue(field, (settings as unknown as SettingValues)[field.setting]);
  const fromEnvironment = field.environment ? environment[field.environment] : undefined;
  if (!isEmpty(fromEnvironment)) return checkedValue(field, fromEnvironment);
  return checkedValue(field, entered === undefined ? field.default : entered);
}

/** A setting that a field of this kind cannot hold (a table of aliases) stays empty here; nodes find it in `settings`. */
function inheritedValue(field: Field, inherited: unknown): unknown {
  const reading = readField(field, inherited);
  return reading.ok ? reading.value : checkedValue({ ...field, required: false }, '');
}
