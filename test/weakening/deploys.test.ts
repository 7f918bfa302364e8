import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openPostOffice, type PostOffice } from '../alert/post-office';
import { buildShippedPalette } from '../support/build-palette';
import { startNodeRed, type FlowNode, type RunningNodeRed } from '../support/node-red';
import { until } from '../support/until';

/** A real Node-RED, a real store and a real mail server: who deploys what, and who hears of it. */
let palette: string;
let office: PostOffice;
let userDir: string;
let red: RunningNodeRed;

beforeAll(() => {
  palette = buildShippedPalette('weakening');
}, 300_000);
beforeEach(async () => {
  office = await openPostOffice();
  userDir = mkdtempSync(join(tmpdir(), 'weakening-'));
  red = await start(flow());
  await isOpen();
}, 300_000);
afterEach(async () => {
  await red.stop();
  await office.close();
  rmSync(userDir, { recursive: true, force: true });
}, 60_000);

function start(flows?: readonly FlowNode[]): Promise<RunningNodeRed> {
  const env = { SMTP_URL: `smtp://127.0.0.1:${office.port}`, ALERT_FROM: 'audit@example.com', ALERT_TO: '' };
  return startNodeRed({ palette, userDir, env, storeIsLaid: true, ...(flows && { flows }) });
}

/** A start beside much other work takes its time. */
const LONG = 90_000;
const BOTH = 'manager@example.com, auditor@example.com';

/** Alert behind the trail, and a node that gives the latest events. */
function flow(alert: Readonly<Record<string, unknown>> | null = {}): readonly FlowNode[] {
  const place = { z: 'tab', x: 100, y: 100 };
  const told = { id: 'alert', type: 'billing-audit-alert', ...place, recipients: BOTH, alertFrom: 0.7, wires: [[]] };
  return [
    { id: 'tab', type: 'tab', label: 'Watch' },
    { id: 'trail', type: 'billing-audit-audit-trail', ...place, operation: 'append', wires: [alert ? ['alert'] : []] },
    ...(alert ? [{ ...told, ...alert }] : []),
    { id: 'in', type: 'http in', ...place, url: '/latest', method: 'get', wires: [['keep']] },
    { id: 'keep', type: 'billing-audit-audit-trail', ...place, operation: 'recent', wires: [['gather']] },
    { id: 'gather', type: 'http response', ...place, wires: [] },
  ];
}

/** The store is open, and what is deployed has been compared. */
async function isOpen(): Promise<void> {
  await until(async () => (await fetch(`${red.address}/health`)).ok, 'the store to open', LONG);
  await until(() => red.logs().includes('was compared with'), 'the comparison', LONG);
}

interface Latest {
  readonly violation_type: string;
  readonly severity: string;
  readonly column_name: string;
  readonly old_value: string | null;
  readonly new_value: string | null;
}

/** The newest event of the trail; null while there is none. */
async function latest(): Promise<Latest | null> {
  const answer = await fetch(`${red.address}/latest`, { signal: AbortSignal.timeout(5000) }).catch(() => null);
  return answer?.ok ? ((await answer.json()) as Latest) : null;
}
const inForce = (what: string): Promise<Latest> =>
  until(
    async () => {
      const event = await latest();
      return event?.column_name === what ? event : null;
    },
    `an event about ${what}; log: ${red.logs().slice(-600)}`,
  );
const mailsTo = (address: string): string[] =>
  office.arrived.filter(({ to }) => to.text === address).map(({ subject, text }) => `${subject}\n${text}`);

it('a recipient who is taken off the list is told of that, beside the one who stays', async () => {
  await red.deploy(flow({ recipients: 'auditor@example.com' }));
  expect(await inForce('Alert: Who is told')).toMatchObject({
    violation_type: 'CONFIGURATION_WEAKENED',
    severity: 'HIGH',
    old_value: BOTH,
    new_value: 'auditor@example.com',
  });
  await until(() => mailsTo('manager@example.com').length > 0, 'the mail to the one who was removed', LONG);
  await until(() => mailsTo('auditor@example.com').length > 0, 'the mail to the one who stays', LONG);
  expect(mailsTo('manager@example.com')[0]).toMatch(/HIGH: Configuration changed/);
  expect(mailsTo('manager@example.com')[0]).toContain('Who is told');
  expect([mailsTo('manager@example.com'), mailsTo('auditor@example.com')].map(({ length }) => length)).toEqual([1, 1]);
}, 300_000);

it('those who were told hear that the Alert node was removed', async () => {
  await red.deploy(flow(null));
  expect(await inForce('Alert')).toMatchObject({ violation_type: 'CONFIGURATION_WEAKENED', new_value: null });
  for (const address of ['manager@example.com', 'auditor@example.com'])
    await until(
      () => mailsTo(address).some((mail) => mail.includes('Alert was removed')),
      `the mail to ${address}`,
      LONG,
    );
}, 300_000);

it('what is made stricter is in the trail and mailed to nobody; what weakens after it is', async () => {
  await red.deploy(flow({ alertFrom: 0.5 }));
  expect(await inForce('Alert: Tell from a risk of')).toMatchObject({
    violation_type: 'NONE',
    severity: 'LOW',
    new_value: '0.5',
  });
  await red.deploy(flow({ alertFrom: 0.5, severityFrom: 'NONE' }));
  await inForce('Alert: Tell of violations');
  await until(() => mailsTo('manager@example.com').length > 0, 'the mail', LONG);
  expect(mailsTo('manager@example.com').join()).not.toContain('Tell from a risk of');
}, 300_000);

it('the same flow again, and a restart, record nothing; a file edited while it was stopped is found at the start', async () => {
  const compared = (): number => red.logs().split('with the one before: no changes').length - 1;
  await red.deploy(flow());
  await until(() => compared() === 2, 'the second comparison', LONG);
  await red.stop();
  red = await start();
  await until(() => compared() === 1, 'the comparison after the restart', LONG);
  expect(await latest()).toBeNull();
  await red.stop();
  const file = join(userDir, 'flows.json');
  const edited = readFileSync(file, 'utf8').replace('"alertFrom":0.7', '"alertFrom":0.95');
  expect(edited).not.toBe(readFileSync(file, 'utf8'));
  writeFileSync(file, edited);
  red = await start();
  const found = await inForce('Alert: Tell from a risk of');
  expect(found).toMatchObject({
    violation_type: 'CONFIGURATION_WEAKENED',
    old_value: '0.7',
    new_value: '0.95',
    // The second edition that was ever put in force: nothing was between.
    event_key: expect.stringMatching(/^configuration:node-red:[0-9a-f-]{36}:2:1$/u) as string,
    changed_by: null,
  });
  await until(() => mailsTo('manager@example.com').length > 0, 'the mail', LONG);
}, 600_000);
