import { secretBox, storeOver, type EmbeddedStoreDriver, type Store } from '../../lib/store';
import { buildStoreWorker, newFolder, openTestStore, removeFolder } from '../support/store';
import { cell, observation, row, sheetId, step } from './examples';

const folder = newFolder();
const workerPath = buildStoreWorker();
let driver: EmbeddedStoreDriver;
let store: Store;

/** Longer than any test: nothing below waits for its end. */
const leaseSeconds = 3600;

async function open(): Promise<void> {
  driver = await openTestStore(folder, workerPath);
  store = storeOver(driver, { secrets: secretBox(new Uint8Array(32)) });
}

/** What the next process finds, when the one before gave nothing back. */
async function nextProcess(): Promise<void> {
  await driver.close();
  await open();
}

const callbacks = async (): Promise<readonly number[]> =>
  (await store.leaseCallbacks({ limit: 10, leaseSeconds })).map(({ attempts }) => attempts);
const changes = async (): Promise<number> =>
  (await store.leaseChanges({ sheetIds: 'all', limit: 10, leaseSeconds })).length;

beforeAll(async () => {
  await open();
  const hook = { webhook_id: '1', sheet_id: sheetId, callback_url: 'https://x.example.com' };
  await store.saveWebhook({ ...hook, shared_secret: 's', previous_secret: null, status: 'ENABLED' });
  await store.acceptCallback({ webhook_id: '1', nonce: 'a', body: Buffer.from('a') });
  await store.resolve(observation('09:10:00', { rows: [row('21', 1, cell('12', step('1', '09:00:00')))] }));
}, 120_000);
afterAll(async () => {
  await driver.close();
  removeFolder(folder);
});

it('what a dead process had leased is handed out as soon as the store is open again, and not at each of many deaths', async () => {
  for (let life = 1; life <= 4; life += 1) {
    expect(await callbacks()).toEqual([life]);
    expect(await changes()).toBe(1);
    expect(await callbacks()).toEqual([]);
    expect(await changes()).toBe(0);
    await nextProcess();
  }
  expect(await callbacks()).toEqual([]);
  expect(await changes()).toBe(0);
}, 120_000);
