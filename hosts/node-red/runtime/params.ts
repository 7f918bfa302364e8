import type { Node, NodeMessage } from 'node-red';
import type { Field, Fields } from '../../../lib/define';
import { BadSetting, messageOf } from '../../../lib/errors';
import { isEnvironmentReference } from '../../../lib/fields';
import { completeFields, type CompletedFields } from '../../../lib/settings';
import { SETTINGS_PROPERTY, typeProperty } from '../names';
import type { House } from './house';

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

/** Sources whose value is in the field itself. */
const FIXED = new Set(['', 'str', 'num', 'bool', 'json', 'choice']);

/**
 * The values of a node's fields for one run: expressions evaluated, empty ones taken from *Billing settings*, then from
 * the environment, then from the definition.
 * @throws BadSetting  naming the field and what is wrong with its value
 */
export async function completeParams(house: House, asked: Asked): Promise<CompletedFields> {
  const { fields, saved } = asked;
  const entered: Record<string, unknown> = {};
  for (const [name, field] of Object.entries(fields)) entered[name] = await enteredValue(house, asked, name, field);

  const shared = house.shared.valuesFor(String(saved[SETTINGS_PROPERTY] ?? ''));
  return completeFields({ fields, entered, shared, environment: house.parts.environment });
}

/** Replaces `${NAME}` in a dialog's values as Node-RED does for a deployed node. */
export function withEnvironment({ RED }: House, { saved, node }: Pick<Asked, 'saved' | 'node'>): SavedFields {
  const replaced = Object.entries(saved).map(([name, value]) => [
    name,
    isEnvironmentReference(value)
      ? (RED.util.evaluateNodeProperty(String(value).trim(), 'env', node as Node, {}) as unknown)
      : value,
  ]);
  return Object.fromEntries(replaced) as SavedFields;
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
