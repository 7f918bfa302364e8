import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { receive, type Wire } from '../../lib/define';
import type { AuditEvent } from '../../lib/event';
import type { Ports } from '../../lib/ports';
import { auditMetrics } from '../../nodes/audit-metrics';
import { defaultsOf } from '../support/params';
import { AskedStore } from './asked-store';
import { alarming, event } from './events';

const defaults = defaultsOf(auditMetrics.fields);

let store: AskedStore;
beforeEach(() => {
  store = new AskedStore();
});

const show = (ports: Ports, over: Partial<typeof defaults> = {}, input: unknown = {}) =>
  auditMetrics.run(input, { ...defaults, ...over }, ports);

describe('the overview of Audit Metrics', () => {
  it('gives everything once, and then nothing until something has changed', async () => {
    const ports = store.ports('node-1');
    expect(Object.keys(await show(ports)).sort()).toEqual([
      'alerts',
      'attention',
      'cards',
      'histogram',
      'people',
      'sheets',
      'timeline',
    ]);
    expect(await show(ports)).toEqual({});
    store.version = 'two';
    expect(await show(ports)).toMatchObject({ cards: { version: 'two' } });
    expect(store.asked.map(({ known }) => known)).toEqual([undefined, 'one', 'one']);
  });

  it('tells how the evidence stands, anew after a seal, of which the version of the numbers knows nothing', async () => {
    const ports = store.ports('node-1');
    expect(await show(ports)).toMatchObject({ cards: { evidence: { sealed: 0, anchored: 0 } } });
    store.sealed = { sealed: 40, unsealed: 2, anchored: 30, failing: 1 };
    expect(await show(ports)).toMatchObject({ cards: { version: 'one', evidence: store.sealed } });
    expect(await show(ports)).toEqual({});
  });

  it('remembers for each node apart, and not at all once the node is deployed anew', async () => {
    await show(store.ports('node-1'));
    expect(await show(store.ports('node-2'))).toHaveProperty('cards');
    await auditMetrics.begin?.(defaults, store.ports('node-1'));
    expect(await show(store.ports('node-1'))).toHaveProperty('cards');
    expect(await show(store.ports())).toHaveProperty('cards');
    expect(await show(store.ports())).toHaveProperty('cards');
  });

  it("takes a quarter of the store's time at most", async () => {
    store.milliseconds = 2_000;
    const ports = store.ports('node-1');
    await show(ports);
    const end = store.now;
    for (store.now = end; store.now < end + 6_000; store.now += 1_000) expect(await show(ports)).toEqual({});
    expect(store.asked).toHaveLength(1);
    await show(ports);
    expect(store.asked).toHaveLength(2);
  });

  it('gives everything again after a failure, changed or not', async () => {
    const ports = store.ports('node-1');
    await show(ports);
    store.failing = true;
    await expect(show(ports)).rejects.toThrow('not available');
    store.failing = false;
    store.now += 20_000;
    expect(await show(ports)).toHaveProperty('cards');
  });

  it('gives chart rows as one list, within the limit of its wires', async () => {
    const given = await show(store.ports());
    for (const [name, values] of Object.entries(given)) {
      const wire = auditMetrics.outputs[name as keyof typeof auditMetrics.outputs] as Wire;
      for (const value of Array.isArray(values) ? values : [values]) receive(wire, value);
    }
    const rows = [given.histogram ?? []].flat();
    expect(rows).toHaveLength(1);
    expect(rows[0]).toHaveLength(10);
  });
});

describe('a row of a table', () => {
  const rowsOf = async (...events: AuditEvent[]) => {
    store.events = events;
    const { attention } = await show(store.ports(), { operation: 'attention' }, {});
    return [attention ?? []].flat()[0]?.rows ?? [];
  };

  it('is in words, in business time', async () => {
    expect(await rowsOf(alarming(1))).toMatchObject([
      {
        when: 'Tue 3 Feb 2026, 09:30',
        what: 'Units Total Price',
        old_value: '$1,250.00',
        new_value: '$2,750.00',
        delta: '+$1,500.00',
        risk: 70,
        violation: 'Closed week changed',
        reasons: ['The week ended on 2026-01-18, before this change.', expect.any(String)],
        open_to_verdict: true,
      },
    ]);
    const unknown = event(2, { changed_by: null, changed_by_kind: 'unknown', risk_score: null, old_value: null });
    expect(await rowsOf(unknown)).toMatchObject([
      { person: 'Nobody knows who', risk: null, old_value: '(empty)', violation: null, open_to_verdict: false },
    ]);
  });

  it.each(['javascript:alert(1)', 'data:text/html,x', ' https://a b', 'https://x/"onclick="', null])(
    'has no link for %s',
    async (sheet_reference) => {
      expect(await rowsOf(event(1, { sheet_reference }))).toMatchObject([{ link: null }]);
    },
  );
});

