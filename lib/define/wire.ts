import type { ZodType } from 'zod';
import { WrongMessageType } from '../errors';

/** A named type that a connection between two nodes carries. */
export interface Wire<Value = unknown> {
  readonly name: string;
  readonly schema: ZodType<Value>;
}

export type ValueOn<W> = W extends Wire<infer Value> ? Value : never;

export function wire<Value>(name: string, schema: ZodType<Value>): Wire<Value> {
  return { name, schema };
}

/**
 * Checks what arrived on a wire.
 * @throws WrongMessageType  naming the first fields that are missing or wrong (five at most)
 */
export function receive<Value>(expected: Wire<Value>, value: unknown): Value {
  const parsed = expected.schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const problems = parsed.error.issues
    .slice(0, 5)
    .map(({ path, message }) => (path.length ? `\`${path.join('.')}\`: ${message}` : message));
  throw new WrongMessageType(expected.name, describe(value), problems);
}

function describe(value: unknown): string {
  if (value === null || value === undefined) return 'nothing';
  if (Array.isArray(value)) return `a list of ${value.length}`;
  if (typeof value !== 'object') return `${typeof value} ${JSON.stringify(String(value).slice(0, 40))}`;
  const names = Object.keys(value);
  return names.length ? `an object with ${names.slice(0, 4).join(', ')}` : 'an empty object';
}
