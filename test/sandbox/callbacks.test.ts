import { createHmac } from 'node:crypto';
import { startReceiver, type Receiver } from '../support/receiver';
import { startSandboxProcess, type SandboxProcess } from '../support/sandbox';
import { enabledHook, practiceSheet, type PracticeSheet } from './office';

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

it('challenges the receiver inside the enabling PUT and answers ENABLED', async () => {
  const hook = await enabledHook(sandbox, sheet, receiver);
  expect(hook).toMatchObject({ enabled: true, status: 'ENABLED' });
  expect(receiver.received).toHaveLength(1);
  expect(receiver.received[0]?.json).toEqual({
    challenge: receiver.received[0]?.headers['smartsheet-hook-challenge'],
    webhookId: hook.id,
  });
});

it('tells of an edit with a signature over exactly the bytes that it sends', async () => {
  const hook = await enabledHook(sandbox, sheet, receiver);
  await sheet.edit(0, { Quantity: 12 }, 'clerk@example.com');
  await sandbox.control('POST', '/sandbox/settle');
  const [callback] = receiver.callbacks();
  const digest = createHmac('sha256', hook.sharedSecret)
    .update(callback?.body ?? '')
    .digest('hex');
  expect(callback?.headers['smartsheet-hmac-sha256']).toBe(digest);
  expect(callback?.json).toMatchObject({
    webhookId: hook.id,
    scope: 'sheet',
    scopeObjectId: sheet.id,
    events: [{ objectType: 'cell', eventType: 'updated', rowId: sheet.rowIds[0], columnId: sheet.columns['Quantity'] }],
  });
});
