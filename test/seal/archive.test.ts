import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  checkNew,
  checkTrail,
  readArchive,
  type ArchiveFile,
  type TrailReport,
  type TrailSource,
  type Verified,
} from '../../lib/seal';
import type { Archived } from '../../server/archive';
import { bundleFilesAt, writeEvidence, writeOcsf } from '../../server/export';
import { event } from '../store/examples';
import { describeOnPostgres } from '../support/postgres';
import { buildStoreWorker } from '../support/store';
import { archiveOf, partsOf, python, recordedAt } from './archiving';
import { openSealedPostgres, openSealedStore, type SealedStore } from './sealed-store';

jest.setTimeout(300_000);
const ana = 'ana@example.com';
const keeper = { by: 'Kim', role: 'admin', reason: 'It is old.' };

let sealed: SealedStore;

const rpc = (name: string, p: object): Promise<Record<string, unknown>> =>
  sealed.driver.rpc(`billing_audit_${name}`, p) as Promise<Record<string, unknown>>;

/** January and February of 2026 on two sheets, an erasure, and today. */
async function fill(byMonth: boolean): Promise<void> {
  await recordedAt(sealed, '2026-01-15T12:00:00Z', async () => {
    if (byMonth) expect(await rpc('make_months', {})).toMatchObject({ made: ['2026-01', '2026-02', '2026-03'] });
    await sealed.store.append([
      event('jan:1', { risk_score: 0.9, severity: 'HIGH', violation_type: 'HISTORICAL_CHANGE' }),
      event('jan:2', { changed_by: ana }),
      event('jan:3', { sheet_id: '7', new_value: 'of another sheet' }),
    ]);
  });
  await recordedAt(sealed, '2026-02-15T12:00:00Z', () =>
    sealed.store.append([event('feb:1', { changed_by: ana }), event('feb:2')]),
  );
  await rpc('erase', { person: ana, ...keeper, dry_run: false });
  await sealed.store.append([event('today:1')]);
  // Of one of each time somebody was told.
  await rpc('save_alert_rule', {
    ...{ rule_id: 'told', recipients: [], risk_from: 0, severity_from: 'LOW', mails_per_hour: 10, group_minutes: 15 },
    ...{ frame: {}, at: '2026-01-01T00:00:00Z' },
  });
  await sealed.driver.transaction([
    {
      sql: `insert into billing_audit.alerts (event_key, recipient, rule_id, stream, seq, severity, always, why, raised_at)
            select event_key, '', 'told', stream, seq, 'HIGH', true, '[]', now() from billing_audit.event_keys
            where event_key in ('jan:1', 'today:1')`,
    },
  ]);
}

const check = async (archives: readonly ArchiveFile[] = []): Promise<TrailReport> =>
  checkTrail({ source: sealed.book, trusted: sealed.keys.trusted(), anchors: [], archives });

const archive = (month: string, name: string, remove = true): Promise<Archived> =>
  archiveOf(sealed, month, name, { remove });

const bundle = async (name: string): Promise<string> => {
  const place = join(sealed.folder, name);
  await writeEvidence(
    { from: null, to: null, sheets: [] },
    { ...partsOf(sealed), files: bundleFilesAt(place, Date.now()) },
  );
  return place;
};

/** The months that have partitions. */
const months = async (): Promise<readonly string[]> => {
  const sql = `select right(inhrelid::regclass::text, 7) as month from pg_inherits
    where inhparent = 'billing_audit.audit_events'::regclass order by 1`;
  return (await sealed.driver.transaction([{ sql, parameters: [] }])).map(({ month }) => String(month));
};

