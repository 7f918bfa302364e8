/** What came as JSON, or a part of it, as an object; anything else is an empty one. */
export function asObject(given: unknown): Readonly<Record<string, unknown>> {
  return typeof given === 'object' && given !== null && !Array.isArray(given) ? (given as Record<string, unknown>) : {};
}
