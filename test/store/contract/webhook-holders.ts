import { secretBox, secretBoxOfStoreKey, SecretUnreadable, storeOver } from '../../../lib/store';
import type { Webhook } from '../../../lib/store';
import { emptyStore } from '../empty-store';
import type { StoreUnderTest, TestedDriver } from '../stores';

export function webhookHoldersContract(under: () => StoreUnderTest): void {
  let driver: TestedDriver;

  beforeAll(() => {
    driver = under().driver;
  });
  beforeEach(() => emptyStore(driver));

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
  });

  it('passes over, after a change of the key, what was sealed with the one before, until it is saved anew', async () => {
    const before = storeOver(driver, { secrets: secretBoxOfStoreKey('the key'), sealedWith: 'store_key' });
    await before.saveWebhook(webhook('2'));
    await storeOver(driver, { secrets: secretBox(new Uint8Array(32)) }).saveWebhook(webhook('1'));
    const withNewKey = storeOver(driver, { secrets: secretBoxOfStoreKey('a new key'), sealedWith: 'store_key' });
    expect(await withNewKey.webhooks()).toEqual([]);
    await withNewKey.saveWebhook(webhook('2'));
    expect(await withNewKey.webhooks()).toEqual([webhook('2')]);
    const otherHome = storeOver(driver, { secrets: secretBox(new Uint8Array(32).fill(1)) });
    await expect(otherHome.webhooks()).rejects.toBeInstanceOf(SecretUnreadable);
  });
}