describe('a page of changes', () => {
  const ask = (input: unknown) => show(store.ports(), { operation: 'changes' }, input);

  it('asks by field and by day, both days included, where the business is', async () => {
    store.events = [alarming(1)];
    store.marked = [
      {
        event_key: event(1).event_key,
        mark: 'approved',
        reason: 'ticket 17',
        by: 'M',
        marked_at: '2026-02-03T18:00:00.000Z',
      },
    ];
    const question = { text: ' 90001 ', person: '', severity: '', from: '2026-02-01', to: '2026-02-03', after: null };
    const { changes } = await ask({ ...question, high_risk: true });
    expect(store.searched).toEqual([
      {
        text: '90001',
        from: '2026-02-01T06:00:00.000Z',
        to: '2026-02-04T06:00:00.000Z',
        risk_from: 0.7,
        order: 'newest',
        limit: 25,
      },
    ]);
    expect(changes).toMatchObject({
      next: 'the next',
      rows: [{ mark: { mark: 'approved', when: 'Tue 3 Feb 2026, 12:00' } }],
    });
  });

  it.each([{ from: 'yesterday' }, { severity: 'SEVERE' }, { order: 'random' }, { text: 'x'.repeat(201) }, 'a text'])(
    'refuses %j, and asks nothing',
    async (input) => {
      await expect(ask(input)).rejects.toMatchObject({ code: 'wrong_message_type' });
      expect(store.searched).toEqual([]);
    },
  );
});

describe('the alerts of the overview', () => {
  it('tell of a gap in the watch in a sentence, with its times where the business is', async () => {
    const span = 'from 2026-02-03T15:04:05.678Z to 2026-02-03T15:30:00.000Z nothing ran that watched it';
    const gap = event(7, {
      kind: 'watch_gap',
      violation_type: 'WATCH_GAP',
      column_name: null,
      old_value: null,
      new_value: span,
      delta: null,
      issue_description: `Of "North": ${span}.`,
    });
    const told = `Of "North": from Tue 3 Feb 2026, 09:04 to Tue 3 Feb 2026, 09:30 nothing ran that watched it.`;
    store.events = [gap];
    store.raised = [
      { event_key: gap.event_key, raised_at: gap.changed_at, severity: 'HIGH', notice: null, event: gap },
    ];
    expect(await show(store.ports())).toMatchObject({
      attention: { rows: [{ what: 'Gap in the watch', old_value: '', new_value: '', issue: told, reasons: [told] }] },
      alerts: { latest: [{ title: 'Gap in the watch', text: told }] },
    });
  });

  it('are told in words, the newest first, with a notice that is no change of a sheet', async () => {
    const raised_at = '2026-02-03T17:00:00.000Z';
    const notice = { title: 'A webhook is gone', text: 'Sheet North is watched by polling.' };
    store.raised = [
      { event_key: 'watch:1', raised_at, severity: 'HIGH', notice, event: null },
      { event_key: event(1).event_key, raised_at, severity: 'HIGH', notice: null, event: alarming(1) },
    ];
    const { alerts } = await show(store.ports());
    expect(alerts).toEqual({
      total: 2,
      unanswered: 1,
      latest: [
        {
          event_key: 'watch:1',
          when: 'Tue 3 Feb 2026, 11:00',
          severity: 'HIGH',
          title: 'A webhook is gone',
          text: 'Sheet North is watched by polling.',
          is_event: false,
          judgement: null,
        },
        {
          event_key: event(1).event_key,
          when: 'Tue 3 Feb 2026, 11:00',
          severity: 'HIGH',
          title: 'Units Total Price: $1,250.00 → $2,750.00 (+$1,500.00)',
          text: 'clerk, Billing, North',
          is_event: true,
          judgement: null,
        },
      ],
    });
  });

  it('say of a row that went what it was worth, and no values that it never had', async () => {
    const gone = alarming(1, {
      kind: 'row_deleted',
      column_name: null,
      old_value: null,
      new_value: null,
      delta: '-12.5',
    });
    store.raised = [
      { event_key: 'k:1', raised_at: '2026-02-03T17:00:00.000Z', severity: 'HIGH', notice: null, event: gone },
    ];
    const { alerts } = await show(store.ports());
    expect(alerts).toMatchObject({ latest: [{ title: 'Row deleted (-$12.50)' }] });
  });

  it('are seen by whom the server knows, whoever the page claims to be', async () => {
    const see = (input: unknown) =>
      show(store.ports(), { operation: 'seen', by: 'v@example.com', role: 'viewer' }, input);
    expect(await see({ seen: 4, by: 'boss@example.com', role: 'admin' })).toEqual({
      seen: { by: 'v@example.com', seen: 4, total: 9 },
    });
    await see({});
    const reader = { by: 'v@example.com', role: 'viewer' };
    expect(store.readers).toEqual([{ ...reader, seen: 4 }, reader]);
    for (const odd of [{ seen: -1 }, { seen: 1.5 }, { seen: 'all' }, null])
      await expect(see(odd)).rejects.toMatchObject({ code: 'wrong_message_type' });
    expect(store.readers).toHaveLength(2);
  });
});

