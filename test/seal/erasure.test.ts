import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { bundleFilesAt, writeEvidence } from '../../server/export';
import { auditEventSchema } from '../../lib/event/audit-event';
import { event } from '../store/examples';
import { buildStoreWorker } from '../support/store';
import { SealedStores, type SealedStore } from './sealed-store';

const PROGRAM = resolve(__dirname, '../../server/export/evidence/verify.py');
const ana = 'ana@example.com';
const keeper = { by: 'Kim', role: 'admin', reason: 'She asked for it.' };

let stores: SealedStores;
let sealed: SealedStore;

beforeAll(() => void (stores = new SealedStores(buildStoreWorker())));
afterAll(() => stores.close());
beforeEach(async () => {
  sealed = await stores.next();
  await sealed.store.append([
    event('a:1', { sheet_id: '1', changed_by: 'Ana@Example.com', new_value: 'her word' }),
    event('b:1', { sheet_id: '1' }),
    event('a:2', { sheet_id: '2', changed_by: ana, risk_score: 0.9, severity: 'HIGH' }),
  ]);
  await sealed.store.savePeople([
    {
      email: ana,
      name: 'Ana',
      role: null,
      access_level: 2,
      supervisor: null,
      department: null,
      last_review_at: null,
      active: true,
    },
  ]);
  await sealed.seal();
});
afterEach(() => sealed.close());

const rpc = (name: string, p: object): Promise<Record<string, unknown>> =>
  sealed.driver.rpc(`billing_audit_${name}`, p) as Promise<Record<string, unknown>>;
const erase = (more: object = {}): Promise<Record<string, unknown>> =>
  rpc('erase', { person: 'ANA@example.com', ...keeper, dry_run: false, ...more });

/** The tables in which a row names the person, however it is written. */
async function namedIn(): Promise<readonly string[]> {
  const look = (sql: string): Promise<readonly Record<string, unknown>[]> =>
    sealed.driver.transaction([{ sql, parameters: [] }]);
  const tables = await look(
    `select relname as name from pg_class where relnamespace = 'billing_audit'::regnamespace and relkind = 'r'`,
  );
  expect(tables.length).toBeGreaterThan(40);
  const named: string[] = [];
  for (const { name } of tables) {
    const found = await look(
      `select from billing_audit.${String(name)} as t where t::text ~* '(?<![a-z])ana@example\\.com(?!\\.au)' limit 1`,
    );
    if (found.length > 0) named.push(String(name));
  }
  return named;
}

