import { startReceiver, type Receiver } from '../support/receiver';
import { startSandboxProcess, type SandboxProcess } from '../support/sandbox';
import { enabledHook, newHook, practiceSheet, readHook, setEnabled, type PracticeSheet } from './office';

let sandbox: SandboxProcess;
let receiver: Receiver;
let sheet: PracticeSheet;

beforeEach(async () => {
  sandbox = await startSandboxProcess('--no-rate-limits');
  receiver = await startReceiver();
  sheet = await practiceSheet(sandbox);
});

afterEach(async () => {
  await sandbox.stop();
  await receiver.close();
});

const settle = () => sandbox.control('POST', '/sandbox/settle');

describe('a webhook', () => {
  it('is new and not verified when made, and has a secret', async () => {
    const hook = await newHook(sandbox, sheet, receiver);
    expect(hook).toMatchObject({
      enabled: false,
      status: 'NEW_NOT_VERIFIED',
      sharedSecret: expect.stringMatching(/^\w{26}$/),
    });
    expect(receiver.received).toHaveLength(0);
  });

  it('is challenged inside the enabling PUT, which answers only when the challenge is over', async () => {
    let answered = false;
    receiver.answerChallenge = async (value) => {
      await new Promise((resolve) => setTimeout(resolve, 50));
      answered = true;
      return { status: 200, body: JSON.stringify({ smartsheetHookResponse: value }) };
    };
    const hook = await enabledHook(sandbox, sheet, receiver);
    expect(answered).toBe(true);
    expect(hook).toMatchObject({ enabled: true, status: 'ENABLED' });
    const challenge = receiver.received[0];
    expect(challenge?.json).toEqual({ challenge: challenge?.headers['smartsheet-hook-challenge'], webhookId: hook.id });
  });

  it.each([
    ['a status other than 200', () => ({ status: 201, headers: {} })],
    ['another value', () => ({ status: 200, headers: { 'Smartsheet-Hook-Response': 'no' } })],
    ['a body that is no JSON', () => ({ status: 200, body: 'hello' })],
  ])('fails its verification on %s', async (_what, reply) => {
    receiver.answerChallenge = reply;
    const hook = await enabledHook(sandbox, sheet, receiver);
    expect(hook).toMatchObject({ enabled: false, status: 'DISABLED_VERIFICATION_FAILED' });
    expect(hook.disabledDetails).toContain('verification failed');
  });

  it('can be disabled and enabled by its owner, and gets nothing of what happened in between', async () => {
    const hook = await enabledHook(sandbox, sheet, receiver);
    expect(await setEnabled(sandbox, hook, false)).toMatchObject({ enabled: false, status: 'DISABLED_BY_OWNER' });
    await sheet.edit(0, { Quantity: 11 });
    expect(await setEnabled(sandbox, hook)).toMatchObject({ enabled: true, status: 'ENABLED' });
    await settle();
    expect(receiver.callbacks()).toHaveLength(0);
  });

  it.each([
    ['DISABLED_ADMINISTRATIVE', 403, 1154],
    ['DISABLED_APP_REVOKED', 403, 1153],
  ])('cannot be enabled when it is %s', async (status, http, errorCode) => {
    const hook = await enabledHook(sandbox, sheet, receiver);
    await sandbox.control('POST', `/sandbox/webhooks/${hook.id}/disable`, { status });
    const answer = await sandbox.api('PUT', `/webhooks/${hook.id}`, { enabled: true });
    expect(answer).toMatchObject({ status: http, body: { errorCode } });
  });

  it('tells its receiver when its owner loses the sheet and gets it back', async () => {
    const hook = await enabledHook(sandbox, sheet, receiver);
    const access = (level: string) =>
      sandbox.control('POST', `/sandbox/sheets/${sheet.id}/access`, { user: 'billing-audit@example.com', level });
    await access('NONE');
    await settle();
    expect(await readHook(sandbox, hook)).toMatchObject({ status: 'DISABLED_SCOPE_INACCESSIBLE' });
    await access('ADMIN');
    await settle();
    expect(await readHook(sandbox, hook)).toMatchObject({ status: 'ENABLED' });
    expect(receiver.callbacks().map(({ json }) => json['newWebhookStatus'])).toEqual([
      'DISABLED_SCOPE_INACCESSIBLE',
      'ENABLED',
    ]);
    expect(receiver.callbacks()[0]?.json).not.toHaveProperty('events');
  });

  it('becomes inaccessible when its sheet is deleted', async () => {
    const hook = await enabledHook(sandbox, sheet, receiver);
    await sandbox.api('DELETE', `/sheets/${sheet.id}`);
    expect(await readHook(sandbox, hook)).toMatchObject({ status: 'DISABLED_SCOPE_INACCESSIBLE' });
  });

  it('gets another secret on request, whatever the case of the path', async () => {
    const hook = await newHook(sandbox, sheet, receiver);
    const { body } = await sandbox.api<{ result: { sharedSecret: string } }>(
      'POST',
      `/webhooks/${hook.id}/resetSharedSecret`,
    );
    expect(body.result.sharedSecret).not.toBe(hook.sharedSecret);
    expect((await readHook(sandbox, hook)).sharedSecret).toBe(body.result.sharedSecret);
  });

  it('is listed newest first, without totals, with every filter read as *.*', async () => {
    const first = await newHook(sandbox, sheet, receiver, { events: ['row.created'] });
    const second = await newHook(sandbox, sheet, receiver);
    const { body } = await sandbox.api<{ data: { id: number; events: string[] }[] }>('GET', '/webhooks');
    expect(body).toMatchObject({ totalCount: -1, totalPages: -1 });
    expect(body.data.map(({ id }) => id)).toEqual([second.id, first.id]);
    expect(body.data[1]?.events).toEqual(['*.*']);
    expect((await readHook(sandbox, first)).events).toEqual(['row.created']);
  });

  it('is seen by its owner only', async () => {
    const hook = await newHook(sandbox, sheet, receiver);
    const other = { Authorization: 'Bearer practice-token-counter@example.com' };
    expect(await sandbox.api('GET', `/webhooks/${hook.id}`, undefined, other)).toMatchObject({
      status: 404,
      body: { errorCode: 1006 },
    });
  });
});

