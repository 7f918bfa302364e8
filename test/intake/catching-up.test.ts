import { until } from '../support/until';
import {
  addRow,
  advance,
  begin,
  changes,
  clerk,
  faults,
  foreman,
  hooks,
  restart,
  sandbox,
  settle,
  sheet,
  tower,
  watch,
} from './watched-sheet';

describe('a webhook that did not tell everything', () => {
  it('finds what a dropped callback would have told, in the next sweep', async () => {
    await begin({ sweepSeconds: 0.5 });
    await watch();
    await tower.shows('^watching$');
    await faults({ dropNext: 1 });
    await sheet.edit(0, { Quantity: 99 }, clerk);
    expect(await changes(1)).toEqual([['Quantity', '10', '99', clerk]]);
    expect(tower.found[0]!.found_by).toBe('backfill');
  });

  it('finds what changed while it was down, once, and keeps one webhook', async () => {
    await begin();
    await watch();
    await tower.shows('^watching$');
    await faults({ dropNext: 100 });
    await sheet.edit(0, { Quantity: 30 }, clerk);
    await advance(3);
    await sheet.edit(0, { Quantity: 40 }, foreman);
    await addRow({ 'Work Request #': 'WR-9', Quantity: 1 }, clerk);
    await sandbox.control('DELETE', '/sandbox/rows', { sheetId: sheet.id, rowIds: [sheet.rowIds[1]], by: clerk });
    await settle();
    await faults({ dropNext: 0 });
    await restart();
    await watch();
    expect((await changes(4)).toSorted((left, right) => (String(left) < String(right) ? -1 : 1))).toEqual([
      ['Quantity', '10', '30', clerk],
      ['Quantity', '30', '40', foreman],
      ['row_added', clerk],
      ['row_deleted', null],
    ]);
    expect(tower.found.every(({ found_by }) => found_by === 'backfill')).toBe(true);
    expect(await hooks()).toHaveLength(1);
  });

  it('resolves a callback that was stored while nobody watched its sheet', async () => {
    await begin({ debounce: true });
    const stop = await watch();
    await tower.shows('^watching$');
    await stop({ removed: false });
    await sheet.edit(0, { Quantity: 12 }, clerk);
    await settle();
    await until(async () => (await tower.store.counts()).callbacks_waiting === 1, 'the callback in the store');
    await restart();
    await watch();
    expect(await changes(1)).toEqual([['Quantity', '10', '12', clerk]]);
  });

  it('enables its webhook again when Smartsheet has switched it off, and catches up', async () => {
    await begin({ sweepSeconds: 0.5 });
    await watch();
    await tower.shows('^watching$');
    const [hook] = await hooks();
    await sandbox.control('POST', `/sandbox/webhooks/${hook!.id}/disable`, {
      status: 'DISABLED_CALLBACK_FAILED',
    });
    await sheet.edit(0, { Quantity: 77 }, clerk);
    expect(await changes(1)).toEqual([['Quantity', '10', '77', clerk]]);
    await until(async () => {
      const [enabled, ...others] = await hooks();
      return enabled?.status === 'ENABLED' && others.length === 0;
    }, 'the webhook to be enabled again');
  });

  it('takes the webhook away only when the node is removed, not when it is deployed anew', async () => {
    await begin();
    const first = await watch();
    await tower.shows('^watching$');
    await first({ removed: false });
    expect(await hooks()).toHaveLength(1);
    const again = await watch();
    const other = await watch();
    await tower.shows('^watching$');
    await again({ removed: true });
    expect(await hooks()).toHaveLength(1);
    await other({ removed: true });
    expect(await hooks()).toHaveLength(0);
    expect((await tower.store.webhooks()).filter(({ sheet_id }) => sheet_id === String(sheet.id))).toEqual([]);
  });
});

describe('without a public address', () => {
  it('finds changed, added and deleted rows by looking at the version', async () => {
    await begin();
    await watch({ polling: true });
    await tower.shows('^watching by polling$');
    await sheet.edit(0, { Quantity: 12 }, clerk);
    expect(await changes(1)).toEqual([['Quantity', '10', '12', clerk]]);
    await addRow({ 'Work Request #': 'WR-3', Quantity: 5 }, foreman);
    await changes(2);
    await sandbox.control('DELETE', '/sandbox/rows', { sheetId: sheet.id, rowIds: [sheet.rowIds[1]], by: foreman });
    expect(await changes(3)).toEqual([
      ['Quantity', '10', '12', clerk],
      ['row_added', foreman],
      ['row_deleted', null],
    ]);
    expect(tower.found.map(({ found_by }) => found_by)).toEqual(['poll', 'poll', 'poll']);
    expect(tower.found[0]!.audit_run_id).toMatch(new RegExp(`^poll:${sheet.id}:`));
    expect(await hooks()).toHaveLength(0);
  });
});
