import { createHash } from 'node:crypto';
import type { AuditEvent } from '../../../lib/event/audit-event';
import { emptyStore } from '../empty-store';
import { event, sheetId } from '../examples';
import type { StoreUnderTest, TestedDriver } from '../stores';

const ODD = 'a "quote", a \\ and a / slash, a\ttab, a\u0001 control, é, 漢, 😀, \u007f and a \u2028 line';

interface Stored {
  readonly seq: number;
  readonly recorded: string;
  readonly previous_hash: string;
  readonly preimage: string;
  readonly hash: string;
  readonly salt: string;
  readonly payload: string;
  readonly commitment: string;
}

/** Proofs of today must verify for ever: whatever becomes of the append, what it stores for an event is this, to the byte. */
export function appendedBytesContract(under: () => StoreUnderTest): void {
  let driver: TestedDriver;

  beforeAll(() => (driver = under().driver));
  beforeEach(() => emptyStore(driver));

  const append = (...events: readonly object[]): Promise<unknown> => driver.rpc('billing_audit_append', { events });

  async function stored(): Promise<readonly Stored[]> {
    return (await driver.transaction([
      {
        sql: `select e.seq::integer as seq, billing_audit.instant(e.recorded_at) as recorded, e.preimage, d.payload::text as payload,
                encode(e.previous_hash, 'hex') as previous_hash, encode(e.hash, 'hex') as hash, encode(d.salt, 'hex') as salt,
                encode(e.commitment, 'hex') as commitment
              from billing_audit.audit_events as e join billing_audit.event_payloads as d using (stream, seq)
              order by e.seq`,
        parameters: [],
      },
    ])) as unknown as readonly Stored[];
  }

  const sha256 = (...parts: readonly Uint8Array[]): string =>
    parts.reduce((hash, part) => hash.update(part), createHash('sha256')).digest('hex');

  it('is the text of the columns in their order, chained, and bound to the payload by its salt', async () => {
    const odd: Partial<AuditEvent> = { delta: '-0.10', risk_score: 0.1234567, week_ending: null, is_historical: null };
    await append(event('key:1', { ...odd, column_name: ODD, new_value: ODD }), event('key:2'));
    const [first, second] = await stored();
    if (!first || !second) throw new Error('Nothing was stored.');
    expect(first.preimage).toBe(
      `[1, "sheet:${sheetId}", 1, "${first.recorded}", "key:1", "cell_changed", "${sheetId}", "21", "1234", ` +
        `"a \\"quote\\", a \\\\ and a / slash, a\\ttab, a\\u0001 control, é, 漢, 😀, \u007f and a \u2028 line", ` +
        `"NONE", "-0.10", "USD", "person", "2026-01-05T09:00:00.000Z", null, null, "poll:1", "LOW", 0.123457, null, null, ` +
        `null, false, "${'a'.repeat(64)}", null, null, "${first.commitment}"]`,
    );
    expect(first.previous_hash).toBe(sha256(Buffer.from(`billing-audit:genesis:sheet:${sheetId}`)));
    expect(second.previous_hash).toBe(first.hash);
    for (const { hash, previous_hash, preimage, commitment, salt, payload } of [first, second]) {
      expect(hash).toBe(sha256(Buffer.from(previous_hash, 'hex'), Buffer.from(preimage)));
      expect(commitment).toBe(sha256(Buffer.from(salt, 'hex'), Buffer.from(payload)));
    }
    expect(JSON.parse(first.payload)).toMatchObject({ new_value: ODD, old_value: '10' });
    expect(first.salt).not.toBe(second.salt);
  });

  it('has the same payload whether a name is left out, unknown, or of another form', async () => {
    const { values: _, reasons: __, ip_address: ___, ...lacking } = event('lacking');
    const given = [
      event('whole'),
      lacking,
      { ...event('unknown'), seen_by: 'nobody', position: 7, stream: 'sheet:9', seq: 99, hash: '\\x00' },
      { ...event('nulls'), values: null, unknown_facts: null },
      { ...event('nested'), values: { deep: [1, { more: 0.1 }] }, old_value: 12 },
    ];
    await append(...given);
    const payloads = (await stored()).map(({ payload }) => payload);
    const told = `"changed_by": "clerk@example.com", "ip_address": null, "session_id": null, "sheet_name": "Week 1", "user_agent": null`;
    const names = `"old_value": "10", `;
    expect(payloads[0]).toContain(told.slice(told.indexOf('"ip_address"'), told.indexOf('"sheet_name"')));
    expect(payloads[0]).toContain(names);
    expect(payloads[2]).toBe(payloads[0]);
    expect(JSON.parse(payloads[1] ?? '')).toEqual({
      ...JSON.parse(payloads[0] ?? ''),
      values: {},
      reasons: [],
      ip_address: null,
    });
    expect(JSON.parse(payloads[3] ?? '')).toMatchObject({ values: null, unknown_facts: null });
    expect(JSON.parse(payloads[4] ?? '')).toMatchObject({ values: { deep: [1, { more: 0.1 }] }, old_value: 12 });
    const sql = 'select billing_audit.payload_of($1::jsonb)::text as payload';
    for (const [at, one] of given.entries()) {
      const [row] = await driver.transaction([{ sql, parameters: [JSON.stringify(one)] }]);
      expect(payloads[at]).toBe(row?.['payload']);
    }
  });

  it.each([['a'.repeat(63)], ['a'.repeat(65)], ['A'.repeat(64)], [`${'a'.repeat(63)}\n`], ['']])(
    'has no hash of rules like "%s"',
    async (rules_hash) => {
      await expect(append(event('key:1', { rules_hash }))).rejects.toMatchObject({ sqlstate: '23514' });
      expect(await stored()).toEqual([]);
    },
  );

  it.each(['1'.repeat(21), '12a', '12\n', '\u0661', ''])('has no sheet and no row like "%s"', async (id) => {
    await expect(append(event('key:1', { sheet_id: id }))).rejects.toMatchObject({ sqlstate: '23514' });
    await expect(append(event('key:1', { row_id: id }))).rejects.toMatchObject({ sqlstate: '23514' });
    expect(await stored()).toEqual([]);
  });

  it('has sheets and rows of up to twenty digits', async () => {
    await append(event('key:1', { sheet_id: '9'.repeat(20), row_id: '9'.repeat(20) }));
    expect(await stored()).toHaveLength(1);
  });

  it.each([
    ['lacks a field', { ...event('key:1'), currency: undefined }, 'Event key:1 lacks "currency".'],
    ['has a null in its place', { ...event('key:1'), kind: null }, 'Event key:1 lacks "kind".'],
    ['is no object', 7, 'Event without a key lacks "event_key".'],
    ['has no key', { ...event('x'), event_key: undefined }, 'Event without a key lacks "event_key".'],
  ])('says which event %s, and stores none', async (_, bad, message) => {
    await expect(append(event('good'), bad as object)).rejects.toMatchObject({
      code: 'store_refused',
      message: expect.stringContaining(message) as string,
    });
    expect(await stored()).toEqual([]);
  });
}
