import { createHmac } from 'node:crypto';
import type { IWebhookFunctions, IWebhookResponseData } from 'n8n-workflow';
import { answerCallback } from '../../hosts/n8n/runtime/answer-callback';
import { type EmbeddedStoreDriver, secretBoxOfStoreKey, storeOver } from '../../lib/store';
import { buildStoreWorker, newFolder, openTestStore, removeFolder } from '../support/store';
import { contextOf } from './support/around';

const folder = newFolder();
const ADDRESS = 'https://n8n.example.com/webhook/1/webhook';
let driver: EmbeddedStoreDriver;
/** All lines of the log. */
const logged: string[] = [];

beforeAll(async () => {
  driver = await openTestStore(folder, buildStoreWorker());
  // Sealed with the key of the credential, as the trigger's own create() seals it.
  const store = storeOver(driver, { secrets: secretBoxOfStoreKey('key'), sealedWith: 'store_key' });
  const hook = { sheet_id: '22', callback_url: ADDRESS, previous_secret: null, status: 'ENABLED' };
  await store.saveWebhook({ ...hook, webhook_id: '11', shared_secret: 'secret' });
  await store.saveWebhook({ ...hook, webhook_id: '12', shared_secret: 'secret', callback_url: `${ADDRESS}/other` });
});
afterAll(async () => {
  await driver.close();
  removeFolder(folder);
});

const callback = (nonce: string, webhookId = 11): string =>
  JSON.stringify({
    nonce,
    timestamp: '2026-01-14T15:30:00Z',
    webhookId,
    scope: 'sheet',
    scopeObjectId: 22,
    events: [],
  });

interface Called {
  readonly status: number;
  readonly given: IWebhookResponseData;
}

async function call(body: string, { secret = 'secret', mode = 'webhook' } = {}): Promise<Called> {
  let status = 0;
  const response = {
    status: (given: number) => ((status = given), response),
    set: () => response,
    end: () => response,
  };
  const signature = createHmac('sha256', secret).update(body).digest('hex');
  const context = {
    ...contextOf({ driver, mode, logged }),
    getNodeWebhookUrl: () => ADDRESS,
    getHeaderData: () => ({ 'smartsheet-hmac-sha256': signature }),
    getRequestObject: () => ({ rawBody: Buffer.from(body) }),
    getBodyData: () => JSON.parse(body) as object,
    getResponseObject: () => response,
  };
  const given = await answerCallback(context as unknown as IWebhookFunctions);
  return { status, given };
}

it('stores an authentic callback and starts no run of a published workflow', async () => {
  expect(await call(callback('n-1'))).toEqual({ status: 200, given: { noWebhookResponse: true } });
  const stored = await driver.transaction([{ sql: 'select nonce from billing_audit.webhook_events' }]);
  expect(stored).toEqual([{ nonce: 'n-1' }]);
});

it('shows the callback to whoever tries the node out', async () => {
  const { status, given } = await call(callback('n-2'), { mode: 'manual' });
  expect(status).toBe(200);
  expect(given.workflowData).toEqual([[{ json: JSON.parse(callback('n-2')) as object }]]);
  const forged = await call(callback('n-3'), { mode: 'manual', secret: 'guessed' });
  expect(forged).toEqual({ status: 401, given: { noWebhookResponse: true } });
});

it('knows no webhook of another trigger', async () => {
  expect((await call(callback('n-4', 12))).status).toBe(401);
});

it('says once that calls come for a strange webhook, in words of n8n, however many come', async () => {
  for (let times = 0; times < 20; times += 1) expect((await call(callback(`f-${times}`, 13))).status).toBe(401);
  expect(logged.filter((line) => line.includes('(unknown_webhook)'))).toEqual([
    expect.stringContaining('A call of Smartsheet Trigger was refused'),
  ]);
  expect(logged.join('\n')).not.toMatch(/deploy/);
});
