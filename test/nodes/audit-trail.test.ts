import { auditTrail } from '../../nodes/audit-trail';
import { exampleEvent } from '../../nodes/billing-rules';
import type { AuditEvent } from '../../lib/event';
import type { Ports } from '../../lib/ports';
import type { Store, TrailQuery } from '../../lib/store/store';
import { fakePorts } from '../support/fake-ports';
import { defaultsOf } from '../support/params';

const params = defaultsOf(auditTrail.fields);
const searching = { ...params, operation: 'search' } as const;

/** Ports whose store does one thing in its own way. */
function portsWith(over: Partial<Store>): Ports {
  const ports = fakePorts();
  const store = new Proxy(ports.store, {
    get: (target, name: keyof Store) => over[name] ?? target[name],
  });
  return new Proxy(ports, { get: (target, name: keyof Ports) => (name === 'store' ? store : target[name]) });
}

const many = Array.from({ length: 1_234 }, (_, index): AuditEvent => ({
  ...exampleEvent,
  event_key: `1:2:3:${index}`,
}));

describe('the trail', () => {
  it('gives back a recorded event with its time and place, and the same place when it is recorded again', async () => {
    const ports = fakePorts();
    const first = await auditTrail.run(exampleEvent, params, ports);
    const again = await auditTrail.run(exampleEvent, params, ports);
    expect(first.recorded).toEqual({
      ...exampleEvent,
      timestamp: '2026-02-03T18:00:00.000Z',
      stream: `sheet:${exampleEvent.sheet_id}`,
      seq: 1,
    });
    expect(again).toEqual(first);
    expect(auditTrail.status?.(first)).toEqual({ state: 'ok', text: 'recorded as no. 1' });
  });

  it('fails aloud when the store does not confirm', async () => {
    const ports = portsWith({ append: async () => [] });
    await expect(auditTrail.run(exampleEvent, params, ports)).rejects.toMatchObject({
      code: 'not_recorded',
      context: { event_key: exampleEvent.event_key },
    });
  });

  it('lets the failure of the store through as it is', async () => {
    const lost = new Error('the store is closed');
    const ports = portsWith({ append: () => Promise.reject(lost) });
    await expect(auditTrail.run(exampleEvent, params, ports)).rejects.toBe(lost);
  });

  it('turns as many pages as the limit asks for, and no more', async () => {
    const asked: TrailQuery[] = [];
    const plain = fakePorts({ facts: { trail: many } }).store;
    const ports = portsWith({
      search: (query) => {
        asked.push(query);
        return plain.search(query);
      },
    });
    const { recorded } = await auditTrail.run({ limit: 1_100 }, searching, ports);
    expect([recorded].flat()).toHaveLength(1_100);
    expect(asked.map(({ limit }) => limit)).toEqual([500, 500, 100]);
    expect([recorded].flat()[0]).toMatchObject({ event_key: '1:2:3:1233' });
  });

  it('gives all there are when the limit is above that', async () => {
    const ports = fakePorts({ facts: { trail: many } });
    const { recorded } = await auditTrail.run(
      Date.parse('2026-02-03T18:00:00.000Z'),
      { ...searching, limit: 10_000 },
      ports,
    );
    expect([recorded].flat()).toHaveLength(1_234);
    expect(auditTrail.status?.({ recorded: recorded ?? [] })).toEqual({ state: 'ok', text: '1234 events' });
  });

  it('stops when a store promises more and gives nothing', async () => {
    const ports = portsWith({ search: async () => ({ events: [], next: 'more' }) });
    await expect(auditTrail.run({}, searching, ports)).resolves.toEqual({ recorded: [] });
  });

  it('says by its second output which archived months may hold more, as the last page told', async () => {
    const month = { month: '2026-01', file: '2026-01.zip', sha256: 'ab', events: 3 };
    const pages = [
      { events: [exampleEvent], next: 'on', archived: [] },
      { events: [exampleEvent], next: null, archived: [{ ...month, reason: 'more than a flow is told' }] },
    ];
    const ports = portsWith({ search: async () => pages.shift() ?? { events: [], next: null } });
    const emitted = await auditTrail.run({}, searching, ports);
    expect(emitted).toEqual({ recorded: [exampleEvent, exampleEvent], archived: [month] });
    expect(auditTrail.status?.(emitted)).toEqual({ state: 'warning', text: '2 events; 1 archive not searched' });
  });

  it('asks what the fields and the message say together, in the words of the store', async () => {
    const asked: TrailQuery[] = [];
    const ports = portsWith({
      search: async (query) => {
        asked.push(query);
        return { events: [], next: null };
      },
    });
    const fields = {
      ...searching,
      sheet: ['100'],
      from: '2026-01-01T00:00:00-06:00',
      column: ['Quantity'],
      riskFrom: 0.5,
    };
    await auditTrail.run({ to: '2026-02-01T00:00:00Z', is_historical: false, topic: 'x' }, fields, ports);
    expect(asked).toEqual([
      {
        sheet_id: '100',
        from: '2026-01-01T06:00:00.000Z',
        to: '2026-02-01T00:00:00.000Z',
        column_name: 'Quantity',
        risk_from: 0.5,
        is_historical: false,
        order: 'newest',
        limit: 100,
      },
    ]);
  });

  it.each([0, 1.5, 10_001, NaN])('refuses to give %d events', async (limit) => {
    await expect(auditTrail.run(null, { ...searching, limit }, fakePorts())).rejects.toMatchObject({
      code: 'bad_setting',
    });
  });
});