describe('callbacks that were given up', () => {
  it('are given in words, and tried again by whom the server knows', async () => {
    const ask = (operation: 'dead' | 'replay') =>
      show(
        store.ports(),
        { operation, by: 'm@example.com', role: 'manager' },
        { by: 'boss@example.com', role: 'admin' },
      );
    expect(await ask('dead')).toEqual({ dead: { total: 0, sheets: [] } });
    store.dead = 3;
    const since = 'Tue 3 Feb 2026, 09:00';
    expect(await ask('dead')).toEqual({
      dead: { total: 3, sheets: [{ sheet: '22', callbacks: 3, since, why: 'The reason is not known.' }] },
    });
    const again = { total: 0, sheets: [], replayed: { by: 'm@example.com', callbacks: 3 } };
    expect(await ask('replay')).toEqual({ dead: again });
    expect(store.tried).toEqual([{ by: 'm@example.com', role: 'manager' }]);
  });
});

describe('the page of one event', () => {
  it('holds that event alone, or nothing under its key, and looks no further than for its archive', async () => {
    store.events = [alarming(1), alarming(2)];
    const ask = (key: string) => show(store.ports(), { operation: 'changes' }, { event: key });
    const { changes } = await ask(event(2).event_key);
    expect(changes).toMatchObject({ event: event(2).event_key, next: null, rows: [{ event_key: event(2).event_key }] });
    expect((await ask('no:such')).changes).toMatchObject({ event: 'no:such', rows: [] });
    expect(store.searched).toEqual([{ event_key: 'no:such', limit: 1 }]);
    await expect(ask('x'.repeat(301))).rejects.toMatchObject({ code: 'wrong_message_type' });
  });
});

describe('a verdict', () => {
  const by = { by: 'M. Example', role: 'manager' };
  const say = (input: unknown) => show(store.ports(), { operation: 'mark', ...by }, input);

  it('takes the event, the choice and the reason from the message, and nothing else', async () => {
    const forged = { by: 'The Owner', role: 'admin', marked_at: '2020-01-01T00:00:00.000Z' };
    const { marked } = await say({ event_key: 'k:1', mark: 'approved', reason: 'ticket 17', ...forged });
    expect(store.said).toEqual([{ event_key: 'k:1', mark: 'approved', reason: 'ticket 17', ...by }]);
    expect(marked).toMatchObject({ by: 'M. Example', when: 'Tue 3 Feb 2026, 12:00' });
  });

  it.each([{}, { event_key: 'k:1', mark: 'denied' }, { event_key: '', mark: 'looking' }, [], null])(
    'refuses %j, and records nothing',
    async (input) => {
      await expect(say(input)).rejects.toMatchObject({ code: 'wrong_message_type' });
      expect(store.said).toEqual([]);
    },
  );
});

it('has help of the Node-RED layout, an icon, and six fields at most', () => {
  const folder = join(__dirname, '../../nodes/audit-metrics');
  expect(readFileSync(join(folder, 'help.md'), 'utf8')).toMatch(/### Details[^]*### References/u);
  expect(readFileSync(join(folder, 'icon.svg'), 'utf8')).toContain('viewBox="0 0 40 60"');
  expect(Object.keys(auditMetrics.fields).length).toBeLessThanOrEqual(6);
});
