import { receive } from '../../lib/define';
import type { Ports } from '../../lib/ports';
import { auditMetrics } from '../../nodes/audit-metrics';
import { defaultsOf } from '../support/params';
import { AskedStore } from './asked-store';

let store: AskedStore;
beforeEach(() => {
  store = new AskedStore();
});
const show = (ports: Ports) => auditMetrics.run({}, defaultsOf(auditMetrics.fields), ports);

describe('troubles on the overview', () => {
  it('does not say that all is well while nobody sees what changes in a sheet', async () => {
    const sheet = { changes: 0, watched_by: 'webhook', compared_at: null, last_change_at: null } as const;
    store.watched = [
      { ...sheet, sheet_id: '1', name: 'North' },
      { ...sheet, sheet_id: '2', name: 'South' },
    ];
    expect(await show(store.ports())).toMatchObject({ cards: { well: true, troubles: [] } });
    const began_at = '2026-02-03T16:30:00.000Z';
    store.troubles = [
      { kind: 'webhook', sheet_id: '1', title: 'The webhook of sheet "North" (1) does not work', began_at },
      { kind: 'watch', sheet_id: '2', title: 'Sheet "South" (2) cannot be watched', began_at },
    ];
    const since = 'Tue 3 Feb 2026, 10:30';
    expect(await show(store.ports())).toMatchObject({
      cards: { well: false, troubles: store.troubles.map(({ title }) => ({ title, since, of_watch: true })) },
      sheets: [
        [
          { sheet_id: '1', unseen_since: null },
          { sheet_id: '2', unseen_since: since },
        ],
      ],
    });
  });

  it('says that the audit sheet cannot be written, and that the watch is well all the same', async () => {
    const title = 'The audit sheet cannot be written';
    store.troubles = [{ kind: 'sheet', sheet_id: '0', title, began_at: '2026-02-03T16:30:00.000Z' }];
    expect(await show(store.ports())).toMatchObject({
      cards: { well: true, troubles: [{ title, of_watch: false }], troubles_in_all: 1 },
    });
  });

  it('fits its wire however many sheets one refused token has, and counts them all', async () => {
    const began_at = '2026-02-03T16:30:00.000Z';
    store.troubles = Array.from({ length: 1_200 }, (_, n) => ({
      kind: 'token',
      sheet_id: `${n + 1}`,
      title: `${n}`,
      began_at,
    }));
    const { cards } = await show(store.ports());
    const given = receive(auditMetrics.outputs.cards, [cards].flat()[0]);
    expect(given.troubles).toHaveLength(500);
    expect(given.troubles_in_all).toBe(1_200);
  });
});
