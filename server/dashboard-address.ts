import type { Configuration } from './configuration';

type Places = Pick<Configuration, 'publicUrl' | 'webhookPort' | 'dashboardUrl'>;

/** Where the server listens, with the ports that were really taken. */
interface Taken {
  readonly address: string;
  /** Of the port for the dashboard alone, if there is one. */
  readonly dashboardAddress: string | null;
}

/**
 * Where the links of mails lead.
 * @param machine  this machine's name: a mail is read elsewhere, where "any address of this machine" leads nowhere
 */
export function dashboardAddress(
  { publicUrl, webhookPort, dashboardUrl }: Places,
  { address, dashboardAddress: own }: Taken,
  machine: string,
): string {
  if (dashboardUrl !== null) return dashboardUrl;
  const here = (own ?? address).replace(/\/\/(0\.0\.0\.0|\[::\])(?=:)/, `//${machine}`);
  // With a port of its own for the webhook, that one is published: a person who came there would read 404.
  const base = webhookPort === null ? (publicUrl ?? here) : here;
  return `${base.replace(/\/$/, '')}/dashboard/changes`;
}
