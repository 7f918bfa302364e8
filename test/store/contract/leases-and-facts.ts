import { secretBox, storeOver, type NewApproval, type Store } from '../../../lib/store';
import { emptyStore } from '../empty-store';
import { at, cell, clerk, event, observation, row, sheetId, step } from '../examples';
import type { StoreUnderTest, TestedDriver } from '../stores';

export function leasesAndFactsContract(under: () => StoreUnderTest): void {
  let driver: TestedDriver;
  let store: Store;

  beforeAll(() => {
    driver = under().driver;
    store = storeOver(driver, { secrets: secretBox(new Uint8Array(32)) });
  });
  beforeEach(() => emptyStore(driver));

  /** Lets every lease run out, and every pause before another try. */
  const waitForLeases = (): Promise<unknown> =>
    driver.transaction([
      { sql: `update billing_audit.changes set leased_until = leased_until - interval '1 day'` },
      {
        sql: `update billing_audit.webhook_events set leased_until = leased_until - interval '1 day', retry_at = retry_at - interval '1 day'`,
      },
    ]);

  describe('changes that wait for the trail', () => {
    const rows = [row('21', 1, cell('12', step('3', '09:03:00'))), row('22', 1, cell('12', step('1', '09:01:00')))];
    const lease = async (limit = 10): Promise<string[]> =>
      (await store.leaseChanges({ sheetIds: [sheetId], limit, leaseSeconds: 60 })).map((change) => change.event_key);
    const added = (rowId: string): string => `${sheetId}:row:${rowId}:added:1`;

    beforeEach(() =>
      store.resolve(
        observation('09:10:00', {
          rows: rows.map((one, index) => ({ ...one, created_at: at(index === 0 ? '09:03:00' : '09:01:00') })),
        }),
      ),
    );

    it('are handed out oldest first, to one at a time', async () => {
      expect(await lease(1)).toEqual([added('22')]);
      expect(await lease()).toEqual([added('21')]);
      expect(await lease()).toEqual([]);
    });

    it('are handed out again when the lease ran out, until they are in the trail', async () => {
      await lease();
      await store.append([event(added('22'))]);
      await waitForLeases();
      expect(await lease()).toEqual([added('21')]);
    });

    it('are handed out at once when they were released, and not after they were recorded', async () => {
      await lease();
      await store.append([event(added('22'))]);
      await store.releaseChanges([added('21'), added('22')]);
      expect(await lease()).toEqual([added('21')]);
    });

    it('are handed out for the sheets that were asked for', async () => {
      expect(await store.leaseChanges({ sheetIds: ['7'], limit: 10, leaseSeconds: 60 })).toEqual([]);
      expect(await store.leaseChanges({ sheetIds: 'all', limit: 10, leaseSeconds: 60 })).toHaveLength(2);
    });

    it('that fail again and again, as many as go at once, do not keep a newer one waiting', async () => {
      expect(await lease(1)).toEqual([added('22')]);
      await waitForLeases();
      expect(await lease(1)).toEqual([added('21')]);
      await waitForLeases();
      expect(await lease(1)).toEqual([added('22')]);
    });

    it('were not handed out at all when they were released: a restart puts nobody behind others', async () => {
      for (let restart = 1; restart <= 3; restart += 1) {
        expect(await lease(1)).toEqual([added('22')]);
        await store.releaseChanges([added('22')]);
      }
    });

    it('count as dead once they were handed out eight times, and are tried on', async () => {
      for (let attempt = 1; attempt <= 8; attempt += 1) {
        expect((await store.counts()).changes_dead).toBe(0);
        await lease();
        await waitForLeases();
      }
      expect((await store.counts()).changes_dead).toBe(2);
      expect(await lease(1)).toEqual([added('22')]);
      await store.append([event(added('22'))]);
      expect((await store.counts()).changes_dead).toBe(1);
    });

    it('are counted', async () => {
      await lease(1);
      expect(await store.counts()).toMatchObject({ changes_waiting: 1, changes_leased: 1, changes_dead: 0, events: 0 });
      expect((await store.counts()).oldest_waiting_at).toMatch(/Z$/);
    });
  });

  describe('accepted callbacks', () => {
    const webhook = {
      webhook_id: '1',
      sheet_id: sheetId,
      callback_url: 'https://x.example.com',
      shared_secret: 's',
      previous_secret: null,
      status: 'ENABLED',
    };
    const body = Buffer.from([0, 255, 10, 13, 200]);
    beforeEach(() => store.saveWebhook(webhook));

    it('are kept byte for byte, and once: by nonce and by content', async () => {
      expect(await store.acceptCallback({ webhook_id: '1', nonce: 'a', body })).toEqual({ isNew: true });
      expect(await store.acceptCallback({ webhook_id: '1', nonce: 'a', body: Buffer.from('other') })).toEqual({
        isNew: false,
      });
      expect(await store.acceptCallback({ webhook_id: '1', nonce: 'b', body })).toEqual({ isNew: false });
      const [leased, ...more] = await store.leaseCallbacks({ limit: 10, leaseSeconds: 60 });
      expect(more).toEqual([]);
      expect(leased).toMatchObject({ webhook_id: '1', nonce: 'a', sheet_id: sheetId, attempts: 1 });
      expect(Buffer.from(leased?.body ?? []).equals(body)).toBe(true);
    });

    it('are refused for a webhook that is not known', async () => {
      const unknown = store.acceptCallback({ webhook_id: '2', nonce: 'a', body });
      await expect(unknown).rejects.toMatchObject({ code: 'store_refused', sqlstate: 'BA002' });
    });

    it('stay when their webhook is forgotten', async () => {
      await store.acceptCallback({ webhook_id: '1', nonce: 'a', body });
      await store.forgetWebhook('1');
      expect(await store.webhooks()).toEqual([]);
      expect(await store.leaseCallbacks({ limit: 10, leaseSeconds: 60 })).toHaveLength(1);
    });

    it('wait before another try, and are dead letters after the eighth', async () => {
      await store.acceptCallback({ webhook_id: '1', nonce: 'a', body });
      for (let attempt = 1; attempt <= 8; attempt += 1) {
        const [leased] = await store.leaseCallbacks({ limit: 1, leaseSeconds: 60 });
        expect(leased?.attempts).toBe(attempt);
        await store.failCallbacks({ ids: [leased?.id ?? ''], why: 'Smartsheet was away.', retryInSeconds: 60 });
        expect(await store.leaseCallbacks({ limit: 1, leaseSeconds: 60 })).toEqual([]);
        await waitForLeases();
      }
      expect(await store.leaseCallbacks({ limit: 1, leaseSeconds: 60 })).toEqual([]);
      expect(await store.counts()).toMatchObject({ callbacks_waiting: 0, callbacks_dead: 1 });
    });

    it('are held as long as it takes while their leases are renewed', async () => {
      await store.acceptCallback({ webhook_id: '1', nonce: 'a', body });
      const [leased] = await store.leaseCallbacks({ limit: 1, leaseSeconds: 60 });
      for (let round = 1; round <= 10; round += 1) {
        await waitForLeases();
        await store.renewCallbacks({ ids: [leased?.id ?? ''], leaseSeconds: 60 });
        expect(await store.leaseCallbacks({ limit: 1, leaseSeconds: 60 })).toEqual([]);
      }
      await waitForLeases();
      expect(await store.leaseCallbacks({ limit: 1, leaseSeconds: 60 })).toMatchObject([{ attempts: 2 }]);
    });

    it('have lost no try when they were released, and are handed out again at once', async () => {
      await store.acceptCallback({ webhook_id: '1', nonce: 'a', body });
      for (let deploy = 1; deploy <= 10; deploy += 1) {
        const [leased] = await store.leaseCallbacks({ limit: 1, leaseSeconds: 60 });
        expect(leased?.attempts).toBe(1);
        await store.releaseCallbacks([leased?.id ?? '']);
      }
      expect(await store.counts()).toMatchObject({ callbacks_waiting: 1, callbacks_dead: 0 });
    });

    it('are dead letters too when they end the process each time', async () => {
      await store.acceptCallback({ webhook_id: '1', nonce: 'a', body });
      for (let attempt = 1; attempt <= 8; attempt += 1) {
        expect(await store.leaseCallbacks({ limit: 1, leaseSeconds: 60 })).toHaveLength(1);
        await waitForLeases();
      }
      expect(await store.leaseCallbacks({ limit: 1, leaseSeconds: 60 })).toEqual([]);
      expect(await store.counts()).toMatchObject({ callbacks_dead: 1 });
    });
  });

  describe('approvals', () => {
    const approval: NewApproval = {
      sheet_id: sheetId,
      row_ids: [],
      work_requests: ['77'],
      columns: ['Quantity'],
      people: [clerk],
      from: at('09:00:00'),
      to: at('10:00:00'),
      reason: 'Recount after the storm',
      ticket: null,
      approver: 'manager@example.com',
      role: 'manager',
    };

    it('are in force from their first to their last moment, on their sheet', async () => {
      const saved = await store.approve(approval);
      const { role: _given, ...kept } = approval;
      expect(saved).toEqual({ ...kept, id: saved.id });
      const inForce = (time: string, sheet = sheetId) => store.approvals({ sheetId: sheet, at: time });
      expect(await inForce(at('09:00:00'))).toEqual([saved]);
      expect(await inForce(at('10:00:00'))).toEqual([saved]);
      expect(await inForce(at('10:00:01'))).toEqual([]);
      expect(await inForce(at('09:30:00'), '7')).toEqual([]);
      const both = await Promise.all([inForce(at('08:00:00')), inForce(at('09:30:00'))]);
      expect(both).toEqual([[], [saved]]);
    });

    it('are refused when the approver is among the people approved, however it is spelled', async () => {
      const own = store.approve({ ...approval, approver: 'CLERK@example.com' });
      await expect(own).rejects.toMatchObject({
        code: 'store_refused',
        sqlstate: 'BA003',
        message: 'CLERK@example.com cannot approve their own corrections.',
      });
      const sql = `insert into billing_audit.approvals (sheet_id, row_ids, work_requests, columns, people, valid_from, valid_to, reason, approver)
      values ('7', '{}', '{}', '{}', '{a@example.com}', now(), now(), 'x', 'A@example.com')`;
      await expect(driver.transaction([{ sql }])).rejects.toMatchObject({ sqlstate: '23514' });
    });

    it.each([['viewer'], ['auditor'], [''], [undefined]])('are refused to the role %s, whoever calls', async (role) => {
      const by = { ...approval, approver: 'Somebody@example.com', role };
      await expect(driver.rpc('billing_audit_approve', by)).rejects.toMatchObject({ sqlstate: 'BA005' });
      await expect(store.approve({ ...approval, approver: ' ' })).rejects.toMatchObject({ sqlstate: 'BA005' });
      expect(await store.approvals({ sheetId, at: at('09:30:00') })).toEqual([]);
    });

    it('are refused when they end before they begin, or have no reason', async () => {
      await expect(store.approve({ ...approval, to: at('08:00:00') })).rejects.toMatchObject({ sqlstate: 'BA004' });
      await expect(store.approve({ ...approval, reason: '' })).rejects.toMatchObject({ sqlstate: '23514' });
    });
  });

  describe('what is known of a person', () => {
    const facts = (time: string, person = 'CLERK@example.com') =>
      store.personFacts({ person, at: time, withinMinutes: 5 });
    const unknown = { access_level: null, last_review_at: null, last_active_at: null };

    it('is nothing for somebody whom nobody knows', async () => {
      expect(await facts(at('09:00:00'), 'nobody@example.com')).toEqual({ ...unknown, changes_in_window: 0 });
    });

    it('counts changes that are not in the trail yet, those that are, and none of them twice', async () => {
      const quantity = cell('12', step('1', '09:00:00'), step('2', '09:01:00'), step('3', '09:06:00'));
      await store.resolve(observation('09:10:00', { rows: [row('21', 1, quantity)] }));
      const key = `${sheetId}:21:12:1`;
      await store.append([event(key, { changed_at: at('09:01:00') }), event('other', { changed_at: at('09:05:00') })]);
      expect(await facts(at('09:06:00'))).toEqual({ ...unknown, last_active_at: at('09:05:00'), changes_in_window: 2 });
      expect(await facts(at('09:01:00'))).toEqual({ ...unknown, last_active_at: at('09:00:00'), changes_in_window: 2 });
    });

    it('comes from the directory, by e-mail whatever its case, and from its last saving', async () => {
      const person = {
        email: 'Clerk@Example.com',
        name: 'A Clerk',
        role: null,
        access_level: 2,
        supervisor: null,
        department: null,
        last_review_at: at('08:00:00'),
        active: true,
      };
      await store.savePeople([person]);
      await store.savePeople([{ ...person, access_level: 5 }]);
      expect(await facts(at('09:00:00'))).toEqual({
        ...unknown,
        access_level: 5,
        last_review_at: at('08:00:00'),
        changes_in_window: 0,
      });
      await expect(store.savePeople([{ ...person, access_level: 11 }])).rejects.toMatchObject({ sqlstate: '23514' });
    });
  });
}
