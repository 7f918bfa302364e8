import type { Outbox } from './book';
import type { MailFailure } from './mail-transport';
import type { RouteTable } from './route-table';

/** How alerting stands, as a check of `/health`; never worse than degraded, since nothing is lost by waiting. */
export interface AlertingHealth {
  readonly status: 'ok' | 'degraded';
  readonly text: string;
  readonly outbox: Outbox;
}

export function alertingHealth(
  outbox: Outbox,
  routes: Pick<RouteTable, 'environmentProblem' | 'routeFor'>,
  lastFailure: MailFailure | null,
  practice: boolean,
): AlertingHealth {
  const count = (state: string): number => outbox.states[state] ?? 0;
  const waiting = count('pending') + count('sending');
  const problems = [
    routes.environmentProblem,
    waiting > 0 && routes.routeFor('') === null ? `${mails(waiting)} waiting: no SMTP_URL is set` : null,
    count('dead') > 0 ? `${mails(count('dead'))} could not be delivered` : null,
    count('uncertain') > 0 ? `${mails(count('uncertain'))} may not have arrived; a person must decide` : null,
    lastFailure && waiting > 0 ? `the last try failed: ${lastFailure.message} ${lastFailure.hint}` : null,
  ].filter((problem) => problem !== null);
  const well = practice
    ? `${mails(count('sent'))} written to the practice outbox`
    : `${mails(count('sent'))} sent, ${waiting} waiting`;
  return { status: problems.length ? 'degraded' : 'ok', text: problems.join('; ') || well, outbox };
}

function mails(count: number): string {
  return `${count} ${count === 1 ? 'mail' : 'mails'}`;
}
