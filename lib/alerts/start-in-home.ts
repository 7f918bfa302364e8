import { basename, join } from 'node:path';
import type { StoreDriver } from '../store/store';
import { type Alerting, type AlertingParts, startAlerting } from './start-alerting';

type Machine = Omit<AlertingParts, 'driver' | 'configuration'>;

/**
 * Starts alerting for a home with its embedded store, which no other process can have open.
 * @param home  absolute; one named `sandbox` is a practice home (DESIGN §5), whose mails never leave it
 * @param environment  `SMTP_URL`, `ALERT_FROM`, `BILLING_AUDIT_DASHBOARD_URL`
 */
export function startAlertingIn(
  home: string,
  driver: StoreDriver,
  machine: Machine,
  environment: Readonly<Record<string, string | undefined>> = process.env,
  { configurationIsCompared = false } = {},
): Alerting {
  return startAlerting({
    http: machine.http,
    now: machine.now,
    sleep: machine.sleep,
    random: machine.random,
    log: machine.log,
    driver,
    configuration: {
      practice: basename(home) === 'sandbox',
      outboxFolder: join(home, 'outbox'),
      soleOwner: true,
      environment,
      configurationIsCompared,
      dashboardUrl: environment['BILLING_AUDIT_DASHBOARD_URL'] ?? null,
    },
  });
}
