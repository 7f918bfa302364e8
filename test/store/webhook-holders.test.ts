import { secretBox, secretBoxOfStoreKey, SecretUnreadable, storeOver } from '../../lib/store';
import type { EmbeddedStoreDriver, Webhook } from '../../lib/store';
import { buildStoreWorker, newFolder, openTestStore, removeFolder } from '../support/store';

const folder = newFolder();
let driver: EmbeddedStoreDriver;

beforeAll(async () => (driver = await openTestStore(folder, buildStoreWorker())));
afterAll(async () => {
  await driver.close();
  removeFolder(folder);
});

const webhook = (id: string): Webhook => ({
  webhook_id: id,
  sheet_id: '7',
  callback_url: 'https://n8n.example.com/webhook/1',
  shared_secret: `secret of ${id}`,
  previous_secret: null,
  status: 'ENABLED',
});

it('lets a host that has only the key of the store read the secrets of its own webhooks in every process, and the server those of its home', async () => {
  const ofHost = () => storeOver(driver, { secrets: secretBoxOfStoreKey('the key'), sealedWith: 'store_key' });
  const ofServer = storeOver(driver, { secrets: secretBox(new Uint8Array(32)) });
  await ofServer.saveWebhook(webhook('1'));
  await ofHost().saveWebhook(webhook('2'));
  expect(await ofServer.webhooks()).toEqual([webhook('1')]);
  expect(await ofHost().webhooks()).toEqual([webhook('2')]);
  const callback = { webhook_id: '2', nonce: 'n', body: Buffer.from('{}') };
  expect(await ofHost().acceptCallback(callback)).toEqual({ isNew: true });
  const stored = JSON.stringify(await driver.transaction([{ sql: 'select * from billing_audit.webhooks' }]));
  expect(stored).not.toContain('secret of');
  const withNewKey = storeOver(driver, { secrets: secretBoxOfStoreKey('a new key'), sealedWith: 'store_key' });
  await expect(withNewKey.webhooks()).rejects.toBeInstanceOf(SecretUnreadable);
});
