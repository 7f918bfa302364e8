import { nodes } from '../../nodes';
import type { ActionDefinition, NodeDefinition } from '../../lib/define';
import { type AuditEvent, auditEventSchema } from '../../lib/event';
import type { ConformanceCase } from './cases';

/** What one run gave, in the same form for every host. */
export interface CaseOutcome {
  /** What left by each output, in order; an output by which nothing left may be absent. */
  readonly outputs: Readonly<Record<string, readonly unknown[] | undefined>>;
  /** What reached the host's error path instead. */
  readonly error?: { readonly code: string; readonly message: string; readonly hint: string };
}

/** The definition that a case is about. */
export function definitionOf(name: string): ActionDefinition {
  const found = (nodes as readonly NodeDefinition[]).find((each) => each.name === name);
  if (found?.role !== 'action') throw new Error(`${name} is no node that takes messages.`);
  return found;
}

export function outputsOf(name: string): readonly string[] {
  return Object.keys(definitionOf(name).outputs);
}

/** Holds what a run gave against what its case expects: the same for the pure functions and for every host. */
export function expectCase({ node, error, output = {}, says }: ConformanceCase, outcome: CaseOutcome): void {
  if (error) {
    expect(outcome.error?.code).toBe(error.code);
    expect(outcome.error?.hint ?? '').not.toBe('');
    for (const part of error.says) expect(outcome.error?.message).toContain(part);
    expect(Object.values(outcome.outputs).flat()).toEqual([]);
    return;
  }
  expect(outcome.error).toBeUndefined();
  for (const [name, fields] of Object.entries(output)) {
    const given = outcome.outputs[name] ?? [];
    if (fields === null) expect(given).toEqual([]);
    else if (Array.isArray(fields))
      expect(given).toEqual(fields.map((each) => expect.objectContaining(each) as unknown));
    else expect(given).toMatchObject([fields]);
  }
  const { outputs } = definitionOf(node);
  for (const [name, given] of Object.entries(outcome.outputs)) {
    for (const value of given ?? []) outputs[name]?.schema.parse(value);
  }
  const text = Object.values(outcome.outputs)
    .flatMap((given) => given ?? [])
    .map(sentencesOf)
    .join('\n');
  for (const part of says) expect(text).toContain(part);
}

function sentencesOf(given: unknown): string {
  const event = auditEventSchema.safeParse(given);
  if (!event.success) return Object.values(given as object).join('\n');
  const { issue_description, suggested_fix, reasons }: AuditEvent = event.data;
  return [issue_description, suggested_fix, ...reasons.map(({ because }) => because)].join(' ');
}
