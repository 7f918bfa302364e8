import { resolve } from 'node:path';
import { startReceiver, type Receiver } from '../support/receiver';
import { startSandboxProcess, type SandboxProcess } from '../support/sandbox';

const sample = resolve(__dirname, '../samples/online-retail-sample.csv');

interface State {
  readonly sheets: { readonly id: number; readonly name: string; readonly rows: number }[];
}
interface Expected {
  readonly changes: {
    readonly sheetId: number;
    readonly rowId: number;
    readonly columnId: number;
    readonly old: unknown;
    readonly new: unknown;
    readonly person: string;
    readonly at: string;
  }[];
}
interface History {
  readonly data: {
    readonly value?: unknown;
    readonly modifiedAt: string;
    readonly modifiedBy: { readonly email: string };
  }[];
}

let sandbox: SandboxProcess;
let receiver: Receiver;

beforeEach(async () => {
  receiver = await startReceiver();
});
afterEach(async () => {
  await sandbox.stop();
  await receiver.close();
});

async function replayed(...flags: string[]): Promise<State> {
  sandbox = await startSandboxProcess('--no-rate-limits', '--replay', sample, '--wait', ...flags);
  const { sheets } = await sandbox.control<State>('GET', '/sandbox/state');
  for (const { id } of sheets) {
    const hook = {
      name: 'all',
      callbackUrl: receiver.url,
      scope: 'sheet',
      scopeObjectId: id,
      events: ['*.*'],
      version: 1,
    };
    const { body } = await sandbox.api<{ result: { id: number } }>('POST', '/webhooks', hook);
    await sandbox.api('PUT', `/webhooks/${body.result.id}`, { enabled: true });
  }
  await sandbox.control('POST', '/sandbox/replay/start');
  await untilDone();
  await sandbox.control('POST', '/sandbox/settle');
  return sandbox.control<State>('GET', '/sandbox/state');
}

async function untilDone(): Promise<void> {
  for (;;) {
    const { state } = await sandbox.control<{ state: string }>('GET', '/sandbox/replay');
    if (state === 'done') return;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

function eventCounts(): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const { json } of receiver.callbacks()) {
    for (const { objectType, eventType } of json['events'] as { objectType: string; eventType: string }[]) {
      counts[`${objectType} ${eventType}`] = (counts[`${objectType} ${eventType}`] ?? 0) + 1;
    }
  }
  return counts;
}

describe.each(['0', '60'])('the replay of the sample with a debounce of %s s', (debounce) => {
  it('makes the sheets of its weeks, before it starts, and all rows and changes, with their histories', async () => {
    const { sheets } = await replayed('--debounce', debounce);
    expect(sheets.map(({ name, rows }) => [name, rows])).toEqual([
      ['Billing week 2011-W01', 14],
      ['Billing week 2011-W02', 10],
      ['Billing week 2011-W03', 5],
    ]);
    const { changes } = await sandbox.control<Expected>('GET', '/sandbox/replay/expected');
    expect(changes).toHaveLength(13);
    expect(eventCounts()).toEqual({ 'row created': 29, 'cell updated': 13 });
    for (const change of changes) {
      const path = `/sheets/${change.sheetId}/rows/${change.rowId}/columns/${change.columnId}/history`;
      const { data } = (await sandbox.api<History>('GET', path)).body;
      const index = data.findIndex(({ modifiedAt }) => Date.parse(modifiedAt) === Date.parse(change.at));
      expect([data[index + 1]?.value, data[index]?.value]).toEqual([change.old, change.new]);
      expect(data[index]?.modifiedBy.email).toBe(change.person);
    }
  });
});

it('starts once', async () => {
  await replayed('--lockstep');
  await expect(sandbox.control('POST', '/sandbox/replay/start')).rejects.toThrow('409');
});

it('in lockstep never has more than one undelivered callback for a webhook', async () => {
  const waiting: number[] = [];
  receiver.answerCallback = async () => {
    const { webhooks } = await sandbox.control<{ webhooks: { undelivered: number }[] }>('GET', '/sandbox/webhooks');
    waiting.push(Math.max(...webhooks.map(({ undelivered }) => undelivered)));
    return { status: 200 };
  };
  await replayed('--lockstep');
  expect(Math.max(...waiting)).toBe(1);
});
