import type { Field } from '../../../lib/define';

/** The first source that a field with expressions offers: a value typed in. */
export function fixedSource(field: Field): string {
  switch (field.kind) {
    case 'number':
      return 'num';
    case 'boolean':
      return 'bool';
    case 'json':
      return 'json';
    case 'options':
      return 'choice';
    default:
      return 'str';
  }
}

/** What a new node holds for a field. A field that can be inherited begins empty. */
export function initialValue(field: Field): unknown {
  if (field.setting) return field.kind === 'multi-options' ? [] : field.kind === 'weights' ? {} : '';
  if (field.expression) return textOf(field.default);
  return field.kind === 'number' ? textOf(field.default) : field.default;
}

function textOf(value: unknown): string {
  if (value === null || value === undefined) return '';
  return typeof value === 'object' ? JSON.stringify(value) : String(value);
}
