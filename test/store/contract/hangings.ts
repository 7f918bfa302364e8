import type { HangingsCompared, ObservedObject, SeenHanging } from '../../../lib/store';
import { at, clerk, observation, sheetId } from '../examples';
import { Resolving } from '../resolving';
import type { StoreUnderTest } from '../stores';

export function hangingsContract(under: () => StoreUnderTest): void {
  const sheets = new Resolving(under);
  const file: SeenHanging = {
    ...{ type: 'attachment', object_id: '7', row_id: '21', parent_id: null, text: 'plan.txt' },
    modified_at: at('09:00:00'),
  };
  const change = (action: ObservedObject['action'], object_id: string): ObservedObject => ({
    ...{ type: 'attachment', object_id, action, version: 1, text: action === 'deleted' ? null : 'new.txt' },
    ...{ row_id: '21', changed_by: clerk, changed_by_kind: 'person', changed_at: at('09:30:00') },
  });
  const compared = (version: number, what: Partial<HangingsCompared>): HangingsCompared => ({
    ...{ sheet_id: sheetId, sheet_name: 'Billing', objects: [], seen: [], gone: [] },
    ...{ audit_run_id: `backfill:${version}`, found_by: 'backfill' },
    lists: [{ list: 'attachments', version, problem: null }],
    ...what,
  });

  it('knows what was listed without making a change of it, and gives it back with where it stands', async () => {
    await sheets.baseline();
    expect(await sheets.store.resolveHangings(compared(5, { seen: [file] }))).toEqual({ event_keys: [] });
    expect(await sheets.store.knownHangings(sheetId)).toEqual({
      lists: [{ list: 'attachments', version: 5, is_known: true, problem: null }],
      objects: [{ ...file, row_is_gone: false }],
    });
  });

  it('makes each change once, whichever of compare and callback comes first', async () => {
    await sheets.baseline();
    await sheets.store.resolveHangings(compared(5, { seen: [file] }));
    const found = compared(6, { objects: [change('created', '8'), change('deleted', '7')] });
    const { event_keys } = await sheets.store.resolveHangings(found);
    expect([...event_keys].sort()).toEqual([`${sheetId}:attachment:7:deleted:1`, `${sheetId}:attachment:8:created:1`]);
    expect(await sheets.store.resolveHangings(found)).toEqual({ event_keys: [] });
    const late = observation('09:40:00', { objects: [change('created', '8'), change('deleted', '7')] });
    expect(await sheets.store.resolve(late)).toEqual({ event_keys: [] });
    const sooner = observation('09:41:00', { objects: [change('created', '9')] });
    expect(await sheets.store.resolve(sooner)).toEqual({ event_keys: [`${sheetId}:attachment:9:created:1`] });
    const listed = compared(8, { objects: [change('created', '9')] });
    expect(await sheets.store.resolveHangings(listed)).toEqual({ event_keys: [] });
    const { objects } = await sheets.store.knownHangings(sheetId);
    expect(objects.map(({ object_id }) => object_id)).toEqual(['8', '9']);
  });

  it('does not take what is listed again for new, nor what was deleted for there because of a late callback', async () => {
    await sheets.baseline();
    await sheets.store.resolveHangings(compared(5, { seen: [file] }));
    await sheets.store.resolveHangings(compared(6, { gone: [file] }));
    expect((await sheets.store.knownHangings(sheetId)).objects).toEqual([]);
    const again = compared(7, { seen: [file], objects: [change('created', '7')] });
    expect(await sheets.store.resolveHangings(again)).toEqual({ event_keys: [] });
    expect((await sheets.store.knownHangings(sheetId)).objects).toHaveLength(1);
    await sheets.resolve('09:40:00', { objects: [change('deleted', '7')] });
    await sheets.resolve('09:50:00', { objects: [change('created', '7')] });
    expect((await sheets.store.knownHangings(sheetId)).objects).toEqual([]);
  });

  it('keeps why a list could not be compared, and that it was known before', async () => {
    await sheets.baseline();
    await sheets.store.resolveHangings(compared(5, {}));
    const refused = { list: 'attachments', version: 6, problem: 'refused' } as const;
    await sheets.store.resolveHangings(compared(6, { lists: [refused] }));
    expect((await sheets.store.knownHangings(sheetId)).lists).toEqual([{ ...refused, is_known: true }]);
  });

  it('says of a thing that its row is gone', async () => {
    await sheets.baseline();
    await sheets.store.resolveHangings(compared(5, { seen: [file] }));
    const by = { changed_by: clerk, changed_by_kind: 'person', changed_at: at('09:05:00') } as const;
    await sheets.resolve('09:10:00', { removed: [{ row_id: '21', action: 'deleted', ...by }] });
    expect((await sheets.store.knownHangings(sheetId)).objects).toEqual([{ ...file, row_is_gone: true }]);
  });
}
