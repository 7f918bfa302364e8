import {
  addRow,
  advance,
  begin,
  changes,
  clerk,
  editRow,
  faults,
  foreman,
  sandbox,
  settle,
  sheet,
  tower,
  watch,
} from './watched-sheet';

describe('with a webhook', () => {
  it('says who changed which cell from what to what', async () => {
    await begin();
    await watch();
    await tower.shows('^watching$');
    await sheet.edit(0, { Quantity: 12 }, clerk);
    expect(await changes(1)).toEqual([['Quantity', '10', '12', clerk]]);
    const { found } = tower;
    expect(found[0]).toMatchObject({
      kind: 'cell_changed',
      sheet_id: String(sheet.id),
      row_id: String(sheet.rowIds[0]),
      column_id: String(sheet.columns['Quantity']),
      values: { 'Work Request #': 'WR-1', Quantity: '12' },
      changed_by_kind: 'person',
      found_by: 'callback',
      intermediate_unknown: false,
    });
    expect(found[0]!.audit_run_id).toMatch(/^callback:/);
    expect(found[0]!.sheet_reference).toContain('rowId=');
  });

  it('keeps both values, each with its person, when a cell changes twice inside the debounce minute', async () => {
    await begin({ debounce: true });
    await watch();
    await tower.shows('^watching$');
    await sheet.edit(0, { Quantity: 12 }, clerk);
    await advance(20);
    await sheet.edit(0, { Quantity: 15 }, foreman);
    await sheet.edit(1, { Note: 'checked' }, clerk);
    await settle();
    const found = await changes(3);
    expect(found.filter(([column]) => column === 'Quantity')).toEqual([
      ['Quantity', '10', '12', clerk],
      ['Quantity', '12', '15', foreman],
    ]);
    // It hides nothing, and does not wait for the history of the other.
    expect(found).toContainEqual(['Note', null, 'checked', clerk]);
  });

  it('finds a value that came and went, and one that two people wrote together with another cell', async () => {
    await begin({ debounce: true });
    await watch();
    await tower.shows('^watching$');
    await sheet.edit(0, { Quantity: 11 }, clerk);
    await advance(5);
    await sheet.edit(0, { Quantity: 10 }, foreman);
    await advance(5);
    await sheet.edit(1, { Quantity: 21, Note: 'a' }, clerk);
    await advance(5);
    await sheet.edit(1, { Note: 'b' }, clerk);
    await settle();
    const found = await changes(5);
    expect(found.filter(([column]) => column === 'Quantity')).toEqual([
      ['Quantity', '10', '11', clerk],
      ['Quantity', '11', '10', foreman],
      ['Quantity', '20', '21', clerk],
    ]);
    expect(found.filter(([column]) => column === 'Note')).toEqual([
      ['Note', null, 'a', clerk],
      ['Note', 'a', 'b', clerk],
    ]);
  });

  it('tells a row that was added and changed at once with what it was made with, and then its changes', async () => {
    await begin({ debounce: true });
    await watch();
    await tower.shows('^watching$');
    const row = await addRow({ 'Work Request #': 'WR-3', Quantity: 5 }, clerk);
    await advance(30);
    await editRow(row, { Quantity: 6 }, foreman);
    await advance(10);
    await editRow(row, { Note: 'late' }, foreman);
    await settle();
    expect(await changes(3)).toEqual([
      ['row_added', clerk],
      ['Quantity', '5', '6', foreman],
      ['Note', null, 'late', foreman],
    ]);
    expect(tower.found[0]!.values).toMatchObject({ 'Work Request #': 'WR-3', Quantity: '5', Note: null });
  });

  it('tells a deleted row with who deleted it and what it held', async () => {
    await begin();
    await watch();
    await tower.shows('^watching$');
    await sandbox.control('DELETE', '/sandbox/rows', { sheetId: sheet.id, rowIds: [sheet.rowIds[1]], by: foreman });
    expect(await changes(1)).toEqual([['row_deleted', foreman]]);
    expect(tower.found[0]!.values).toMatchObject({ 'Work Request #': 'WR-2', Quantity: '20' });
  });

  it('names an automation as what it is', async () => {
    await begin();
    await watch();
    await tower.shows('^watching$');
    await sheet.edit(0, { Note: 'by rule' }, 'automation@smartsheet.com');
    await changes(1);
    expect(tower.found[0]).toMatchObject({ changed_by: 'Automation', changed_by_kind: 'automation' });
  });

  it('counts nothing twice when callbacks are doubled, reordered and merged', async () => {
    await begin();
    await watch();
    await tower.shows('^watching$');
    await faults({ doubleNext: 2, reorderNext: 2, stripZeros: true });
    for (let step = 1; step <= 6; step += 1) {
      await sheet.edit(0, { Quantity: 10 + step }, step % 2 === 0 ? clerk : foreman);
      await advance(2);
    }
    await settle();
    expect(await changes(6)).toEqual(
      [1, 2, 3, 4, 5, 6].map((step) => [
        'Quantity',
        String(9 + step),
        String(10 + step),
        step % 2 === 0 ? clerk : foreman,
      ]),
    );
    expect(new Set(tower.found.map(({ event_key }) => event_key)).size).toBe(6);
  });
});
