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
    const tables = await sealed.driver.transaction([
      {
        sql: `select relname as name from pg_class where relnamespace = 'billing_audit'::regnamespace and relkind = 'r'`,
        parameters: [],
      },
    ]);
    for (const { name } of tables) {
      const sql = `select count(*)::integer as found from billing_audit.${String(name)} as t where t::text ilike '%ana@example.com%'`;
      const [row] = await sealed.driver.transaction([{ sql, parameters: [] }]);
      expect([name, row?.['found']]).toEqual([name, 0]);
    }
  });

  it('says first what it would erase, and erases nothing unless told to', async () => {
    expect(await rpc('erase', { person: ana, ...keeper })).toMatchObject({ erasure_id: null, events: 2 });
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

  it('on something else forbids nothing', async () => {
    await rpc('hold', { ...keeper, sheet_id: '9' });
    await rpc('hold', { ...keeper, person: 'else@example.com' });
    expect(await erase()).toMatchObject({ events: 2 });
  });

  it('is released once, and only one that is there', async () => {
    const { hold } = await rpc('hold', keeper);
    const release = (hold_id: string): Promise<unknown> => rpc('release_hold', { ...keeper, hold_id });
    await release((hold as { id: string }).id);
    await expect(release((hold as { id: string }).id)).rejects.toMatchObject({ sqlstate: 'BA014' });
    await expect(release('77777')).rejects.toMatchObject({ sqlstate: 'BA014' });
  });
});
