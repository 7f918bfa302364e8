import { createHash } from 'node:crypto';
import { pollChanges } from '../../hosts/n8n/runtime/poll-changes';
import { openSmartsheet } from '../../hosts/n8n/runtime/smartsheet';
import type { EmbeddedStoreDriver } from '../../lib/store';
import { type SandboxProcess, startSandboxProcess } from '../support/sandbox';
import { buildStoreWorker, newFolder, openTestStore, removeFolder } from '../support/store';
import { until } from '../support/until';
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

const limiterOf = async (token: string, credentialId = 'c1') => {
  const smartsheet = { base: 'https://api.smartsheet.com/2.0/', token };
  return (await openSmartsheet(contextOf({ driver, smartsheet, credentialId }), driver)).exchange.limiter;
};

it('shares the budget of Smartsheet among all runs with one token, and with no other', async () => {
  expect(await limiterOf('a')).toBe(await limiterOf('a', 'another credential of the same token'));
  expect(await limiterOf('a')).not.toBe(await limiterOf('b'));
});

it('shares the budget of a token with every other process that stands on the store', async () => {
  const token = 'shared with a server';
  const token_hash = createHash('sha256').update(`https://api.smartsheet.com/2.0/ ${token}`).digest('hex');
  const portion = { requests: 75, history: 0 };
  const asked = { token_hash, holder: 'a server', least: portion, most: portion };
  const granted = await driver.rpc('billing_audit_take_budget', {
    ...asked,
    per_minute: { requests: 300, history: 30 },
  });
  expect(granted).toMatchObject({ requests: 75, wait_ms: 0 });
  // A quarter of the minute within 10 s is all that is given away: n8n has to wait for the server's portion to pass.
  const limiter = await limiterOf(token);
  const waiting = new AbortController();
  const taken = limiter.take({ requests: 1, history: 0 }, waiting.signal);
  await until(() => limiter.spentByAll?.() === 75, 'the answer of the store');
  await expect(Promise.race([taken.then(() => 'taken'), Promise.resolve('not yet')])).resolves.toBe('not yet');
  waiting.abort(new Error('enough'));
  await expect(taken).rejects.toThrow('enough');
});

it('keeps within the budget by itself while the store is away', async () => {
  const away = { rpc: () => Promise.reject(new Error('the store is away')) };
  const logged: string[] = [];
  const smartsheet = { base: 'https://api.smartsheet.com/2.0/', token: 'alone' };
  const context = contextOf({ driver, smartsheet, logged });
  const { limiter } = (await openSmartsheet(context, away)).exchange;
  await limiter.take({ requests: 1, history: 0 });
  expect(logged).toEqual([expect.stringContaining('kept by this process alone until the store answers')]);
  // The next run brings a store that answers, and the limiter is the same.
  expect((await openSmartsheet(context, driver)).exchange.limiter).toBe(limiter);
});
