import { cpSync } from 'node:fs';
import { installationId, openHome } from '../../lib/runtime/home';
import type { OpenStore } from '../../lib/runtime/open-store';
import { putInForce } from '../../lib/runtime/put-in-force';
import { recordConfiguration, type Configuration, type ConfiguredNode } from '../../lib/weakening';
import type { EmbeddedStoreDriver } from '../../lib/store';
import { nodes as definitions } from '../../nodes';
import { buildStoreWorker, newFolder, openTestStore, removeFolder } from '../support/store';

let folder: string;
let driver: EmbeddedStoreDriver;
beforeAll(async () => {
  folder = newFolder();
  driver = await openTestStore(folder, buildStoreWorker());
}, 300_000);
afterAll(async () => {
  await driver.close();
  removeFolder(folder);
});

const at = '2026-11-26T09:00:00.000Z';
const alert = (values: Readonly<Record<string, unknown>>): ConfiguredNode => ({
  id: 'alert-1',
  type: 'alert',
  name: '',
  on: true,
  values: { recipients: 'manager@example.com, Auditor@example.com', alertFrom: 0.7, ...values },
  settings: '',
  inherits: [],
  reaches: [],
  between: {},
});
const configuration = (values: Readonly<Record<string, unknown>> = {}): Configuration => ({
  nodes: [alert(values)],
  variables: {},
});
const deploy = (scope: string, deployed: Configuration): ReturnType<typeof recordConfiguration> =>
  recordConfiguration(driver, { scope, configuration: deployed, definitions, by: 'admin', at });
const rule = (recipients: readonly string[]): Promise<unknown> =>
  driver.rpc('billing_audit_save_alert_rule', {
    rule_id: 'alert-1',
    recipients,
    risk_from: 0.7,
    severity_from: 'HIGH',
    mails_per_hour: 10,
    group_minutes: 10,
    frame: {},
    quietly: true,
    at,
  });
const recent = async (): Promise<readonly { event_key: string }[]> =>
  ((await driver.rpc('billing_audit_recent', { limit: 50 })) as { events: { event_key: string }[] }).events;

it('tells those of the configuration before, though the rule has forgotten them already', async () => {
  await rule(['manager@example.com', 'auditor@example.com']);
  expect(await deploy('one', configuration())).toEqual([]);
  // The node has started before its flow is compared.
  await rule(['auditor@example.com']);
  const changes = await deploy('one', configuration({ recipients: 'auditor@example.com', alertFrom: 0.9 }));
  expect(changes.map(({ weakens }) => weakens)).toEqual([true, true]);
  expect((await recent()).map(({ event_key }) => event_key).toSorted()).toEqual([
    'configuration:one:2:1',
    'configuration:one:2:2',
  ]);
  const due = { sender: 'test', lease_seconds: 60, domain: 'example.com', at: '2026-11-26T09:05:00.000Z' };
  const mail = async (): Promise<unknown> =>
    ((await driver.rpc('billing_audit_lease_mail', due)) as { mail: unknown }).mail;
  const mails = [await mail(), await mail()] as { recipient: string; total: number }[];
  expect(mails.map(({ recipient, total }) => [recipient, total]).toSorted()).toEqual([
    ['auditor@example.com', 2],
    ['manager@example.com', 2],
  ]);
  expect(await mail()).toBeNull();
});

it('records nothing for the same configuration again, by whoever and however often', async () => {
  const before = (await recent()).length;
  await Promise.all(
    [1, 2, 3].map(() => deploy('one', configuration({ recipients: 'auditor@example.com', alertFrom: 0.9 }))),
  );
  expect(await recent()).toHaveLength(before);
});

