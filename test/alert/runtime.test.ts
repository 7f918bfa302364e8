import { join } from 'node:path';
import { openRuntime } from '../../lib/runtime/open-runtime';
import type { Runtime } from '../../lib/runtime/runtime';
import { defaultSettings } from '../../lib/settings';
import { secretBox, storeOver } from '../../lib/store';
import { alertNode } from '../../nodes/alert';
import { buildStoreWorker, newFolder, openTestStore, removeFolder } from '../support/store';
import { until } from '../support/until';
import { openPostOffice, type PostOffice } from './post-office';
import { event } from './samples';

const params = {
  recipients: 'manager@example.com',
  alertFrom: 0.7,
  severityFrom: 'HIGH',
  subjectPrefix: '',
  mailsPerHour: 10,
  groupMinutes: 10,
  findingsADay: 20,
} as const;
const quiet = () => undefined;
const log = { debug: quiet, info: quiet, warn: quiet, error: quiet };

let office: PostOffice;
let folder: string;
let runtime: Runtime;

async function openIn(home: string): Promise<void> {
  const driver = await openTestStore(folder, buildStoreWorker());
  const store = storeOver(driver, { secrets: secretBox(Buffer.alloc(32, 7)) });
  runtime = await openRuntime({
    home,
    log,
    openStore: () => Promise.resolve({ store, driver, close: () => driver.close() }),
  });
}
const portsOf = (nodeId: string) =>
  runtime.portsFor({
    settings: defaultSettings,
    credentials: { smtp: { url: `smtp://127.0.0.1:${office.port}`, from: 'audit@example.com' } },
    log,
    nodeId,
  });
const check = async () => (await runtime.health()).checks.find(({ name }) => name === 'alerts');

beforeEach(async () => {
  office = await openPostOffice();
  folder = newFolder();
});
afterEach(async () => {
  await runtime.close();
  await office.close();
  removeFolder(folder);
});

describe('a Runtime', () => {
  it('mails of an event that was recorded, without a message to the Alert node, and says so in its health', async () => {
    await openIn(join(folder, 'home'));
    const ports = portsOf('n1');
    const stop = await alertNode.begin!(params, ports);
    await ports.store.append([event()]);
    await until(() => office.arrived.length === 1, 'the mail');
    expect(office.arrived[0]!.subject).toContain('changed from $77,183.60 to $0.00');
    await until(async () => (await check())?.text === '1 mail sent, 0 waiting', 'the health');
    // The message that comes after tells nobody again.
    expect(await alertNode.run(event(), params, ports)).toHaveProperty('alert');
    await until(async () => (await check())?.text === '1 mail sent, 0 waiting', 'the same health');
    await stop({ removed: false });
  });

  it('of a practice home mails nobody', async () => {
    await openIn(join(folder, 'home', 'sandbox'));
    const ports = portsOf('n1');
    await alertNode.begin!(params, ports);
    await ports.store.append([event()]);
    await until(async () => (await check())?.text === '1 mail written to the practice outbox', 'the file');
    expect(office.connections).toBe(0);
  });
});
