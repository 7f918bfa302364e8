import { createHmac } from 'node:crypto';
import type { Webhook } from '../../lib/store/store';
import { ANSWERS, createIntake } from '../../lib/runtime/webhook-intake';
import { createWebhookBook } from '../../lib/runtime/webhook-book';
import { StoreUnavailable } from '../../lib/store/store-errors';
import { recordingLog } from './support';

const hook: Webhook = {
  webhook_id: '11',
  sheet_id: '22',
  callback_url: 'https://audit.example.com/webhook',
  shared_secret: 'secret',
  previous_secret: 'older',
  status: 'ENABLED',
};
const challenge = '0d0d6d3a-9a4b-4b7e-8c55-1f7ad6c5a111';
const genuine = JSON.stringify({
  nonce: 'n-1',
  timestamp: '2026-01-14T15:30:00Z',
  webhookId: 11,
  scopeObjectId: 22,
  events: [],
});
const foreign = genuine.replace('"webhookId":11', '"webhookId":99');
const sign = (body: string, secret = 'secret'): string => createHmac('sha256', secret).update(body).digest('hex');

interface Case {
  readonly name: string;
  readonly headers?: Record<string, string | string[]>;
  readonly body: string | null;
  readonly storeIsDown?: boolean;
  readonly status: number;
  readonly stored?: number;
  readonly said?: string;
}

/** The whole table: whatever is posted gets one of these answers. */
const TABLE: readonly Case[] = [
  {
    name: 'a signed callback',
    headers: { 'smartsheet-hmac-sha256': sign(genuine) },
    body: genuine,
    status: 200,
    stored: 1,
  },
  {
    name: 'one signed with the previous secret',
    headers: { 'smartsheet-hmac-sha256': sign(genuine, 'older') },
    body: genuine,
    status: 200,
    stored: 1,
    said: 'previous secret',
  },
  {
    name: 'a signed body that is no JSON',
    headers: { 'smartsheet-hmac-sha256': sign('oops') },
    body: 'oops',
    status: 200,
    stored: 1,
    said: 'stored but not understood',
  },
  {
    name: 'a signed body of unknown form',
    headers: { 'smartsheet-hmac-sha256': sign('{"webhookId":11}') },
    body: '{"webhookId":11}',
    status: 200,
    stored: 1,
    said: 'stored but not understood',
  },
  {
    name: 'a challenge',
    headers: { 'smartsheet-hook-challenge': challenge },
    body: JSON.stringify({ challenge, webhookId: 11 }),
    status: 200,
  },
  {
    name: 'a challenge for a webhook not known yet',
    headers: { 'smartsheet-hook-challenge': challenge },
    body: JSON.stringify({ challenge, webhookId: 98 }),
    status: 200,
  },
  {
    name: 'a challenge while the store is down',
    headers: { 'smartsheet-hook-challenge': challenge },
    body: JSON.stringify({ challenge, webhookId: 11 }),
    storeIsDown: true,
    status: 200,
  },
  {
    name: 'a challenge that is not well-formed',
    headers: { 'smartsheet-hook-challenge': 'x' },
    body: '{"challenge":"x"}',
    status: 401,
    said: 'header must be a UUID',
  },
  { name: 'no signature', body: genuine, status: 401, said: 'without a signature' },
  {
    name: 'two signatures',
    headers: { 'smartsheet-hmac-sha256': [sign(genuine), sign(genuine)] },
    body: genuine,
    status: 401,
    said: 'with two',
  },
  {
    name: 'two signatures, joined by a proxy',
    headers: { 'smartsheet-hmac-sha256': `${sign(genuine)},${sign(genuine)}` },
    body: genuine,
    status: 401,
    said: 'with two',
  },
  {
    name: 'a wrong signature',
    headers: { 'smartsheet-hmac-sha256': sign(genuine, 'guess') },
    body: genuine,
    status: 401,
    said: 'not signed with the secret',
  },
  {
    name: 'a webhook that is not ours',
    headers: { 'smartsheet-hmac-sha256': sign(foreign) },
    body: foreign,
    status: 401,
    said: 'deploy the Smartsheet Trigger again',
  },
  {
    name: 'bad JSON, not signed by any of ours',
    headers: { 'smartsheet-hmac-sha256': sign('oops', 'guess') },
    body: 'oops',
    status: 401,
    said: 'no callback',
  },
  { name: 'nothing at all', body: '', status: 401, said: 'without a signature' },
  {
    name: 'a host that lost the bytes',
    headers: { 'smartsheet-hmac-sha256': sign(genuine) },
    body: null,
    status: 401,
    said: 'no raw bytes',
  },
  {
    name: 'a signed callback while the store is down',
    headers: { 'smartsheet-hmac-sha256': sign(genuine) },
    body: genuine,
    storeIsDown: true,
    status: 503,
    said: 'send it again',
  },
];

