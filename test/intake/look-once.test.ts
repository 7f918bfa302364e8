import { httpOverFetch } from '../../lib/runtime/http-over-fetch';
import { lookOnce, type LookParts } from '../../lib/runtime/look-once';
import { createPeople } from '../../lib/runtime/people';
import { VersionTrust } from '../../lib/runtime/resolution/version-trust';
import { createClient, createLimiter } from '../../lib/smartsheet';
import { secretBox, storeOver, type EmbeddedStoreDriver } from '../../lib/store';
import { practiceSheet } from '../sandbox/office';
import { startSandboxProcess, type SandboxProcess } from '../support/sandbox';
import { buildStoreWorker, newFolder, openTestStore, removeFolder } from '../support/store';
import { recordingLog } from './support';
import { brief } from './watchtower';

const folder = newFolder();
let sandbox: SandboxProcess;
let driver: EmbeddedStoreDriver;
let parts: LookParts;

beforeAll(async () => {
  sandbox = await startSandboxProcess('--no-rate-limits', '--seed', '13');
  driver = await openTestStore(folder, buildStoreWorker());
  const now = (): number => Date.now();
  const sleep = (): Promise<void> => Promise.resolve();
  const limiter = createLimiter(null, { now, sleep });
  const account = { http: httpOverFetch(), token: 'practice-token', base: `${sandbox.url}/2.0/` };
  const client = createClient({ ...account, limiter, now, sleep, random: () => 0.5 });
  const store = storeOver(driver, { secrets: secretBox(new Uint8Array(32)) });
  const trust = new VersionTrust();
  parts = { client, people: createPeople(client, now), store, trust, now, log: recordingLog() };
}, 120_000);

afterAll(async () => {
  await driver.close();
  await sandbox.stop();
  removeFolder(folder);
}, 120_000);

it('one look tells the steps of a cell that two people wrote since the last one', async () => {
  const sheet = await practiceSheet(sandbox);
  const look = { sheetId: String(sheet.id), hasWebhook: false, missingSince: {} };
  await lookOnce(look, parts);
  for (const [value, by] of [
    [12, 'clerk@example.com'],
    [15, 'foreman@example.com'],
  ] as const) {
    await sandbox.control('POST', '/sandbox/clock', { advanceSeconds: 5 });
    await sheet.edit(0, { Quantity: value }, by);
  }
  await lookOnce(look, parts);
  expect(await parts.store.counts()).toMatchObject({ changes_provisional: 0 });
  const changes = await parts.store.leaseChanges({ sheetIds: 'all', limit: 10, leaseSeconds: 60 });
  expect(changes.map(brief)).toEqual([
    ['Quantity', '10', '12', 'clerk@example.com'],
    ['Quantity', '12', '15', 'foreman@example.com'],
  ]);
});
