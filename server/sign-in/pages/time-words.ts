import { DateTime } from 'luxon';

/** "just now", "5 min ago", "3 h ago", "2 days ago". Both in milliseconds since 1970. */
export function timeAgo(then: number, now: number): string {
  const minutes = Math.floor((now - then) / 60_000);
  if (minutes < 1) return 'just now';
  if (minutes < 60) return `${minutes} min ago`;
  const hours = Math.floor(minutes / 60);
  if (hours < 48) return `${hours} h ago`;
  return `${Math.floor(hours / 24)} days ago`;
}

/** As on the dashboard, with the zone: "Mon 23 Nov 2026, 14:05 CST". @param instant  milliseconds since 1970 */
export function timeOfDay(instant: number, timeZone: string): string {
  return DateTime.fromMillis(instant, { zone: timeZone, locale: 'en-US' }).toFormat('ccc d LLL yyyy, HH:mm ZZZZ');
}
