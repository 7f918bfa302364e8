import { listKnownColumns, searchKnownSheets, searchSheets } from '../../hosts/n8n/runtime/pickers';
import type { EmbeddedStoreDriver } from '../../lib/store';
import { type SandboxProcess, startSandboxProcess } from '../support/sandbox';
import { buildStoreWorker, newFolder, openTestStore, removeFolder } from '../support/store';
import { contextOf, type Around } from './support/around';

const folder = newFolder();
let driver: EmbeddedStoreDriver;
let sandbox: SandboxProcess;
let sheetId: string;

beforeAll(async () => {
  [driver, sandbox] = await Promise.all([openTestStore(folder, buildStoreWorker()), startSandboxProcess()]);
  const sheet = { name: 'Week 31 of the pickers', columns: ['Quantity', 'Units Total Price'] };
  const made = await sandbox.control<{ id: number }>('POST', '/sandbox/sheets', { ...sheet, rows: [{ Quantity: 1 }] });
  sheetId = String(made.id);
  await sandbox.control('POST', '/sandbox/sheets', { ...sheet, name: 'Another', rows: [] });
  await driver.rpc('billing_audit_resolve', {
    sheet_id: '77',
    sheet_name: 'Seen before',
    columns: { 1: 'Work Request #', 2: 'Quantity' },
    version: 1,
    rows: [],
    removed: [],
    baseline: true,
    audit_run_id: 'poll:1',
    found_by: 'poll',
    callback_ids: [],
    observed_at: '2026-01-01T00:00:00.000Z',
  });
});
afterAll(async () => {
  await sandbox?.stop();
  await driver?.close();
  removeFolder(folder);
});

const context = (around: Partial<Around> = {}) =>
  contextOf({ driver, smartsheet: { base: `${sandbox.url}/2.0/`, token: 'practice-token' }, ...around });

describe("the sheets in n8n's forms", () => {
  it('are those that the Smartsheet credential sees, found by a part of the name or of the id', async () => {
    const all = await searchSheets.call(context());
    expect(all.results).toContainEqual({ name: 'Week 31 of the pickers', value: sheetId });
    expect(all.results.map(({ name }) => name)).toContain('Another');
    for (const wanted of ['of the PICKERS', sheetId]) {
      const { results } = await searchSheets.call(context(), wanted);
      expect(results).toEqual([{ name: 'Week 31 of the pickers', value: sheetId }]);
    }
    expect((await searchSheets.call(context(), 'no sheet is called this')).results).toEqual([]);
  });

  it('are those that the store has seen, where a server reads them and no Smartsheet credential is asked for', async () => {
    const { results } = await searchSheets.call(contextOf({ driver, parameters: { reading: 'server' } }), 'seen');
    expect(results).toEqual([{ name: 'Seen before', value: '77' }]);
  });

  it('say at once, and in words of n8n, that the token is refused', async () => {
    const refused = context({ smartsheet: { base: `${sandbox.url}/2.0/`, token: 'stranger' } });
    await expect(searchSheets.call(refused)).rejects.toMatchObject({
      name: 'NodeApiError',
      description: expect.stringMatching(/^Look at the token in the Smartsheet credential: make a new one/) as string,
    });
  });
});

describe('what the store has seen', () => {
  it('is offered by a part of the name', async () => {
    expect((await searchKnownSheets.call(context(), 'BEFORE')).results).toEqual([{ name: 'Seen before', value: '77' }]);
    expect((await searchKnownSheets.call(context(), 'nothing like it')).results).toEqual([]);
  });

  it('gives the titles of columns, each once', async () => {
    const titles = ['Quantity', 'Work Request #'];
    expect(await listKnownColumns.call(context())).toEqual(titles.map((title) => ({ name: title, value: title })));
  });
});
