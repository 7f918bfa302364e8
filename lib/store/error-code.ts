/** The `code` of an error of Node (`EEXIST`, ...), or null. */
export function codeOf(thrown: unknown): string | null {
  // Not `instanceof Error`: an error of another realm (a test's sandbox, a worker) is one too.
  const code = typeof thrown === 'object' && thrown !== null && 'code' in thrown ? thrown.code : null;
  return typeof code === 'string' ? code : null;
}
