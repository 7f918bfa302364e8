import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { startAlerting } from '../../lib/alerts/start-alerting';
import type { AuditEvent } from '../../lib/event';
import { openEmbeddedStore } from '../../lib/store';
import { buildStoreWorker, bundle, migrations, newFolder, openTestStore, removeFolder } from '../support/store';
import { until } from '../support/until';
import { routeTo, rule } from './house';
import { openPostOffice, type PostOffice } from './post-office';
import { event } from './samples';

const worker = buildStoreWorker();
const program = bundle('test/alert/dying-sender.ts', 'dying-sender');
let office: PostOffice;
let folder: string;

beforeEach(async () => {
  office = await openPostOffice();
  folder = newFolder();
  await (await openTestStore(folder, worker)).close();
});
afterEach(async () => {
  await office.close();
  removeFolder(folder);
});

/** Lets the process die at the point, starts anew on the same store, and waits until nothing more is to be sent. */
async function dieAndStartAgain(point: string, about: AuditEvent = event()): Promise<Readonly<Record<string, number>>> {
  const directory = join(folder, 'store');
  const child = spawn(
    process.execPath,
    [program, directory, worker, migrations, String(office.port), point, JSON.stringify(about)],
    {
      stdio: ['ignore', 'ignore', 'inherit'],
    },
  );
  const [, signal] = (await once(child, 'exit')) as [number | null, string | null];
  expect(signal).toBe('SIGKILL');
  const driver = await openEmbeddedStore({ directory, workerPath: worker, migrations });
  const quiet = (): void => undefined;
  const alerting = startAlerting({
    driver,
    http: () => Promise.reject(new Error('no network')),
    now: () => Date.now() + 5_000,
    sleep: (milliseconds, stop) => pause(Math.min(milliseconds, 60_000), undefined, stop ? { signal: stop } : {}),
    random: () => 0,
    log: { debug: quiet, info: quiet, warn: quiet, error: quiet },
    configuration: { practice: false, outboxFolder: folder, soleOwner: true, environment: {}, dashboardUrl: null },
  });
  await alerting.desk.enlist(rule({ severityFrom: 'LOW' }), { mail: routeTo(office), channelUrl: null });
  const states = await until(async () => {
    const { undecided, states: found } = (await alerting.health()).outbox;
    return undecided === 0 && !found['pending'] && !found['sending'] && Object.keys(found).length > 0 && found;
  }, 'an outbox with nothing to send');
  await alerting.stop();
  await driver.close();
  return states;
}

describe('a kill -9', () => {
  it.each([
    'after billing_audit_append',
    'before billing_audit_raise_alert',
    'after billing_audit_raise_alert',
    'after billing_audit_lease_mail',
    'before billing_audit_settle_mail:handed_over',
    'after billing_audit_settle_mail:handed_over',
  ])('%s loses no alert, and exactly one mail arrives', async (point) => {
    expect(await dieAndStartAgain(point)).toEqual({ sent: 1 });
    expect(office.arrived).toHaveLength(1);
    expect(office.texts).toHaveLength(1);
  });

  it('between the server taking a HIGH mail and our noting it repeats it under the same Message-ID', async () => {
    expect(await dieAndStartAgain('before billing_audit_settle_mail:sent')).toEqual({ sent: 1 });
    expect(office.arrived).toHaveLength(2);
    expect(new Set(office.arrived.map(({ messageId }) => messageId)).size).toBe(1);
  });

  it('in the same place leaves a lesser mail to a person instead of sending it twice', async () => {
    const lesser = event({ severity: 'MEDIUM', risk_score: 0.4, reasons: [] });
    expect(await dieAndStartAgain('before billing_audit_settle_mail:sent', lesser)).toEqual({ uncertain: 1 });
    expect(office.arrived).toHaveLength(1);
  });
});