describe('erasing the data of a person', () => {
  it('takes values and personal fields away, breaks no proof, and verify says who erased and why', async () => {
    expect(await erase()).toMatchObject({ erasure_id: expect.any(String) as string });
    const event = await sealed.store.event('a:1');
    expect(event).toMatchObject({ changed_by: null, new_value: null, values: {}, sheet_id: '1', delta: '2' });
    auditEventSchema.parse(event);
    const report = await sealed.check();
    expect(report).toMatchObject({ ok: true, findings: [], sealed: expect.any(Number) as number });
    expect(report.erasures).toMatchObject([
      { by: 'Kim', text: expect.stringContaining('She asked for it.') as string },
    ]);
    expect(report.erasures[0]?.events).toBeGreaterThanOrEqual(2);
    await sealed.seal();
    expect(await sealed.check()).toMatchObject({ ok: true });
  });

  it('leaves nothing of the person in the store, and every count as it was', async () => {
    const asked = { now: '2026-01-05T20:00:00.000Z', days: 7, time_zone: 'UTC', risk_from: 0.7 };
    const before = await sealed.store.overview(asked);
    await erase();
    const after = await sealed.store.overview(asked);
    if (before.unchanged || after.unchanged) throw new Error('Nothing was told.');
    expect(after.timeline).toEqual(before.timeline);
    expect(after.people.find(({ person }) => person === null)).toMatchObject({ changes: 2, needs_look: 1 });
    expect(await namedIn()).toEqual([]);
  });

  it('reaches the access log, what is kept beside the trail, and events on their way to the audit sheet', async () => {
    const access = {
      source: 'smartsheet',
      happened_at: '2026-01-05T09:00:00.000Z',
      sheet_id: null,
      sheet_name: null,
    } as const;
    const unknown = { ip_address: null, device_info: null, session_id: null, user_agent: null } as const;
    const shared = (id: string, address: string) =>
      ({
        ...access,
        ...unknown,
        id,
        kind: 'shared',
        person: 'kim@example.com',
        happened: `Shared with ${address}.`,
        details: { with: [address] },
      }) as const;
    await rpc('switch_audit_sheet', { on: true });
    await sealed.store.append([event('a:3', { sheet_id: '2', changed_by: ana })]);
    await sealed.store.recordAccess({
      events: [
        {
          ...access,
          ...unknown,
          id: '1',
          kind: 'signed_in',
          person: ana,
          happened: 'Signed in.',
          ip_address: '192.0.2.7',
          details: {},
        },
        shared('2', 'Ana@Example.com'),
        shared('3', 'mariana@example.com'),
        shared('4', 'ana@example.com.au'),
      ],
      activity: [
        {
          event_id: '9',
          sheet_id: '2',
          person: ana,
          happened_at: access.happened_at,
          source: 'WEB_APP',
          ip_address: '192.0.2.7',
        },
      ],
    });
    for (const sql of [
      `insert into billing_audit.sheets (sheet_id, name, version) values ('2', 'Two', 1) on conflict do nothing`,
      `insert into billing_audit.sheet_rows (sheet_id, row_id, version, created_by, modified_by, seen_at)
       values ('2', '5', 1, 'kim@example.com', 'Ana@example.com', now())`,
      `insert into billing_audit.alert_recipients (recipient) values ('kim@example.com')`,
      `insert into billing_audit.alert_groups (recipient, person, topic, opened_at, closes_at)
       values ('kim@example.com', '${ana}', '2', now(), now())`,
      `insert into billing_audit.alert_readers (person, seen, seen_at) values ('${ana}', 0, now())`,
    ])
      await sealed.driver.transaction([{ sql, parameters: [] }]);
    await sealed.seal();

    expect(await erase()).toMatchObject({ events: 6 });
    expect(await namedIn()).toEqual([]);
    const seen = await sealed.store.accessEvents({ kinds: ['shared'] });
    expect(seen.events.map(({ happened }) => happened)).toEqual([
      'Shared with ana@example.com.au.',
      'Shared with mariana@example.com.',
      null,
    ]);
    const [row] = await sealed.driver.transaction([
      { sql: 'select created_by, modified_by from billing_audit.sheet_rows', parameters: [] },
    ]);
    expect(row).toEqual({ created_by: 'kim@example.com', modified_by: null });
    const leased = await rpc('lease_audit_rows', { worker: 'w', seconds: 60, limit: 1000 });
    const waiting = leased['rows'] as { readonly event_key: string; readonly event: unknown }[];
    expect(auditEventSchema.parse(waiting.find(({ event_key }) => event_key === 'a:3')?.event)).toMatchObject({
      changed_by: null,
    });
    await sealed.seal();
    expect(await sealed.check()).toMatchObject({ ok: true, findings: [] });
  });

  it('erases as many as it notes when an event is recorded meanwhile', async () => {
    // Read committed: what another one commits between two statements is there for the second, as this is.
    await sealed.tamper(`
      create function billing_audit.meanwhile() returns trigger language plpgsql as $$
      begin
        perform public.billing_audit_append('${JSON.stringify({ events: [event('a:3', { sheet_id: '3', changed_by: ana })] })}');
        return null;
      end $$;
      create trigger meanwhile after insert on billing_audit.erasures
        for each row execute function billing_audit.meanwhile()`);
    expect(await erase()).toMatchObject({ events: 3 });
    expect(await sealed.store.event('a:3')).toMatchObject({ changed_by: ana });
    expect((await sealed.check()).findings).toEqual([]);
    await sealed.tamper(`drop trigger meanwhile on billing_audit.erasures; drop function billing_audit.meanwhile()`);
    expect(await erase()).toMatchObject({ events: 1 });
    expect((await sealed.check()).findings).toEqual([]);
  });

  it('says first what it would erase, and erases nothing unless told to', async () => {
    expect(await rpc('erase', { person: ana, ...keeper })).toMatchObject({ erasure_id: null, events: 3 });
    expect(await sealed.store.event('a:1')).toMatchObject({ new_value: 'her word' });
  });

  it('gives evidence that the second verifier accepts, erased values and all', async () => {
    await erase();
    await sealed.seal();
    const place = join(sealed.folder, 'bundle');
    await writeEvidence(
      { from: null, to: null, sheets: [] },
      {
        book: sealed.book,
        files: bundleFilesAt(place, Date.now()),
        views: [],
        keys: sealed.keys.trusted(),
        practice: false,
        inForce: (hashes) => sealed.store.inForce(hashes),
        verifier: readFileSync(PROGRAM, 'utf8'),
        now: Date.now,
      },
    );
    const { status, stdout } = spawnSync('python3', [PROGRAM, place], { encoding: 'utf8' });
    expect([status, stdout]).toEqual([0, expect.stringMatching(/[2-9] with erased values/)]);
  });

  it.each([
    ['nobody', { by: '' }, 'BA005'],
    ['a manager', { role: 'manager' }, 'BA005'],
    ['no reason', { reason: ' ' }, 'BA001'],
  ])('is refused to %s', async (_who, more, sqlstate) => {
    await expect(erase(more)).rejects.toMatchObject({ sqlstate });
    expect(await sealed.store.event('a:1')).toMatchObject({ new_value: 'her word' });
  });
});

