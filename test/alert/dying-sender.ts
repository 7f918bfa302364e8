/** Records an event and alerts of it, in a process of its own that ends itself without warning at a given point. */
import { setTimeout as pause } from 'node:timers/promises';
import { readRoute } from '../../lib/alerts';
import { startAlerting } from '../../lib/alerts/start-alerting';
import { openEmbeddedStore, type StoreDriver } from '../../lib/store';

const [directory = '', workerPath = '', migrations = '', port = '', point = '', eventJson = ''] = process.argv.slice(2);

const dieAt = (reached: string): void => {
  if (reached === point) process.kill(process.pid, 'SIGKILL');
};

async function main(): Promise<void> {
  const store = await openEmbeddedStore({ directory, workerPath, migrations });
  const driver: Pick<StoreDriver, 'rpc'> = {
    rpc: async (name, p) => {
      const outcome = name === 'billing_audit_settle_mail' ? `:${(p as { outcome: string }).outcome}` : '';
      dieAt(`before ${name}${outcome}`);
      const answer = await store.rpc(name, p);
      // A lease that found nothing is no point.
      const hasMail = name !== 'billing_audit_lease_mail' || (answer as { mail: unknown }).mail !== null;
      if (hasMail) dieAt(`after ${name}${outcome}`);
      return answer;
    },
  };
  const quiet = (): void => undefined;
  const alerting = startAlerting({
    driver,
    http: () => Promise.reject(new Error('no network')),
    now: () => Date.now(),
    sleep: (milliseconds, signal) => pause(milliseconds, undefined, signal ? { signal } : {}),
    random: () => 0,
    log: { debug: quiet, info: quiet, warn: quiet, error: quiet },
    configuration: { practice: false, outboxFolder: directory, soleOwner: true, environment: {}, dashboardUrl: null },
  });
  const frame = { subjectPrefix: '', timeZone: 'UTC', columnAliases: {} };
  await alerting.desk.enlist(
    {
      ruleId: 'node-1',
      recipients: ['manager@example.com'],
      riskFrom: 0.7,
      severityFrom: 'LOW',
      mailsPerHour: 10,
      groupMinutes: 10,
      findingsADay: 20,
      frame,
    },
    { mail: readRoute({ url: `smtp://127.0.0.1:${port}`, from: 'audit@example.com' }), channelUrl: null },
  );
  await driver.rpc('billing_audit_append', { events: [JSON.parse(eventJson)] });
  alerting.wake();
  await pause(60_000);
}

void main();
