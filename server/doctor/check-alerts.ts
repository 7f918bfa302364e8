import { readAddresses, readRoute } from '../../lib/alerts';
import { verifySmtp } from '../../lib/alerts/smtp-transport';
import { BillingAuditError, messageOf } from '../../lib/errors';
import { off, ok, wrong, type Line } from './line';
import { settingOf, type Patient } from './patient';

const TIMEOUTS = { connect: 10_000, greet: 10_000, silence: 15_000 };

/** Whether alerts can leave: addresses, server and login are tried, nothing is sent. */
export async function checkAlerts(patient: Patient): Promise<Line> {
  const name = 'alerts';
  if (patient.practice) return off(name, 'Practice mails nobody; its mails are files in its home.');
  try {
    const route = readRoute({ url: settingOf(patient, 'SMTP_URL'), from: settingOf(patient, 'ALERT_FROM') });
    const addresses = readAddresses(settingOf(patient, 'ALERT_TO'), 'ALERT_TO');
    if (route === null) return off(name, 'No SMTP_URL: alerts wait and are shown.', 'Set it: billing-audit setup');
    await verifySmtp(route, TIMEOUTS);
    const reported = patient.health?.checks.find((check) => check.name === 'alerts');
    if (reported && reported.status !== 'ok') {
      return wrong(
        name,
        `The server says: ${reported.text}`,
        'Correct what it names; the mails that wait go out then.',
      );
    }
    if (addresses.length === 0) {
      return off(name, `${route.server.host} would take mails, but ALERT_TO names nobody.`, 'billing-audit setup');
    }
    return ok(name, `${route.server.host} lets us in; ${addresses.join(', ')} will be told.`);
  } catch (thrown) {
    return wrong(name, messageOf(thrown), thrown instanceof BillingAuditError ? thrown.hint : 'billing-audit setup');
  }
}