describe('the answer of a receiver', () => {
  it.each([200, 201, 204, 301, 302, 309, 399, 400, 404, 410, 429, 499, 500, 503, 599])(
    '%i is judged as documented',
    async (status) => {
      const retried = (status >= 400 && status !== 410) || false;
      const hook = await enabledHook(sandbox, sheet, receiver);
      receiver.answerCallback = () => ({ status: receiver.callbacks().length === 1 ? status : 200 });
      await sheet.edit(0, { Quantity: 11 });
      await settle();
      expect(receiver.callbacks()).toHaveLength(retried ? 2 : 1);
      const isFine = status === 200 || retried;
      expect((await readHook(sandbox, hook)).status).toBe(isFine ? 'ENABLED' : 'DISABLED_CALLBACK_FAILED');
    },
  );

  it('is asked for 14 more times with the same bytes, and then the webhook is disabled', async () => {
    const hook = await enabledHook(sandbox, sheet, receiver);
    receiver.answerCallback = () => ({ status: 500 });
    await sheet.edit(0, { Quantity: 11 });
    await settle();
    expect(receiver.callbacks()).toHaveLength(15);
    expect(new Set(receiver.callbacks().map(({ body }) => body)).size).toBe(1);
    expect(await readHook(sandbox, hook)).toMatchObject({
      status: 'DISABLED_CALLBACK_FAILED',
      stats: { lastCallbackAttemptRetryCount: 14 },
    });
  });

  it('is retried when nobody answers at all', async () => {
    const hook = await enabledHook(sandbox, sheet, receiver);
    await receiver.close();
    await sheet.edit(0, { Quantity: 11 });
    await settle();
    const { webhooks } = await sandbox.control<{
      webhooks: { id: number; deliveries: { attempts: { status: unknown }[] }[] }[];
    }>('GET', '/sandbox/webhooks');
    const attempts = webhooks.find(({ id }) => id === hook.id)?.deliveries[0]?.attempts ?? [];
    expect(attempts.map(({ status }) => status)).toEqual(Array.from({ length: 15 }, () => 'no answer'));
  });
});

it('demands HTTPS and the ports of Smartsheet when it is strict', async () => {
  const strict = await startSandboxProcess('--strict-callback-urls');
  const own = await practiceSheet(strict);
  const ask = (callbackUrl: string) =>
    strict.api('POST', '/webhooks', {
      name: 'x',
      callbackUrl,
      scope: 'sheet',
      scopeObjectId: own.id,
      events: ['*.*'],
      version: 1,
    });
  for (const url of [
    'http://audit.example.com/',
    'https://audit.example.com:9999/',
    'https://127.0.0.1/',
    'nonsense',
  ]) {
    expect(await ask(url)).toMatchObject({ status: 400, body: { errorCode: 1152 } });
  }
  expect((await ask('https://audit.example.com:8443/webhook')).status).toBe(200);
  await strict.stop();
});
