import type { Stop } from '../../lib/define';
import { startSandboxProcess, type SandboxProcess } from '../support/sandbox';
import { until } from '../support/until';
import { brief, openWatchtower, type Watchtower } from './watchtower';

const clerk = 'clerk@example.com';

let sandbox: SandboxProcess;
let tower: Watchtower;
let workspace: { id: number };
const deployed: Stop[] = [];

interface Made {
  readonly id: number;
  readonly columns: Record<string, number>;
  readonly rows: { readonly id: number }[];
}

beforeAll(async () => {
  sandbox = await startSandboxProcess('--no-rate-limits', '--debounce', '0');
  tower = await openWatchtower({ workspaceSeconds: 0.2, settleSeconds: 0.1 });
}, 120_000);
afterAll(async () => {
  await tower?.close();
  await sandbox?.stop();
}, 120_000);
beforeEach(async () => {
  workspace = await sandbox.control('POST', '/sandbox/workspaces', { name: 'Billing' });
  tower.found.length = 0;
});
afterEach(async () => {
  for (const stop of deployed.splice(0)) await stop({ removed: true });
});

const newSheet = (containerId: number, name: string): Promise<Made> =>
  sandbox.control('POST', '/sandbox/sheets', {
    name,
    containerId,
    columns: ['Work Request #', 'Quantity', 'Note'],
    rows: [{ 'Work Request #': 'WR-1', Quantity: 10 }],
  });
const edit = (sheet: Made, cells: object): Promise<unknown> =>
  sandbox.control('POST', '/sandbox/edit', { sheetId: sheet.id, rowId: sheet.rows[0]!.id, cells, by: clerk });
interface HookFacts {
  readonly sheetId: number;
  readonly status: string;
  readonly columnIds?: readonly number[];
}
const hooks = async (): Promise<readonly HookFacts[]> =>
  (await sandbox.control<{ webhooks: HookFacts[] }>('GET', '/sandbox/webhooks')).webhooks;
const hooked = async (...sheets: Made[]): Promise<void> => {
  const wanted = sheets.map(({ id }) => id).sort();
  await until(
    async () => JSON.stringify((await hooks()).map(({ sheetId }) => sheetId).sort()) === JSON.stringify(wanted),
    `one webhook for each of ${wanted.join(', ')}`,
  );
};
const watch = async (how: Parameters<Watchtower['watch']>[2] = {}): Promise<Stop> => {
  const stop = await tower.watch(sandbox, [], { workspaceIds: [String(workspace.id)], ...how });
  deployed.push(stop);
  return stop;
};

