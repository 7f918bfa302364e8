/**
 * What can be wrong with a field's value, in words. The runtime puts them into errors; the editor's catalogue carries
 * the same sentences, so that the dialog and a Catch node say the same thing.
 */
export const PROBLEMS = {
  required: 'must be filled in',
  text: 'must be text',
  number: 'must be a number',
  integer: 'must be a whole number',
  least: 'must be {{min}} or more',
  most: 'must be {{max}} or less',
  boolean: 'must be true or false',
  option: 'must be one of: {{options}}',
  hours: 'must look like 08:00-18:00',
  points: 'needs points from 0 to 100 for "{{factor}}"',
  factor: 'has no factor named "{{factor}}"',
  json: 'must be JSON: {{why}}',
  schedule: 'must look like "every 60 s", "every 5 min", "02:00" or "Mon 02:00"',
  sheets: 'must be sheet ids (digits), separated by commas',
  one: 'takes one value only',
  pattern: '{{why}}',
} as const;

export interface FieldProblem {
  readonly key: keyof typeof PROBLEMS;
  readonly facts: Readonly<Record<string, string | number>>;
}

/** The English sentence of a problem, without its subject. */
export function sentenceOf({ key, facts }: FieldProblem): string {
  return PROBLEMS[key].replace(/\{\{(\w+)\}\}/g, (_, name: string) => String(facts[name] ?? ''));
}
