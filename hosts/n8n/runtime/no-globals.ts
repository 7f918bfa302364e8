/**
 * What stands in the bundles for globals that n8n forbids. Some libraries name them without needing them here: zod keeps
 * its configuration on the global object, a calendar library looks for timers.
 */
export const packageGlobal: Record<string, unknown> = {};

/** Libraries warn of deprecated forms, which no one reads inside n8n; ours speak through n8n's log. */
export const quietConsole = { log: nothing, info: nothing, warn: nothing, error: nothing };

function nothing(): void {
  return undefined;
}

/** Never called by what a node does; a library that would is told at once. */
export function noTimer(): never {
  throw new Error('n8n lends nodes no timers.');
}
