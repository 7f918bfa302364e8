import { NAMES, QUERIES } from './addresses';
import { BODIES } from './bodies';
import { KEYS, METHODS } from './callers';
import type { RpcCase } from './case';
import { STATES, STORY } from './functions';
import { HEADERS } from './headers';

export type { Difference, RpcCase } from './case';
export { TEST_FUNCTIONS } from './functions';

/** All requests that our door and PostgREST are compared by, in the order in which they are sent. */
export const CASES: readonly RpcCase[] = [
  ...STORY,
  ...KEYS,
  ...METHODS,
  ...NAMES,
  ...QUERIES,
  ...BODIES,
  ...HEADERS,
  ...STATES,
];
