import { pollChanges } from '../../hosts/n8n/runtime/poll-changes';
import { openSmartsheet } from '../../hosts/n8n/runtime/smartsheet';
import type { EmbeddedStoreDriver } from '../../lib/store';
import { type SandboxProcess, startSandboxProcess } from '../support/sandbox';
import { buildStoreWorker, newFolder, openTestStore, removeFolder } from '../support/store';
import { contextOf, type Around } from './support/around';

const folder = newFolder();
let driver: EmbeddedStoreDriver;
let sandbox: SandboxProcess;
let sheet: { readonly id: number; readonly rows: readonly { readonly id: number }[] };

beforeAll(async () => {
  [driver, sandbox] = await Promise.all([openTestStore(folder, buildStoreWorker()), startSandboxProcess()]);
  const made = { name: 'Polled', columns: ['Quantity'], rows: [{ Quantity: 1 }] };
  sheet = await sandbox.control('POST', '/sandbox/sheets', made);
});
afterAll(async () => {
  await sandbox?.stop();
  await driver?.close();
  removeFolder(folder);
});

async function poll(around: Partial<Around> = {}): Promise<readonly unknown[] | null> {
  const smartsheet = { base: `${sandbox.url}/2.0/`, token: 'practice-token' };
  const parameters = { sheets: { sheet: [{ id: { mode: 'id', value: String(sheet.id) } }] }, reading: 'here' };
  const given = await pollChanges(contextOf({ driver, smartsheet, parameters, ...around }));
  return given?.flat().map(({ json }) => json['new_value']) ?? null;
}

it('looks at the sheets once when n8n begins a poll while the last is at work', async () => {
  const first: string[] = [];
  const second: string[] = [];
  expect(await Promise.all([poll({ asked: first }), poll({ asked: second })])).toEqual([null, null]);
  expect(first).not.toEqual([]);
  expect(second).toEqual([]);
  const third: string[] = [];
  await poll({ asked: third });
  expect(third).not.toEqual([]);
});

it('goes on polling after one that failed', async () => {
  await expect(poll({ smartsheet: { base: `${sandbox.url}/2.0/`, token: 'stranger' } })).rejects.toMatchObject({
    name: 'NodeApiError',
  });
  expect(await poll()).toBeNull();
});

it('gives a change to one poll, and shows it beside that to whoever tries the node out', async () => {
  const edit = { sheetId: sheet.id, rowId: sheet.rows[0]?.id, column: 'Quantity', by: 'clerk@example.com' };
  await sandbox.control('POST', '/sandbox/edit', { ...edit, value: 2 });
  expect(await poll({ mode: 'manual' })).toEqual(['2']);
  expect(await poll()).toEqual(['2']);
  expect(await poll()).toBeNull();
});

it('shares the budget of Smartsheet among all runs with one credential, and with no other', async () => {
  const smartsheet = { base: 'https://api.smartsheet.com/2.0/', token: 'a' };
  const limiter = async (credentialId: string) =>
    (await openSmartsheet(contextOf({ driver, smartsheet, credentialId }))).exchange.limiter;
  expect(await limiter('c1')).toBe(await limiter('c1'));
  expect(await limiter('c1')).not.toBe(await limiter('c2'));
});
