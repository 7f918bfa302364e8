import { createHmac } from 'node:crypto';
import { startReceiver, type Receiver } from '../support/receiver';
import { startSandboxProcess, type SandboxProcess } from '../support/sandbox';
import { enabledHook, practiceSheet, readHook, type HookView, type PracticeSheet } from './office';

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
const faults = (wanted: object) => sandbox.control('POST', '/sandbox/faults', wanted);

function events(): Record<string, unknown>[] {
  return receiver.callbacks().flatMap(({ json }) => json['events'] as Record<string, unknown>[]);
}

function signatureFor(hook: HookView, body: string): string {
  return createHmac('sha256', hook.sharedSecret).update(body).digest('hex');
}

describe('a callback', () => {
  it('tells of an edit, with a signature over exactly the bytes that are sent', async () => {
    const hook = await enabledHook(sandbox, sheet, receiver);
    await sheet.edit(0, { Quantity: 12 });
    await settle();
    const [callback] = receiver.callbacks();
    expect(callback?.headers['smartsheet-hmac-sha256']).toBe(signatureFor(hook, callback?.body ?? ''));
    expect(callback?.json).toMatchObject({
      webhookId: hook.id,
      scope: 'sheet',
      scopeObjectId: sheet.id,
      events: [
        { objectType: 'cell', eventType: 'updated', rowId: sheet.rowIds[0], columnId: sheet.columns['Quantity'] },
      ],
    });
  });

  it('loses the leading zeros of its signature when asked to', async () => {
    const hook = await enabledHook(sandbox, sheet, receiver);
    await faults({ stripZeros: true });
    const zeros = () => receiver.callbacks().filter(({ body }) => signatureFor(hook, body).startsWith('0'));
    for (let value = 100; zeros().length === 0; value += 1) {
      await sheet.edit(0, { Quantity: value });
      await settle();
    }
    const [callback] = zeros();
    const header = String(callback?.headers['smartsheet-hmac-sha256']);
    expect(header.length).toBeLessThan(64);
    expect(header.padStart(64, '0')).toBe(signatureFor(hook, callback?.body ?? ''));
  });

  it('keeps the change agent of the request that caused it', async () => {
    await enabledHook(sandbox, sheet, receiver);
    const body = { id: sheet.rowIds[0], cells: [{ columnId: sheet.columns['Note'], value: 'seen' }] };
    await sandbox.api('PUT', `/sheets/${sheet.id}/rows`, body, { 'Smartsheet-Change-Agent': 'billing-audit' });
    await settle();
    expect(events()).toMatchObject([{ objectType: 'cell', changeAgent: 'billing-audit' }]);
  });

  it('names a row that was added or deleted once, and says nothing of a save that changes nothing', async () => {
    await enabledHook(sandbox, sheet, receiver);
    await sandbox.control('POST', '/sandbox/rows', {
      sheetId: sheet.id,
      rows: [{ 'Work Request #': 'WR-3', Quantity: 1 }],
    });
    await sheet.edit(0, { Quantity: 10 });
    await sandbox.control('DELETE', '/sandbox/rows', { sheetId: sheet.id, rowIds: [sheet.rowIds[1]] });
    await settle();
    expect(events().map(({ objectType, eventType }) => `${objectType} ${eventType}`)).toEqual([
      'row created',
      'row deleted',
    ]);
  });

  it('reaches a column-scoped hook only for its columns, and for deleted rows', async () => {
    await enabledHook(sandbox, sheet, receiver, { subscope: { columnIds: [sheet.columns['Note']] } });
    await sheet.edit(0, { Quantity: 11 });
    await sheet.edit(0, { Note: 'checked' });
    await sandbox.control('DELETE', '/sandbox/rows', { sheetId: sheet.id, rowIds: [sheet.rowIds[1]] });
    await settle();
    expect(events().map(({ objectType, eventType }) => `${objectType} ${eventType}`)).toEqual([
      'cell updated',
      'row deleted',
    ]);
  });

  it('is sent once for identical hooks, to the oldest', async () => {
    const oldest = await enabledHook(sandbox, sheet, receiver);
    await enabledHook(sandbox, sheet, receiver);
    await sheet.edit(0, { Quantity: 11 });
    await settle();
    expect(receiver.callbacks().map(({ json }) => json['webhookId'])).toEqual([oldest.id]);
  });

  it('waits until the one before it was answered', async () => {
    await enabledHook(sandbox, sheet, receiver);
    let onTheWay = 0;
    let most = 0;
    receiver.answerCallback = async () => {
      most = Math.max(most, (onTheWay += 1));
      await new Promise((resolve) => setTimeout(resolve, 20));
      onTheWay -= 1;
      return { status: 200 };
    };
    for (const value of [1, 2, 3, 4]) await sheet.edit(0, { Quantity: value });
    await settle();
    expect(receiver.callbacks()).toHaveLength(4);
    expect(most).toBe(1);
  });
});