function archiving(open: () => Promise<SealedStore>, byMonth = false): void {
  let verified: Verified;

  beforeAll(async () => {
    sealed = await open();
    await fill(byMonth);
  });
  afterAll(() => sealed.close());

  it('refuses what is not sealed, not over, not the next, or no month, and says what to do', async () => {
    await expect(archive('2026-01', 'early.zip')).rejects.toMatchObject({
      sqlstate: 'BA015',
      message: expect.stringContaining('not sealed') as string,
    });
    await sealed.seal();
    verified = (await check()).verified as Verified;
    const now = new Date().toISOString().slice(0, 7);
    await expect(archive(now, 'now.zip')).rejects.toMatchObject({
      sqlstate: 'BA015',
      message: expect.stringContaining('not over') as string,
    });
    await expect(archive('2026-02', 'feb.zip')).rejects.toMatchObject({
      sqlstate: 'BA015',
      hint: expect.stringContaining('archive 2026-01 first') as string,
    });
    await expect(archive('2025-12', 'dec.zip')).rejects.toMatchObject({
      sqlstate: 'BA015',
      message: expect.stringContaining('Nothing of 2025-12') as string,
    });
    await expect(archive('2026-13', 'no.zip')).rejects.toMatchObject({ sqlstate: 'BA001' });
    await expect(rpc('archive', { month: '2026-01', by: 'Eve', role: 'viewer', reason: 'x' })).rejects.toMatchObject({
      sqlstate: 'BA005',
    });
    expect(existsSync(join(sealed.folder, 'early.zip'))).toBe(false);
  });

  it('is refused by a legal hold on anything in it', async () => {
    const { hold } = (await rpc('hold', { sheet_id: '7', ...keeper })) as { hold: { id: string } };
    await expect(archive('2026-01', 'held.zip')).rejects.toMatchObject({ sqlstate: 'BA013' });
    await rpc('release_hold', { hold_id: hold.id, ...keeper });
  });

  it('only writes the file when that is all that is asked for', async () => {
    const { archive_id, events } = await archive('2026-01', 'copy.zip', false);
    expect([archive_id, events]).toEqual([null, 3]);
    expect(await check()).toMatchObject({ ok: true, archives: [] });
    // However large a month is: the same in the form of ZIP64.
    await archiveOf(sealed, '2026-01', 'large.zip', { remove: false, parts: { ...partsOf(sealed), zip64From: 0 } });
    expect(python(join(sealed.folder, 'large.zip')).code).toBe(0);
    expect(python(join(sealed.folder, 'copy.zip'))).toEqual({
      code: 0,
      told: expect.stringContaining('3 events, 0 of them') as string,
    });
    await expect(archive('2026-01', 'copy.zip', false)).rejects.toMatchObject({ code: 'bad_setting' });
    await expect(archive('2026-01', 'copy.tar', false)).rejects.toMatchObject({ code: 'bad_setting' });
  });

  it('takes a month out when the file holds it, and everything still verifies, with the file and without', async () => {
    const before = await rpc('overview', { days: 400 });
    const out = await archive('2026-01', 'jan.zip');
    expect(out).toMatchObject({ month: '2026-01', file: 'jan.zip', events: 3, archive_id: '1' });
    expect(await sealed.store.search({ event_key: 'jan:1' })).toMatchObject({
      events: [],
      archived: [{ month: '2026-01', file: 'jan.zip', sha256: out.sha256, events: 3 }],
    });
    expect(await check()).toMatchObject({
      ok: true,
      archives: [{ month: '2026-01', events: 3, by: 'Kim', reason: 'It is old.', read: false }],
    });
    if (byMonth) expect((await months()).slice(0, 2)).toEqual(['2026_02', '2026_03']);
    const file = await readArchive(join(sealed.folder, 'jan.zip'));
    expect(await check([file])).toMatchObject({ ok: true, archives: [{ read: true }], erasures: [{ events: 2 }] });
    expect(await rpc('verify', { stream: 'sheet:7' })).toEqual({ ok: true, checked: 0, first_bad_seq: null });
    const { code, told } = python(join(sealed.folder, 'jan.zip'));
    expect(code).toBe(0);
    expect(told).toMatch(/^NOTE .* a part of the trail: events \d+ to \d+ of \S+; .*events 1 to \d+ of sheet:7\b/m);
    // What counts and charts stays as it was, but for what nobody looked at before it left.
    const cards = (told: Record<string, unknown>): Record<string, unknown> => told['cards'] as Record<string, unknown>;
    const after = await rpc('overview', { days: 400 });
    expect(cards(after)['events']).toBe(cards(before)['events']);
    expect(cards(after)['look_at']).toBe(Number(cards(before)['look_at']) - 1);
    expect(after['histogram']).toEqual(before['histogram']);
  });

  it('stands in the trail, by whom and why, with the hash of the file', async () => {
    const { events } = await sealed.store.search({ kind: 'events_archived' });
    expect(events).toMatchObject([
      {
        changed_by: 'Kim',
        issue_description: expect.stringContaining('into jan.zip: It is old.') as string,
        values: { month: '2026-01', events: '3' },
      },
    ]);
  });

  it('shows no alert of it any more, and counts it still', async () => {
    const { alerts, unread, total } = await rpc('alerts', {});
    expect([unread, total]).toEqual([1, 2]);
    expect(alerts).toMatchObject([{ event_key: 'today:1', event: { new_value: '12' } }]);
  });

  it('never counts a change again whose event has left, and lets nobody mark it', async () => {
    const events = Number((await sealed.store.counts()).events);
    expect(await sealed.store.append([event('jan:1')])).toEqual([
      {
        event_key: 'jan:1',
        stream: 'sheet:4583173393803140',
        seq: 1,
        timestamp: '2026-01-15T12:00:00.000Z',
        is_new: false,
      },
    ]);
    expect((await sealed.store.counts()).events).toBe(events);
    const mark = { event_key: 'jan:1', mark: 'false_alarm', reason: 'x', by: 'Kim', role: 'admin' };
    await expect(rpc('mark', mark)).rejects.toMatchObject({ sqlstate: 'BA016' });
  });

  it('says with the last page of a search which months may hold more', async () => {
    const archived = async (query: object): Promise<unknown> => (await sealed.store.search(query)).archived;
    expect(await archived({ sheet_id: '7' })).toMatchObject([{ month: '2026-01' }]);
    expect(await archived({ sheet_id: '99' })).toEqual([]);
    expect(await archived({ recorded_from: '2026-02-01T00:00:00Z' })).toEqual([]);
    expect(await archived({ from: '2026-06-01T00:00:00Z' })).toEqual([]);
    expect(await archived({ event_key: 'feb:2' })).toEqual([]);
    expect((await sealed.store.search({ limit: 1 })).archived).toEqual([]);
    // Its pages do not lead up to what is old, or the old was asked for.
    expect(await archived({ limit: 1, order: 'delta' })).toMatchObject([{ month: '2026-01' }]);
    expect(await archived({ limit: 1, from: '2026-01-01T00:00:00Z' })).toMatchObject([{ month: '2026-01' }]);
  });

  it('goes on: new events, a check of what is new, a whole bundle that an outsider checks, and the next month', async () => {
    const since = (): ReturnType<typeof checkNew> =>
      checkNew({ book: sealed.book, trusted: sealed.keys.trusted(), since: verified });
    expect(await since()).toMatchObject({ ok: true });
    await sealed.append(3, '7');
    await sealed.seal();
    expect(await since()).toMatchObject({ ok: true });
    const whole = python(await bundle('whole'));
    expect(whole).toEqual({
      code: 0,
      told: expect.stringContaining('Archived: 3 events of 2026-01, in jan.zip') as string,
    });
    // The next month leaves while somebody checks.
    const { book } = sealed;
    let leaving: Promise<Archived> | null = null;
    const during: TrailSource = {
      state: () => book.state(),
      heads: () => book.heads(),
      archives: () => book.archives(),
      holds: () => book.holds(),
      allLeaves: () => book.allLeaves(),
      allCheckpoints: () => book.allCheckpoints(),
      inForce: (hashes) => book.inForce(hashes),
      allEvents: async function* () {
        if (leaving === null) await (leaving = archive('2026-02', 'feb.zip'));
        yield* book.allEvents();
      },
    };
    expect(await checkTrail({ source: during, trusted: sealed.keys.trusted(), anchors: [] })).toMatchObject({
      ok: true,
      archives: [{ month: '2026-01' }, { month: '2026-02' }],
    });
    await sealed.seal();
    const files = await Promise.all(['feb.zip', 'jan.zip'].map((name) => readArchive(join(sealed.folder, name))));
    const read = [
      { month: '2026-01', read: true },
      { month: '2026-02', read: true },
    ];
    expect(await check(files)).toMatchObject({ ok: true, archives: read });
    expect(python(await bundle('later.zip')).code).toBe(0);
    // A check that had gone as far as before the archive goes on behind it.
    expect(await since()).toMatchObject({ ok: true });
  });

  it('tells whoever sends events to a SIEM which months had left before they were sent', async () => {
    const { origin } = await sealed.book.state();
    const sent = async (streams: Record<string, number>): Promise<readonly string[]> => {
      const missed: string[] = [];
      const cursor = { form: 1 as const, origin, streams };
      const onArchived = ({ month }: { readonly month: string }): void => void missed.push(month);
      const nothing = (): Promise<void> => Promise.resolve();
      await writeOcsf({ book: sealed.book, cursor, version: '1', write: nothing, keep: nothing, onArchived });
      return missed;
    };
    expect(await sent({})).toEqual(['2026-01', '2026-02']);
    expect(await sent({ 'sheet:4583173393803140': 2, 'sheet:7': 1 })).toEqual(['2026-02']);
    expect(await sent({ 'sheet:4583173393803140': 4, 'sheet:7': 1 })).toEqual([]);
  });

  it('keeps what is counted: rollups are not made anew from less', async () => {
    const anew = sealed.driver.transaction([{ sql: 'call billing_audit.rebuild_rollups()' }]);
    await expect(anew).rejects.toMatchObject({ message: expect.stringContaining('months were archived') as string });
  });

  it('names a file that is another, and one that is no archive', async () => {
    const altered = readFileSync(join(sealed.folder, 'jan.zip'));
    altered[altered.length - 1] = (altered.at(-1) ?? 0) ^ 1;
    writeFileSync(join(sealed.folder, 'altered.zip'), altered);
    const copy = await readArchive(join(sealed.folder, 'copy.zip'));
    const found = await check([copy]);
    expect(found.findings).toMatchObject([
      { kind: 'archive_differs', text: expect.stringContaining('is not the file of any archive') as string },
    ]);
    writeFileSync(join(sealed.folder, 'none.zip'), 'nothing');
    await expect(readArchive(join(sealed.folder, 'none.zip'))).rejects.toMatchObject({ code: 'archive_unreadable' });
    await expect(readArchive(join(sealed.folder, 'gone.zip'))).rejects.toMatchObject({ code: 'archive_unreadable' });
  });

  it('is no way to take events away: the guard says no, and whoever goes round it is found', async () => {
    const away = `delete from billing_audit.audit_events where event_key = 'today:1'`;
    await expect(sealed.driver.transaction([{ sql: away }])).rejects.toMatchObject({
      message: expect.stringContaining('append-only') as string,
    });
    const [place] = await sealed.driver.transaction([
      {
        sql: `select stream, seq::text as seq from billing_audit.event_keys where event_key = 'today:1'`,
        parameters: [],
      },
    ]);
    const name = `${String(place?.['seq'])} of ${String(place?.['stream'])}`;
    // An archive that the trail knows nothing of, whose span the guard then believes.
    await sealed.tamper(`
      insert into billing_audit.archives (month, file, sha256, events, first_changed_at, last_changed_at, reason, archived_by, archived_at)
      values ('2026-03-01', 'mar.zip', repeat('0', 64), 1, now(), now(), 'x', 'Eve', now());
      insert into billing_audit.archived_spans (stream, first_seq, last_seq, last_hash, archive_id)
      select e.stream, e.seq, e.seq, e.hash, (select max(id) from billing_audit.archives) from billing_audit.audit_events as e
      where e.event_key = 'today:1';
      delete from billing_audit.event_payloads where event_key = 'today:1';
      delete from billing_audit.audit_events where event_key = 'today:1'`);
    const { ok, findings } = await check();
    expect([ok, findings.map(({ text }) => text).join('\n')]).toEqual([false, expect.stringContaining(name) as string]);
    expect(findings.map(({ text }) => text).join('\n')).toContain('the trail says nothing of it');
  });
}

describe('archiving a month', () => {
  describe('of the embedded store', () => archiving(() => openSealedStore(buildStoreWorker())));
  describeOnPostgres('of PostgreSQL, as no superuser', () => {
    describe('by rows, where the rest took them', () => archiving(openSealedPostgres));
    describe('with its partition', () => archiving(openSealedPostgres, true));
  });
});
