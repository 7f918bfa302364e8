import { createHooks, deleteHooks, hooksExist } from '../../hosts/n8n/runtime/hooks';
import { pollChanges } from '../../hosts/n8n/runtime/poll-changes';
import type { EmbeddedStoreDriver } from '../../lib/store';
import { startReceiver, type Receiver } from '../support/receiver';
import { type SandboxProcess, startSandboxProcess } from '../support/sandbox';
import { buildStoreWorker, newFolder, openTestStore, removeFolder } from '../support/store';
import { contextOf, type Lent } from './support/around';

/** The two triggers of n8n over a workspace, with a real sandbox and a real store; n8n's own part is lent by the test. */
const folder = newFolder();
let driver: EmbeddedStoreDriver;
let sandbox: SandboxProcess;
let receiver: Receiver;
let workspace: { readonly id: number };

interface Made {
  readonly id: number;
  readonly columns: Readonly<Record<string, number>>;
  readonly rows: readonly { readonly id: number }[];
}

beforeAll(async () => {
  [driver, sandbox] = await Promise.all([
    openTestStore(folder, buildStoreWorker()),
    startSandboxProcess('--no-rate-limits', '--debounce', '0'),
  ]);
}, 120_000);
afterAll(async () => {
  await sandbox?.stop();
  await driver?.close();
  removeFolder(folder);
});
beforeEach(async () => {
  receiver = await startReceiver();
  workspace = await sandbox.control('POST', '/sandbox/workspaces', { name: 'Billing' });
});
afterEach(async () => {
  jest.restoreAllMocks();
  await deleteHooks(context());
  await receiver.close();
});

const newSheet = (name: string, containerId = workspace.id): Promise<Made> =>
  sandbox.control('POST', '/sandbox/sheets', {
    name,
    containerId,
    columns: ['Work Request #', 'Quantity', 'Note'],
    rows: [{ 'Work Request #': 'WR-1', Quantity: 10 }],
  });
const newFolderIn = (parentId: number): Promise<{ id: number }> =>
  sandbox.control('POST', '/sandbox/workspaces', { name: 'January', parentId });
const edit = (sheet: Made, cells: object): Promise<unknown> =>
  sandbox.control('POST', '/sandbox/edit', { sheetId: sheet.id, rowId: sheet.rows[0]!.id, cells, by: 'c@example.com' });
const context = (parameters: object = {}, logged: string[] = []): Lent =>
  contextOf({
    driver,
    logged,
    smartsheet: { base: `${sandbox.url}/2.0/`, token: 'practice-token' },
    webhookUrl: receiver.url,
    workflowId: `of ${workspace.id}`,
    parameters: { workspaces: String(workspace.id), reading: 'here', ...parameters },
  });
const poll = async (logged: string[] = []): Promise<readonly unknown[]> => {
  const given = (await pollChanges(context({}, logged))) ?? [];
  return given.flat().map(({ json }) => [json['sheet_name'], json['old_value'], json['new_value']]);
};
/** A poll lists a workspace again after five minutes. */
const later = (): void => {
  const now = Date.now() + 301_000;
  jest.spyOn(Date, 'now').mockImplementation(() => now);
};

interface Hook {
  readonly id: number;
  readonly sheetId: number;
  readonly status: string;
  readonly callbackUrl: string;
  readonly columnIds: readonly number[];
}
const hooks = async (): Promise<readonly Hook[]> => {
  const { webhooks } = await sandbox.control<{ webhooks: Hook[] }>('GET', '/sandbox/webhooks');
  return webhooks.filter(({ callbackUrl }) => callbackUrl === receiver.url);
};
const hooked = async (): Promise<readonly string[]> =>
  (await hooks()).map(({ sheetId, status, columnIds }) => `${sheetId} ${status} ${columnIds.join()}`).toSorted();