it('of two who deploy at once each is compared with the other, and no step is recorded twice', async () => {
  await deploy('two', configuration());
  await Promise.all([0.75, 0.8, 0.85].map((alertFrom) => deploy('two', configuration({ alertFrom }))));
  const keys = (await recent()).map(({ event_key }) => event_key).filter((key) => key.startsWith('configuration:two:'));
  const steps = ['configuration:two:2:1', 'configuration:two:3:1', 'configuration:two:4:1'];
  expect(keys.toSorted()).toEqual(['configuration:two:1:1', ...steps]);
});

it('a new installation is told of to those who were told by the one before, and its twin of the same moment too', async () => {
  await deploy('before', configuration({ recipients: 'removed@example.com' }));
  const weaker = configuration({ recipients: 'boss@example.com', alertFrom: 1 });
  const told = await Promise.all(['new', 'newer'].map((scope) => deploy(scope, weaker)));
  expect(told.flat()).toMatchObject([{ subject: 'Installation', weakens: true }, { subject: 'Installation' }]);
  const events = (await recent()) as readonly { event_key: string; severity: string; violation_type: string }[];
  const first = events.filter(({ event_key }) => /^configuration:newe?r?:1:1$/u.test(event_key));
  expect(first).toHaveLength(2);
  for (const event of first)
    expect(event).toMatchObject({ severity: 'HIGH', violation_type: 'CONFIGURATION_WEAKENED' });
  const mails = (await driver.transaction([
    {
      sql: `select distinct recipient from billing_audit.alerts where event_key like 'configuration:new%'`,
      parameters: [],
    },
  ])) as readonly { recipient: string }[];
  expect(mails.map(({ recipient }) => recipient)).toContain('removed@example.com');
});

it('the first of a store alone is silent: nobody can put a new scope in force beside others without an event', async () => {
  const p = { scope: 'silent', edition: 1, fingerprint: '0'.repeat(64), configuration: configuration(), told: [] };
  expect(await driver.rpc('billing_audit_put_configuration_in_force', { ...p, events: [], at })).toMatchObject({
    saved: false,
  });
});

it('an installation keeps its name when its keys go to another machine, and whichever store it has', async () => {
  const [home, moved] = [openHome(newFolder()), openHome(newFolder())];
  const name = installationId(home);
  expect(installationId(home)).toBe(name);
  expect(installationId(moved)).not.toBe(name);
  cpSync(home.keys, moved.keys, { recursive: true });
  expect(installationId(moved)).toBe(name);
  const scopes: unknown[] = [];
  for (const inbox of [null, {}]) {
    const rpc = (called: `billing_audit_${string}`, p: object): Promise<unknown> => {
      if (called === 'billing_audit_configuration_in_force') scopes.push((p as { scope: string }).scope);
      return driver.rpc(called, p);
    };
    const opened = { driver: { ...driver, inbox, rpc } } as unknown as OpenStore;
    const parts = { home: moved, machine: { now: () => Date.parse(at) }, opened, onRecorded: () => undefined };
    await putInForce({ configuration: configuration(), definitions, by: null }, parts);
  }
  expect(scopes.slice(0, 1)).toEqual([`node-red:${name}`]);
  expect(new Set(scopes).size).toBe(1);
  for (const { folder: made } of [home, moved]) removeFolder(made);
});

it('keeps no password, token or key that a field or an expression holds, and ids of credentials as they are', async () => {
  const holding = {
    'credential token': 'node-17',
    channel: 'https://ann:hunter2@example.com/hook?token=hunter2',
    headers: { expression: 'jsonata: "Bearer hunter2-hunter2"' },
    recipients: 'manager@example.com',
  };
  await deploy('secrets', configuration(holding));
  await deploy('secrets', configuration({ ...holding, channel: 'https://ann:hunter2b@example.com/other' }));
  const kept = JSON.stringify(await driver.rpc('billing_audit_configuration_in_force', { scope: 'secrets' }));
  expect(kept).toContain('https://ann:[secret]@example.com/other');
  expect(kept).toContain('node-17');
  expect(kept + JSON.stringify(await recent())).not.toContain('hunter2');
});
