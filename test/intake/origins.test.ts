import { OUR_CHANGE_AGENT } from '../../lib/smartsheet';
import { advance, begin, changes, clerk, sandbox, settle, sheet, tower, watch } from './watched-sheet';

/** The account of the token with which the sheet is watched. */
const ourselves = 'billing-audit@example.com';

async function watched(how: Parameters<typeof begin>[0] = {}): Promise<void> {
  await begin(how);
  await watch();
  await tower.shows('^watching$');
  // Callbacks tell whole seconds: in the second in which the sheet was made, nobody can tell what was before what.
  await advance(2);
}

const edit = (row: number, cells: object, how: object): Promise<unknown> =>
  sandbox.control('POST', '/sandbox/edit', { sheetId: sheet.id, rowId: sheet.rowIds[row], cells, ...how });
const api = (method: string, path: string, body: unknown, agent: string): Promise<unknown> =>
  sandbox.api(method, `/sheets/${sheet.id}${path}`, body, { 'Smartsheet-Change-Agent': agent });
const cellsOf = (quantity: number): object[] => [{ columnId: sheet.columns['Quantity'], value: quantity }];

describe('what made a change is named as what it is', () => {
  it.each([
    ['automation', 'Automation', 'automation'],
    ['form', 'Form', 'form'],
    ['cell-link', 'Cell link', 'cell_link'],
    ['trello-import', 'Trello import', 'system'],
  ])('for %s, in a cell and in a new row', async (actor, name, kind) => {
    await watched();
    await edit(0, { Note: 'by itself' }, { actor });
    await sandbox.control('POST', '/sandbox/rows', { sheetId: sheet.id, rows: [{ Quantity: 1 }], actor });
    await changes(2);
    for (const one of tower.found) expect(one).toMatchObject({ changed_by: name, changed_by_kind: kind });
  });

  it('for a program that writes with the token of a person, with the name that it gives itself', async () => {
    await watched();
    await edit(0, { Quantity: 12 }, { by: clerk, changeAgent: 'erp-sync,router' });
    await advance(2);
    await edit(0, { Note: 'by hand' }, { by: clerk });
    await changes(2);
    expect(tower.found[0]).toMatchObject({
      changed_by: clerk,
      changed_by_kind: 'api_client',
      change_agent: 'erp-sync, router',
    });
    expect(tower.found[1]).toMatchObject({ changed_by: clerk, changed_by_kind: 'person' });
    expect(tower.found[1]).not.toHaveProperty('change_agent');
  });
});

describe('what we wrote ourselves', () => {
  it('is left out of the trail, and the next change starts from it', async () => {
    await watched();
    const [first, second] = sheet.rowIds;
    await api('PUT', '/rows', [{ id: first, cells: cellsOf(12) }], `someone,${OUR_CHANGE_AGENT}`);
    await api('POST', '/rows', [{ toBottom: true, cells: cellsOf(1) }], OUR_CHANGE_AGENT);
    await api('DELETE', `/rows?ids=${second}`, undefined, OUR_CHANGE_AGENT);
    await settle();
    await advance(2);
    await edit(0, { Quantity: 13 }, { by: clerk });
    expect(await changes(1)).toEqual([['Quantity', '12', '13', clerk]]);
    expect(tower.found[0]!.event_key).toBe(`${sheet.id}:${first}:${sheet.columns['Quantity']}:1`);
    expect(
      (await tower.store.knownRows(String(sheet.id), 'all')).map(({ cells }) => Object.values(cells)).flat(),
    ).toEqual(expect.arrayContaining(['13', '1']));
  });

  it('is told apart from what a person wrote over it within the debounce minute', async () => {
    await watched({ debounce: true });
    await edit(0, { Quantity: 12 }, { by: ourselves, changeAgent: OUR_CHANGE_AGENT });
    await advance(10);
    await edit(0, { Quantity: 15 }, { by: clerk });
    await settle();
    expect(await changes(1)).toEqual([['Quantity', '12', '15', clerk]]);
  });

  it.each([
    ['another program', ourselves, 'billing-audit-2'],
    ['somebody else who calls himself by our name', clerk, OUR_CHANGE_AGENT],
  ])('does not cover %s', async (_what, by, changeAgent) => {
    await watched();
    await edit(0, { Quantity: 12 }, { by, changeAgent });
    expect(await changes(1)).toEqual([['Quantity', '10', '12', by]]);
    expect(tower.found[0]).toMatchObject({ changed_by_kind: 'api_client', change_agent: changeAgent });
  });
});