describe('what /webhook answers', () => {
  it.each(TABLE)('to $name: $status', async ({ headers = {}, body, storeIsDown = false, status, stored = 0, said }) => {
    const log = recordingLog();
    const accepted: unknown[] = [];
    const fail = (): never => {
      throw new StoreUnavailable('the disk is full');
    };
    const store = {
      webhooks: async () => [hook],
      saveWebhook: async () => undefined,
      forgetWebhook: async () => undefined,
      acceptCallback: async (callback: unknown) => (storeIsDown ? fail() : { isNew: accepted.push(callback) > 0 }),
    };
    let rings = 0;
    const book = createWebhookBook(store, () => 0);
    const intake = createIntake({ store, book, now: () => 0, log, onStored: () => (rings += 1) });
    const answer = await intake.answer({ headers, body: body === null ? null : Buffer.from(body) });
    expect(answer.status).toBe(status);
    expect([accepted.length, rings]).toEqual([stored, stored]);
    if (said !== undefined) expect(log.lines.join('\n')).toContain(said);
    if (status === 200 && stored === 0) {
      expect(answer.headers['smartsheet-hook-response']).toBe(challenge);
      expect(JSON.parse(answer.body)).toEqual({ smartsheetHookResponse: challenge });
    }
  });

  it('is never a status for which Smartsheet gives a webhook up at once', () => {
    expect(
      Object.values(ANSWERS)
        .map(({ status }) => status)
        .sort(),
    ).toEqual([200, 401, 503]);
  });

  it('is 503 when the webhooks themselves cannot be read', async () => {
    const broken = async (): Promise<never> => Promise.reject(new StoreUnavailable('it is closed'));
    const store = { webhooks: broken, saveWebhook: broken, forgetWebhook: broken, acceptCallback: broken };
    const intake = createIntake({
      store,
      book: createWebhookBook(store, () => 0),
      now: () => 0,
      log: recordingLog(),
      onStored: () => undefined,
    });
    const answer = await intake.answer({
      headers: { 'smartsheet-hmac-sha256': sign(genuine) },
      body: Buffer.from(genuine),
    });
    expect(answer.status).toBe(503);
  });

  it('says a refusal once a minute and counts them all', async () => {
    let now = 0;
    const log = recordingLog();
    const store = {
      webhooks: async () => [hook],
      saveWebhook: async () => undefined,
      forgetWebhook: async () => undefined,
      acceptCallback: async () => ({ isNew: true }),
    };
    const intake = createIntake({
      store,
      book: createWebhookBook(store, () => now),
      now: () => now,
      log,
      onStored: () => undefined,
    });
    for (let index = 0; index < 50; index += 1) await intake.answer({ headers: {}, body: Buffer.from(genuine) });
    expect(log.lines).toHaveLength(1);
    now = 60_000;
    await intake.answer({ headers: {}, body: Buffer.from(genuine) });
    expect(log.lines).toHaveLength(2);
    expect(intake.refusals()).toEqual({ missing: 51 });
  });
});
