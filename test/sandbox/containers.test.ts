import { startReceiver } from '../support/receiver';
import { startSandboxProcess, type SandboxProcess } from '../support/sandbox';
import { enabledHook, practiceSheet } from './office';

interface Child {
  readonly id: number;
  readonly name: string;
  readonly resourceType: string;
}
interface Children {
  readonly data: readonly Child[];
  readonly lastKey?: string;
}

let sandbox: SandboxProcess;
beforeAll(async () => {
  sandbox = await startSandboxProcess('--no-rate-limits');
});
afterAll(() => sandbox.stop());

const made = async (path: string, body: object) =>
  (await sandbox.api<{ result: { id: number } }>('POST', path, body)).body.result.id;
const columns = [{ title: 'Key', type: 'TEXT_NUMBER', primary: true }];

describe('workspaces and folders', () => {
  it('hold sheets and folders, and tell of them by metadata, children and path', async () => {
    const workspace = await made('/workspaces', { name: 'Billing' });
    const folder = await made(`/workspaces/${workspace}/folders`, { name: 'Audit' });
    const sheet = await made(`/folders/${folder}/sheets`, { name: 'Trail', columns });
    await made(`/workspaces/${workspace}/sheets`, { name: 'Weeks', columns });
    const metadata = (await sandbox.api('GET', `/workspaces/${workspace}/metadata`)).body;
    expect(metadata).toMatchObject({ id: workspace, name: 'Billing', accessLevel: 'OWNER' });
    const children = async (path: string) =>
      (await sandbox.api<Children>('GET', path)).body.data.map(({ name, resourceType }) => [name, resourceType]);
    expect(await children(`/workspaces/${workspace}/children`)).toEqual([
      ['Audit', 'folder'],
      ['Weeks', 'sheet'],
    ]);
    expect(await children(`/workspaces/${workspace}/children?childrenResourceTypes=sheets`)).toEqual([
      ['Weeks', 'sheet'],
    ]);
    expect(await children(`/folders/${folder}/children`)).toEqual([['Trail', 'sheet']]);
    expect((await sandbox.api('GET', `/sheets/${sheet}/path`)).body).toMatchObject({
      workspace: { name: 'Billing' },
      folders: [{ name: 'Audit' }],
    });
    expect((await sandbox.api('GET', `/sheets/${sheet}`)).body).toMatchObject({ workspace: { name: 'Billing' } });
  });

  it('are paged by lastKey', async () => {
    const workspace = await made('/workspaces', { name: 'Large' });
    for (let index = 0; index < 130; index += 1) {
      await made(`/workspaces/${workspace}/sheets`, { name: `Sheet ${index}`, columns });
    }
    const read = async (rest: string) =>
      (await sandbox.api<Children>('GET', `/workspaces/${workspace}/children${rest}`)).body;
    const first = await read('');
    const second = await read(`?lastKey=${first.lastKey}`);
    expect([first.data.length, second.data.length, second.lastKey]).toEqual([100, 30, undefined]);
    expect(new Set([...first.data, ...second.data].map(({ id }) => id)).size).toBe(130);
  });

  it('take their sheets with them when they are deleted', async () => {
    const workspace = await made('/workspaces', { name: 'Short' });
    const folder = await made(`/workspaces/${workspace}/folders`, { name: 'Inner' });
    const sheet = await made(`/folders/${folder}/sheets`, { name: 'Gone', columns });
    expect((await sandbox.api('PUT', `/folders/${folder}`, { name: 'Renamed' })).body).toMatchObject({
      result: { name: 'Renamed' },
    });
    await sandbox.api('DELETE', `/workspaces/${workspace}`);
    expect((await sandbox.api('GET', `/sheets/${sheet}`)).status).toBe(404);
    expect((await sandbox.api('GET', `/folders/${folder}/metadata`)).status).toBe(404);
  });
});

describe('rows that go to another sheet', () => {
  it('get new ids there, without their history, and leave this one with an event', async () => {
    const receiver = await startReceiver();
    const from = await practiceSheet(sandbox);
    const to = await practiceSheet(sandbox);
    await from.edit(0, { Quantity: 11 });
    await enabledHook(sandbox, from, receiver);
    await enabledHook(sandbox, to, receiver);
    const moved = await sandbox.api<{ rowMappings: { from: number; to: number }[] }>(
      'POST',
      `/sheets/${from.id}/rows/move`,
      { rowIds: [from.rowIds[0]], to: { sheetId: to.id } },
    );
    const there = moved.body.rowMappings[0]?.to;
    expect(there).not.toBe(from.rowIds[0]);
    expect((await sandbox.api('GET', `/sheets/${from.id}/rows/${from.rowIds[0]}`)).status).toBe(404);
    const column = to.columns['Quantity'];
    const history = await sandbox.api<{ data: { value: number }[] }>(
      'GET',
      `/sheets/${to.id}/rows/${there}/columns/${column}/history`,
    );
    expect(history.body.data.map(({ value }) => value)).toEqual([11]);
    await sandbox.control('POST', '/sandbox/plan', { rowMoves: 'moved' });
    await sandbox.control('POST', '/sandbox/rows/move', {
      sheetId: from.id,
      rowIds: [from.rowIds[1]],
      toSheetId: to.id,
    });
    await sandbox.control('POST', '/sandbox/settle');
    const events = receiver.callbacks().flatMap(({ json }) => json['events'] as { id: number; eventType: string }[]);
    const told = (sheetRow: number | undefined) => events.filter(({ id }) => id === sheetRow).map((e) => e.eventType);
    expect(told(from.rowIds[0])).toEqual(['deleted']);
    expect(told(from.rowIds[1])).toEqual(['moved']);
    expect(told(there)).toEqual(['created']);
    await receiver.close();
  });

  it('are refused when the other sheet may only be looked at', async () => {
    const from = await practiceSheet(sandbox);
    const to = await practiceSheet(sandbox);
    const user = 'billing-audit@example.com';
    const move = () =>
      sandbox.api('POST', `/sheets/${from.id}/rows/move`, { rowIds: [from.rowIds[0]], to: { sheetId: to.id } });
    await sandbox.control('POST', `/sandbox/sheets/${to.id}/access`, { user, level: 'VIEWER' });
    expect(await move()).toMatchObject({ status: 403, body: { errorCode: 1004 } });
    await sandbox.control('POST', `/sandbox/sheets/${to.id}/access`, { user, level: 'NONE' });
    expect(await move()).toMatchObject({ status: 404, body: { errorCode: 1006 } });
  });
});

it('copies a sheet with new ids and without history, and gives it as CSV', async () => {
  const workspace = await made('/workspaces', { name: 'Copies' });
  const sheet = await practiceSheet(sandbox);
  await sheet.edit(0, { Note: 'says "no", twice' });
  const copy = await made(`/sheets/${sheet.id}/copy?include=data`, {
    destinationType: 'workspace',
    destinationId: workspace,
    newName: 'Copy',
  });
  const answer = await fetch(`${sandbox.url}/2.0/sheets/${copy}`, {
    headers: { Authorization: 'Bearer practice-token', Accept: 'text/csv' },
  });
  expect(await answer.text()).toBe('Work Request #,Quantity,Note\r\nWR-1,10,"says ""no"", twice"\r\nWR-2,20,\r\n');
});