describe('Smartsheet Trigger', () => {
  it('has a webhook for each sheet of a workspace, those in folders too, and takes them away', async () => {
    const inFolder = await newSheet('In a folder', (await newFolderIn(workspace.id)).id);
    const direct = await newSheet('Direct');
    expect(await hooksExist(context())).toBe(false);
    await createHooks(context());
    expect(await hooked()).toEqual([`${inFolder.id} ENABLED `, `${direct.id} ENABLED `].toSorted());
    expect(await hooksExist(context())).toBe(true);
    await newSheet('Later');
    expect(await hooksExist(context())).toBe(false);
    await deleteHooks(context());
    expect(await hooks()).toEqual([]);
  });

  it('lets Smartsheet call for some columns only, and makes another webhook when these are others', async () => {
    const { id, columns } = await newSheet('Direct');
    const forQuantity = { options: { columns: ['quantity'] } };
    await createHooks(context(forQuantity));
    expect(await hooked()).toEqual([`${id} ENABLED ${columns['Quantity']}`]);
    expect(await hooksExist(context(forQuantity))).toBe(true);
    const forBoth = { options: { columns: ['Note', 'Quantity'] } };
    expect(await hooksExist(context(forBoth))).toBe(false);
    await createHooks(context(forBoth));
    expect(await hooked()).toEqual([`${id} ENABLED ${columns['Note']},${columns['Quantity']}`]);
    expect(await hooksExist(context(forBoth))).toBe(true);
  });

  it('says that a sheet lacks a column, and calls for all of it', async () => {
    const { id } = await newSheet('Direct');
    const logged: string[] = [];
    await createHooks(context({ options: { columns: ['Quantity', 'Prize'] } }, logged));
    expect(logged).toContain(`Sheet ${id} has no column Prize: its webhook calls for all columns.`);
    expect(await hooked()).toEqual([`${id} ENABLED `]);
  });

  it.each([
    ['nothing', { workspaces: '' }, /no workspace is named/],
    ['what is no id', { workspaces: 'Billing' }, /"Billing", which is no workspace id/],
    ['a workspace that is not there', { workspaces: '77' }, /refused to list/],
  ])('refuses %s', async (_what, parameters, why) => {
    await expect(createHooks(context(parameters))).rejects.toMatchObject({ message: expect.stringMatching(why) });
    expect(await hooks()).toEqual([]);
  });
});

describe('Smartsheet Changes Trigger', () => {
  it('gives changes of all sheets of a workspace, of new ones too, and gives these a webhook like the others', async () => {
    const first = await newSheet('First');
    await createHooks(context({ options: { columns: ['Quantity'] } }));
    expect(await poll()).toEqual([]);
    await edit(first, { Quantity: 12 });
    expect(await poll()).toEqual([['First', '10', '12']]);

    const second = await newSheet('Second');
    expect(await poll()).toEqual([]);
    later();
    const logged: string[] = [];
    await poll(logged);
    expect(await hooked()).toEqual(
      [
        `${first.id} ENABLED ${first.columns['Quantity']}`,
        `${second.id} ENABLED ${second.columns['Quantity']}`,
      ].toSorted(),
    );
    await edit(second, { Quantity: 13 });
    expect(await poll()).toContainEqual(['Second', '10', '13']);
    await edit(second, { Note: 'of a column that it does not call for' });
    expect(await poll()).toContainEqual(['Second', null, 'of a column that it does not call for']);
  });

  it('makes no webhook where the workflow has none', async () => {
    const only = await newSheet('Only polled');
    await poll();
    await edit(only, { Quantity: 14 });
    expect(await poll()).toEqual([['Only polled', '10', '14']]);
    expect(await hooks()).toEqual([]);
  });

  it('goes on with the sheets that it knows when the workspace cannot be listed', async () => {
    const known = await newSheet('Known');
    await poll();
    await edit(known, { Quantity: 15 });
    later();
    const failNext = { status: 403, errorCode: 1004, count: 10, path: '/workspaces' };
    await sandbox.control('POST', '/sandbox/faults', { failNext });
    const logged: string[] = [];
    expect(await poll(logged)).toEqual([['Known', '10', '15']]);
    await sandbox.control('POST', '/sandbox/faults', { failNext: null });
    expect(logged).toContainEqual(expect.stringContaining(`Workspace ${workspace.id} could not be listed`));
  });

  it('makes another webhook in place of one whose app was revoked', async () => {
    const { id } = await newSheet('Revoked');
    await createHooks(context());
    const [revoked] = await hooks();
    await poll();
    await sandbox.control('POST', `/sandbox/webhooks/${revoked!.id}/disable`, { status: 'DISABLED_APP_REVOKED' });
    await poll();
    expect(await hooked()).toEqual([`${id} ENABLED `]);
    expect((await hooks())[0]!.id).not.toBe(revoked!.id);
  });
});