describe('values that are gone otherwise', () => {
  it('are found when they were simply deleted', async () => {
    await sealed.tamper(`delete from billing_audit.event_payloads where event_key = 'b:1'`);
    const { ok, findings } = await sealed.check();
    expect(ok).toBe(false);
    expect(findings).toMatchObject([{ kind: 'payload_missing', place: { stream: 'sheet:1', seq: 2 } }]);
  });

  it('are found when an erasure was made up for them that does not stand in the trail', async () => {
    await sealed.tamper(`
      insert into billing_audit.erasures (reason, erased_by, erased_at, events) values ('x', 'x', now(), 1);
      insert into billing_audit.erased_events select stream, seq, (select max(id) from billing_audit.erasures)
        from billing_audit.event_payloads where event_key = 'b:1';
      delete from billing_audit.event_payloads where event_key = 'b:1'`);
    expect((await sealed.check()).findings).toMatchObject([{ kind: 'payload_missing' }]);
  });

  it('are found when they were slipped into an erasure that was real', async () => {
    await erase();
    await sealed.tamper(`
      insert into billing_audit.erased_events select stream, seq, (select max(id) from billing_audit.erasures)
        from billing_audit.event_payloads where event_key = 'b:1';
      delete from billing_audit.event_payloads where event_key = 'b:1'`);
    expect((await sealed.check()).findings).toMatchObject([{ kind: 'payload_missing' }]);
  });
});

describe('a legal hold', () => {
  it.each([
    ['on everything', {}],
    ['on the person', { person: 'Ana@example.com' }],
    ['on a sheet where she changed something', { sheet_id: '2' }],
    ['on the time', { from: '2026-01-05T00:00:00.000Z', to: '2026-01-06T00:00:00.000Z' }],
  ])('%s forbids to erase until it is released, and both stand in the trail', async (_what, scope) => {
    const { hold } = await rpc('hold', { ...keeper, ...scope, reason: 'Case 12' });
    await expect(erase()).rejects.toMatchObject({
      sqlstate: 'BA013',
      message: expect.stringContaining('Case 12') as string,
    });
    expect(await sealed.store.event('a:1')).toMatchObject({ new_value: 'her word' });
    await rpc('release_hold', { ...keeper, hold_id: (hold as { id: string }).id });
    expect(await rpc('holds', {})).toEqual({ holds: [] });
    await erase();
    for (const kind of ['legal_hold_set', 'legal_hold_released', 'payloads_erased']) {
      expect((await sealed.store.search({ kind })).events).toHaveLength(1);
    }
    expect(await sealed.check()).toMatchObject({ ok: true });
  });

  it('on the person, and what they did as an administrator, stay told after an erasure', async () => {
    const { hold } = await rpc('hold', { ...keeper, person: ana, reason: 'Case 13' });
    await rpc('release_hold', { ...keeper, by: ana, hold_id: (hold as { id: string }).id });
    await erase();
    const [set] = (await sealed.store.search({ kind: 'legal_hold_set' })).events;
    expect(set).toMatchObject({ changed_by: 'Kim', values: { person: ana } });
    expect((await sealed.store.search({ kind: 'legal_hold_released' })).events).toMatchObject([{ changed_by: ana }]);
    const removed = (await sealed.store.search({ kind: 'person_removed' })).events;
    expect(removed).toMatchObject([{ changed_by: 'Kim' }]);
    expect(await sealed.check()).toMatchObject({ ok: true });
  });

  it('on something else forbids nothing', async () => {
    await rpc('hold', { ...keeper, sheet_id: '9' });
    await rpc('hold', { ...keeper, person: 'else@example.com' });
    expect(await erase()).toMatchObject({ events: 3 });
  });

  it('is released once, and only one that is there', async () => {
    const { hold } = await rpc('hold', keeper);
    const release = (hold_id: string): Promise<unknown> => rpc('release_hold', { ...keeper, hold_id });
    await release((hold as { id: string }).id);
    await expect(release((hold as { id: string }).id)).rejects.toMatchObject({ sqlstate: 'BA014' });
    await expect(release('77777')).rejects.toMatchObject({ sqlstate: 'BA014' });
  });
});
