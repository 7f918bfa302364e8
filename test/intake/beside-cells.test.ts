import { changeSchema } from '../../lib/event';
import { practiceSheet } from '../sandbox/office';
import { begin, changes, clerk, faults, foreman, sandbox, settle, sheet, tower, watch } from './watched-sheet';

/** Whatever a test found, in a form that any order of coming gives. */
const found = (): readonly (readonly unknown[])[] =>
  tower.found
    .map(({ kind, column_name, old_value, new_value, changed_by }) => [
      kind,
      column_name,
      old_value,
      new_value,
      changed_by,
    ])
    .sort((left, right) => String(left[0]).localeCompare(String(right[0])));

async function watched(): Promise<void> {
  await begin();
  await watch();
  await tower.shows('^watching$');
}

interface Attached {
  readonly id: number;
}

describe('a row that is moved to another sheet', () => {
  afterEach(() => sandbox.control('POST', '/sandbox/plan', { rowMoves: 'deleted' }));

  it.each(['watched', 'not watched'])(
    'leaves this one as moved, with what it held, when the other is %s',
    async (is) => {
      await begin();
      await sandbox.control('POST', '/sandbox/plan', { rowMoves: 'moved' });
      const other = await practiceSheet(sandbox);
      const stop = is === 'watched' ? await tower.watch(sandbox, [other.id]) : null;
      if (stop) await tower.shows('^watching$');
      await watch();
      await tower.shows('^watching$');
      const move = { sheetId: sheet.id, rowIds: [sheet.rowIds[1]], toSheetId: other.id, by: foreman };
      await sandbox.control('POST', '/sandbox/rows/move', move);
      await settle();
      await changes(stop ? 2 : 1);
      const [moved] = tower.found.filter(({ kind }) => kind === 'row_moved');
      expect(moved).toMatchObject({
        event_key: `${sheet.id}:row:${sheet.rowIds[1]}:moved:1`,
        changed_by: foreman,
        values: { 'Work Request #': 'WR-2', Quantity: '20' },
      });
      const added = tower.found.filter(({ kind }) => kind === 'row_added');
      expect(added.map(({ sheet_id, values }) => [sheet_id, values['Quantity']])).toEqual(
        stop ? [[String(other.id), '20']] : [],
      );
      await stop?.({ removed: true });
    },
  );

  it('leaves it as deleted where Smartsheet calls the move a deletion', async () => {
    await watched();
    const other = await practiceSheet(sandbox);
    const move = { sheetId: sheet.id, rowIds: [sheet.rowIds[0]], toSheetId: other.id, by: foreman };
    await sandbox.control('POST', '/sandbox/rows/move', move);
    expect(await changes(1)).toEqual([['row_deleted', foreman]]);
  });
});

describe('attachments and comments', () => {
  it('are in the trail with who, when, the name of the file and the first words, on the row that they hang on', async () => {
    await watched();
    const row = { sheetId: sheet.id, rowId: sheet.rowIds[0], by: clerk };
    const file = await sandbox.control<Attached>('POST', '/sandbox/attachments', {
      ...row,
      name: 'plan.txt',
      text: 'x',
    });
    const long = 'Please pay '.repeat(40);
    const said = await sandbox.control<{ discussionId: number; commentId: number }>('POST', '/sandbox/comments', {
      ...row,
      text: long,
    });
    await changes(3);
    await sandbox.api('DELETE', `/sheets/${sheet.id}/attachments/${file.id}`);
    await changes(4);
    expect(found()).toEqual([
      ['attachment_created', null, null, 'plan.txt', clerk],
      ['attachment_deleted', null, 'plan.txt', null, 'billing-audit@example.com'],
      ['comment_created', null, null, `${long.slice(0, 200)}…`, clerk],
      ['discussion_created', null, null, long.slice(0, 100), clerk],
    ]);
    for (const one of tower.found) {
      expect(changeSchema.parse(one)).toEqual(one);
      expect(one).toMatchObject({ row_id: String(sheet.rowIds[0]), values: { 'Work Request #': 'WR-1' } });
    }
    const keys = tower.found.map(({ event_key }) => event_key);
    expect(keys).toContain(`${sheet.id}:attachment:${file.id}:created:1`);
    expect(keys).toContain(`${sheet.id}:comment:${said.commentId}:created:1`);
    const page = await tower.store.search({ sheet_id: String(sheet.id), text: 'plan.txt' });
    expect(page.events.map(({ kind }) => kind).sort()).toEqual(['attachment_created', 'attachment_deleted']);
  });

  it('are told once each when their callbacks come twice, and a changed comment as a change', async () => {
    await watched();
    await faults({ doubleNext: 3 });
    const writer = 'writer@example.com';
    await sandbox.control('POST', '/sandbox/users', { email: writer, token: 'writers-token' });
    const begun = { sheetId: sheet.id, text: 'first', by: writer };
    const { commentId } = await sandbox.control<{ commentId: number }>('POST', '/sandbox/comments', begun);
    await changes(2);
    const by = { Authorization: 'Bearer writers-token' };
    const edited = await sandbox.api('PUT', `/sheets/${sheet.id}/comments/${commentId}`, { text: 'second' }, by);
    expect(edited.status).toBe(200);
    await settle();
    await changes(3);
    expect(found()).toEqual([
      ['comment_created', null, null, 'first', writer],
      ['comment_updated', null, 'first', 'second', writer],
      ['discussion_created', null, null, 'first', writer],
    ]);
    expect(tower.found.every(({ row_id }) => row_id === null)).toBe(true);
  });
});

describe('columns', () => {
  it('that are added, renamed, retyped and deleted are told with who did it', async () => {
    await watched();
    const api = (
      method: string,
      path: string,
      body?: unknown,
    ): Promise<{ status: number; body: { result: Attached } }> =>
      sandbox.api(method, `/sheets/${sheet.id}/columns${path}`, body);
    const counter = 'billing-audit@example.com';
    const made = await api('POST', '', { title: 'Approved', type: 'TEXT_NUMBER', index: 3 });
    expect(made.status).toBe(200);
    await changes(1);
    const id = [made.body.result].flat()[0]!.id;
    await api('PUT', `/${id}`, { type: 'CHECKBOX' });
    await changes(2);
    await api('PUT', `/${id}`, { title: 'OK' });
    await changes(3);
    await api('DELETE', `/${id}`);
    await changes(4);
    expect(tower.found.map((one) => [one.kind, one.event_key, one.old_value, one.new_value, one.changed_by])).toEqual([
      ['column_added', `${sheet.id}:column:${id}:added:1`, null, 'Approved', counter],
      ['column_retyped', `${sheet.id}:column:${id}:retyped:1`, 'TEXT_NUMBER', 'CHECKBOX', counter],
      ['column_renamed', `${sheet.id}:column:${id}:renamed:1`, 'Approved', 'OK', counter],
      ['column_renamed', `${sheet.id}:column:${id}:removed:2`, 'OK', null, counter],
    ]);
  });
});
