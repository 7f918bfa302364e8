import type { Configuration } from './configuration';

type Places = Pick<Configuration, 'host' | 'port' | 'publicUrl' | 'webhookPort' | 'dashboardPort'>;

/**
 * Where the links of mails lead.
 * @param given  BILLING_AUDIT_DASHBOARD_URL: behind a proxy only its owner knows
 */
export function dashboardAddress(
  { host, port, publicUrl, webhookPort, dashboardPort }: Places,
  given: string | undefined,
): string {
  const named = given?.trim() ?? '';
  if (named !== '') return named;
  const here = `http://${host.includes(':') ? `[${host}]` : host}:${dashboardPort ?? port}`;
  // With a port of its own for the webhook, that one is published: a person who came there would read 404.
  const base = webhookPort === null ? (publicUrl ?? here) : here;
  return `${base.replace(/\/$/, '')}/dashboard/changes`;
}
