/**
 * What can be wrong with a field's value, in words. The runtime puts them into errors; the editor's catalogue carries
 * the same sentences, so that the dialog and a Catch node say the same thing. `__name__` is how Node-RED's catalogues
 * mark a fact.
 */
export const PROBLEMS = {
  required: 'must be filled in',
  text: 'must be text',
  number: 'must be a number',
  integer: 'must be a whole number',
  least: 'must be __min__ or more',
  most: 'must be __max__ or less',
  boolean: 'must be true or false',
  option: 'must be one of: __options__',
  hours: 'must look like 08:00-18:00',
  points: 'needs points from 0 to 100 for "__factor__"',
  factor: 'has no factor named "__factor__"',
  json: 'must be JSON: __why__',
  schedule: 'must look like "every 60 s", "every 5 min", "02:00" or "Mon 02:00"',
  sheets: 'must be sheet ids (digits), separated by commas',
  one: 'takes one value only',
  pattern: '__why__',
} as const;

export interface FieldProblem {
  readonly key: keyof typeof PROBLEMS;
  readonly facts: Readonly<Record<string, string | number>>;
}

/** The English sentence of a problem, without its subject. */
export function sentenceOf({ key, facts }: FieldProblem): string {
  return PROBLEMS[key].replace(/__([a-z]+)__/g, (_, name: string) => String(facts[name] ?? ''));
}