describe('a fault', () => {
  beforeEach(() => enabledHook(sandbox, sheet, receiver));

  const notes = async () => {
    for (const [row, value] of [
      [0, 1],
      [1, 2],
      [0, 3],
    ] as const) {
      await sheet.edit(row, { Note: value });
    }
    await settle();
    return events().map(({ rowId }) => sheet.rowIds.indexOf(Number(rowId)));
  };

  it('drops callbacks', async () => {
    await faults({ dropNext: 2 });
    expect(await notes()).toEqual([0]);
  });

  it('doubles callbacks byte for byte', async () => {
    await faults({ doubleNext: 1 });
    expect(await notes()).toEqual([0, 0, 1, 0]);
    expect(receiver.callbacks()[0]?.body).toBe(receiver.callbacks()[1]?.body);
  });

  it('sends a callback after the one that follows it', async () => {
    await faults({ reorderNext: 1 });
    expect(await notes()).toEqual([1, 0, 0]);
  });

  it('sends a held callback when none follows', async () => {
    await faults({ reorderNext: 1 });
    await sheet.edit(0, { Note: 1 });
    await settle();
    expect(receiver.callbacks()).toHaveLength(1);
  });

  it('delays callbacks on the clock of the sandbox', async () => {
    await faults({ delaySeconds: 90 });
    await sheet.edit(0, { Note: 1 });
    await sandbox.control('POST', '/sandbox/clock', { advanceSeconds: 80 });
    expect(receiver.callbacks()).toHaveLength(0);
    await sandbox.control('POST', '/sandbox/clock', { advanceSeconds: 10 });
    expect(receiver.callbacks()).toHaveLength(1);
  });

  it('makes API requests fail as often as asked', async () => {
    await faults({ failNext: { status: 500, errorCode: 4004, count: 2, path: '/sheets' } });
    expect((await sandbox.api('GET', '/users/me')).status).toBe(200);
    expect(await sandbox.api('GET', '/sheets')).toMatchObject({ status: 500, body: { errorCode: 4004 } });
    expect((await sandbox.api('GET', '/sheets')).status).toBe(500);
    expect((await sandbox.api('GET', '/sheets')).status).toBe(200);
  });
});

it('asks for another challenge after each hundred callbacks, and disables a hook that fails it', async () => {
  const hook = await enabledHook(sandbox, sheet, receiver);
  for (let value = 1_000; value < 1_101; value += 1) await sheet.edit(0, { Quantity: value });
  await settle();
  expect(receiver.received.map(({ isChallenge }) => isChallenge).lastIndexOf(true)).toBe(101);
  receiver.answerChallenge = () => ({ status: 403 });
  for (let value = 2_000; value < 2_101; value += 1) await sheet.edit(0, { Quantity: value });
  await settle();
  expect(await readHook(sandbox, hook)).toMatchObject({ enabled: false, status: 'DISABLED_VERIFICATION_FAILED' });
});

describe('with a debounce of a minute', () => {
  let minute: SandboxProcess;
  let week: PracticeSheet;
  const advance = (advanceSeconds: number) => minute.control('POST', '/sandbox/clock', { advanceSeconds });

  beforeEach(async () => {
    minute = await startSandboxProcess('--no-rate-limits', '--debounce', '60');
    week = await practiceSheet(minute);
    await enabledHook(minute, week, receiver);
  });

  afterEach(() => minute.stop());

  it('gathers events from the first one on and sends them a minute after it', async () => {
    await week.edit(0, { Quantity: 11 });
    await advance(50);
    await week.edit(1, { Quantity: 21 });
    expect(receiver.callbacks()).toHaveLength(0);
    await advance(10);
    expect(receiver.callbacks()).toHaveLength(1);
    expect(events()).toHaveLength(2);
  });

  it('tells of a cell that one person wrote twice once, and of two people twice', async () => {
    await week.edit(0, { Quantity: 11 }, 'clerk@example.com');
    await week.edit(0, { Quantity: 12 }, 'clerk@example.com');
    await week.edit(0, { Quantity: 13 }, 'chief@example.com');
    await advance(60);
    expect(events()).toHaveLength(2);
  });
});
