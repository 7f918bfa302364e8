/** The work request that a row belongs to: `Work Request #` up to the first dot. `90123.0` and `90123.2` are one. */
export function workRequestOf(cell: string | null | undefined): string | null {
  const whole = cell?.trim().split('.', 1)[0]?.trim();
  return whole ? whole : null;
}
