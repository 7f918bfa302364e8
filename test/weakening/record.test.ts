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
  expect(keys.toSorted()).toEqual(['configuration:two:2:1', 'configuration:two:3:1', 'configuration:two:4:1']);
});
