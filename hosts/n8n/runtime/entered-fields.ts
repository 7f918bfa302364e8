import type { Field, Fields } from '../../../lib/define';
import { OPTIONS } from '../names';
import { parameter, type Context } from './context';

/**
 * What stands in a node's form for one item, by the name of the field, in the form that every host gives: a picker's
 * choice as its id, a list of pickers as a list of ids, what is not added left out.
 */
export function enteredFields(
  context: Context,
  fields: Fields,
  optional: readonly string[],
  itemIndex = 0,
): Readonly<Record<string, unknown>> {
  const options = optional.length ? ((parameter(context, OPTIONS, itemIndex) ?? {}) as Record<string, unknown>) : {};
  const entered = Object.entries(fields).map(([name, field]) => [
    name,
    plain(field, optional.includes(name) ? options[name] : parameter(context, name, itemIndex)),
  ]);
  return Object.fromEntries(entered.filter(([, value]) => value !== null && value !== undefined)) as Record<
    string,
    unknown
  >;
}

interface Located {
  readonly value?: unknown;
}

/** A value as a form holds it, in the form that every host gives. */
export function plain(field: Field, value: unknown): unknown {
  if (field.kind !== 'sheets') return value;
  if (!field.many) return located(value);
  const { sheet = [] } = (value ?? {}) as { readonly sheet?: readonly { readonly id?: unknown }[] };
  return sheet.map(({ id }) => located(id)).filter((id) => id !== '' && id !== null && id !== undefined);
}

/** A locator's value, or what an expression put in its place. */
function located(value: unknown): unknown {
  return typeof value === 'object' && value !== null && 'value' in value ? (value as Located).value : value;
}
