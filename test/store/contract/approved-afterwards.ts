import { secretBox, storeOver, type NewApproval, type Store } from '../../../lib/store';
import { auditEventSchema, type AuditEvent } from '../../../lib/event';
import { DEFAULT_ALIASES } from '../../../lib/settings';
import { emptyStore } from '../empty-store';
import { at, clerk, event, sheetId } from '../examples';
import type { StoreUnderTest, TestedDriver } from '../stores';

export function approvedAfterwardsContract(under: () => StoreUnderTest): void {
  let driver: TestedDriver;
  let store: Store;

  beforeAll(() => {
    driver = under().driver;
    store = storeOver(driver, { secrets: secretBox(new Uint8Array(32)) });
  });
  beforeEach(() => emptyStore(driver));

  const approval: NewApproval = {
    sheet_id: sheetId,
    row_ids: [],
    work_requests: [],
    columns: [],
    people: [],
    from: at('09:00:00'),
    to: at('10:00:00'),
    reason: 'Recount after the storm',
    ticket: null,
    approver: 'manager@example.com',
    role: 'manager',
    column_aliases: DEFAULT_ALIASES,
  };

  const late = (key: string, given: Partial<AuditEvent> = {}): AuditEvent =>
    event(key, { violation_type: 'HISTORICAL_CHANGE', is_historical: true, ...given });

  /** Which events are marked, after these were recorded and this was approved. */
  async function marked(events: readonly AuditEvent[], given: Partial<NewApproval> = {}): Promise<string[]> {
    await store.append(events);
    const { id } = await store.approve({ ...approval, ...given });
    const found = (await store.recent({ limit: 50 })).filter((each) => each.approved_afterwards !== undefined);
    expect(found.every((each) => each.approved_afterwards === id)).toBe(true);
    return found.map(({ event_key }) => event_key).sort();
  }

  describe('an approval that comes after the change', () => {
    it('marks what it covers, leaves the event as it was recorded, and the chain whole', async () => {
      await store.append([late('a')]);
      const [before] = await store.recent({ limit: 1 });
      const saved = await store.approve(approval);
      const [after] = (await store.search({ text: 'Quantity' })).events;
      expect(before).not.toHaveProperty('approved_afterwards');
      expect(after).toEqual({ ...before, approved_afterwards: saved.id });
      expect(auditEventSchema.parse(after).approved_afterwards).toBe(saved.id);
      expect(await driver.rpc('billing_audit_verify', { stream: `sheet:${sheetId}` })).toMatchObject({ ok: true });
    });

    it('marks historical changes of all kinds that were not approved, and nothing else', async () => {
      const events = [
        late('changed'),
        late('added', { violation_type: 'HISTORICAL_ROW_ADDED', column_name: null }),
        late('gone', { violation_type: 'HISTORICAL_ROW_DELETED', column_name: null }),
        late('approved before', { violation_type: 'APPROVED_CORRECTION', approval_id: '7' }),
        late('no date', { violation_type: 'DATE_VALIDATION_ERROR' }),
        event('in time'),
      ];
      expect(await marked(events)).toEqual(['added', 'changed', 'gone']);
    });

    it('marks nothing of the approver, and nothing of nobody knows whom', async () => {
      const events = [
        late('own', { changed_by: 'Manager@example.com' }),
        late('unknown', { changed_by: null, changed_by_kind: 'unknown' }),
        late('clerk'),
      ];
      expect(await marked(events)).toEqual(['clerk']);
    });

    it.each<[string, Partial<NewApproval>, Partial<AuditEvent>, Partial<AuditEvent>]>([
      ['the sheet', {}, {}, { sheet_id: '7' }],
      ['the time', {}, { changed_at: at('10:00:00') }, { changed_at: at('10:00:01') }],
      ['the row', { row_ids: ['22'] }, { row_id: '22' }, { row_id: '21' }],
      ['the work request', { work_requests: ['77.3'] }, { work_request: '77' }, { work_request: '78' }],
      [
        'the work request that it had',
        { work_requests: ['77'] },
        { work_request: '78', column_name: 'Work Request #', old_value: '77.1' },
        { work_request: '77', column_name: 'Work Request #', old_value: '78.1' },
      ],
      ['the column', { columns: ['Quantity'] }, { column_name: ' quantity' }, { column_name: 'Foreman' }],
      [
        'the column in another spelling',
        { columns: ['Weekly Reference Logged Date'] },
        { column_name: 'Weekly Referenced  Logged Date' },
        { column_name: null },
      ],
      ['the person', { people: ['CLERK@example.com '] }, { changed_by: clerk }, { changed_by: 'other@example.com' }],
    ])('looks at %s', async (_what, given, covered, other) => {
      expect(await marked([late('covered', covered), late('other', other)], given)).toEqual(['covered']);
    });

    it('counts once: the first approval stays', async () => {
      await store.append([late('a')]);
      const first = await store.approve(approval);
      await store.approve({ ...approval, approver: 'director@example.com' });
      expect((await store.event('a'))?.approved_afterwards).toBe(first.id);
    });

    it('marks nothing when it is refused', async () => {
      await store.append([late('a')]);
      await expect(store.approve({ ...approval, to: at('08:00:00') })).rejects.toMatchObject({ sqlstate: 'BA004' });
      await expect(store.approve({ ...approval, people: [' Manager@Example.com'] })).rejects.toMatchObject({
        sqlstate: 'BA003',
      });
      expect((await store.recent({ limit: 1 }))[0]).not.toHaveProperty('approved_afterwards');
    });

    it('cannot be taken back or rewritten, by the owner of the table neither', async () => {
      await marked([late('a')]);
      for (const sql of [
        `update billing_audit.approved_afterwards set at = now()`,
        `delete from billing_audit.approved_afterwards`,
        `truncate billing_audit.approved_afterwards`,
      ]) {
        await expect(driver.transaction([{ sql }])).rejects.toMatchObject({ sqlstate: 'BA010' });
      }
    });
  });
}
