import type { Field } from '../define/fields';
import { BadSetting } from '../errors';
import { sentenceOf } from './problems';
import { isEmpty, readField } from './read-field';

const LONGEST_FOUND = 60;

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