describe('a trigger that watches a workspace', () => {
  it('watches all its sheets, those in folders too, and new ones soon; one that left is left alone', async () => {
    const folder = await sandbox.control<{ id: number }>('POST', '/sandbox/workspaces', {
      name: 'January',
      parentId: workspace.id,
    });
    const first = await newSheet(workspace.id, 'First');
    const inFolder = await newSheet(folder.id, 'In a folder');
    await watch();
    await hooked(first, inFolder);
    await tower.shows(/^watching/);
    await edit(inFolder, { Quantity: 12 });
    await until(() => tower.found.length === 1, 'the change in the folder');

    const later = await newSheet(folder.id, 'Later');
    await hooked(first, inFolder, later);
    await until(
      async () => (await tower.store.sheet(String(later.id)))?.compared_at,
      'the first look at the new sheet',
    );
    await edit(later, { Quantity: 13 });
    await until(() => tower.found.length === 2, 'the change in the new sheet');
    expect(tower.found.map(brief)).toEqual([
      ['Quantity', '10', '12', clerk],
      ['Quantity', '10', '13', clerk],
    ]);

    const elsewhere = await sandbox.control<{ id: number }>('POST', '/sandbox/workspaces', { name: 'Elsewhere' });
    const moved = { destinationType: 'workspace', destinationId: elsewhere.id };
    expect((await sandbox.api('POST', `/sheets/${first.id}/move`, moved)).status).toBe(200);
    await sandbox.control('DELETE', `/sandbox/sheets/${later.id}`);
    await hooked(inFolder);
  });

  it('keeps one webhook for each sheet over a redeploy, a restart and a second trigger for the same sheet', async () => {
    const sheets = [await newSheet(workspace.id, 'One'), await newSheet(workspace.id, 'Two')];
    const stop = await watch();
    await hooked(...sheets);
    await stop({ removed: false });
    await watch();
    await tower.shows(/^watching \(2 of 2/);
    await hooked(...sheets);
    deployed.length = 0;
    tower = await tower.restart();
    await watch();
    deployed.push(await tower.watch(sandbox, [sheets[0]!.id]));
    await tower.shows(/^watching/);
    await hooked(...sheets);
    for (const end of deployed.splice(0)) await end({ removed: true });
    await hooked();
  });

  it('goes on with the sheets it knows when the workspace cannot be listed, and takes no webhook away', async () => {
    const sheet = await newSheet(workspace.id, 'Only');
    await watch();
    await hooked(sheet);
    await tower.shows('^watching$');
    const gone = String(workspace.id + 1);
    deployed.push(await tower.watch(sandbox, [], { workspaceIds: [gone] }));
    await tower.shows('^workspace not found');
    await edit(sheet, { Quantity: 14 });
    await until(() => tower.found.length > 0, 'the change');
    await hooked(sheet);
    expect(tower.log.lines.filter((line) => line.includes(`list the sheets of workspace ${gone}`))).toHaveLength(1);
  });
});

describe('a webhook for some columns', () => {
  const columnIds = async (): Promise<readonly unknown[]> => {
    const headers = { authorization: 'Bearer practice-token' };
    const listed = (await (await fetch(`${sandbox.url}/2.0/webhooks`, { headers })).json()) as {
      data: { subscope?: { columnIds: number[] } }[];
    };
    return listed.data.map(({ subscope }) => subscope?.columnIds ?? []);
  };

  it('calls for these only, and is made anew when they change, since Smartsheet cannot alter it', async () => {
    const sheet = await newSheet(workspace.id, 'Columns');
    const stop = await watch({ columns: ['quantity'] });
    await hooked(sheet);
    await tower.shows('^watching$');
    expect(await columnIds()).toEqual([[sheet.columns['Quantity']]]);
    await edit(sheet, { Quantity: 12 });
    await until(() => tower.found.length === 1, 'the change');
    expect(tower.found[0]!.found_by).toBe('callback');
    await stop({ removed: false });
    const again = await watch({ columns: ['Note'] });
    await until(
      async () => JSON.stringify(await columnIds()) === JSON.stringify([[sheet.columns['Note']]]),
      'the other column',
    );
    await again({ removed: false });
    await watch();
    await until(async () => JSON.stringify(await columnIds()) === '[[]]', 'all columns');
    await hooked(sheet);
  });

  it('finds what changes in other columns all the same, by the version', async () => {
    const sheet = await newSheet(workspace.id, 'Other');
    const own = await openWatchtower({ glanceSeconds: 0.05 });
    const stop = await own.watch(sandbox, [sheet.id], { columns: ['Quantity'], quick: true });
    await own.shows('^watching$');
    await edit(sheet, { Note: 'by hand' });
    await until(() => own.found.length === 1, 'the change');
    expect(own.found.map(brief)).toEqual([['Note', null, 'by hand', clerk]]);
    await stop({ removed: true });
    await own.close();
  });

  it('calls for all when the sheet has no such column, and says so', async () => {
    const sheet = await newSheet(workspace.id, 'Misspelt');
    await watch({ columns: ['Quantty'] });
    await hooked(sheet);
    await tower.shows('^watching$');
    expect(await columnIds()).toEqual([[]]);
    expect(tower.log.lines.join('\n')).toContain('has no column Quantty');
  });
});
