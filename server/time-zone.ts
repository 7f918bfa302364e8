/** Business time, as on the nodes; a zone that does not exist is reported by them, and must not break a page here. */
export function timeZoneOf(text: string | undefined): string {
  const zone = text?.trim() || 'America/Chicago';
  try {
    return new Intl.DateTimeFormat('en', { timeZone: zone }).resolvedOptions().timeZone;
  } catch {
    return 'UTC';
  }
}
