import { Client } from 'pg';
import { checkGuards, expectedGuards, type Guards } from '../../lib/store';
import { event } from '../store/examples';
import { describeOnPostgres, warnWithoutPostgres } from '../support/postgres';
import { buildStoreWorker, migrations } from '../support/store';
import { archiveOf, recordedAt } from './archiving';
import { openSealedPostgres, type SealedStore } from './sealed-store';

warnWithoutPostgres('months that are not as they should be were not tried.');
jest.setTimeout(120_000);

type Sealed = SealedStore & { readonly url: string };
const JANUARY = '2026-01-15T12:00:00Z';

describeOnPostgres('months that are not as they should be', () => {
  let sealed: Sealed;
  let wanted: Guards;
  const rows = (sql: string): Promise<readonly Record<string, unknown>[]> =>
    sealed.driver.transaction([{ sql, parameters: [] }]);
  const make = (): Promise<unknown> => sealed.driver.rpc('billing_audit_make_months', {});
  const archivable = (month: string): Promise<unknown> => sealed.driver.rpc('billing_audit_archivable', { month });
  const findings = async (): Promise<readonly string[]> =>
    (await checkGuards(sealed.driver, wanted)).findings.map(({ text }) => text);

  beforeAll(async () => {
    wanted = await expectedGuards({ workerPath: buildStoreWorker(), migrations });
  });
  /** January, February and March are there, with events in January and today. */
  beforeEach(async () => {
    sealed = await openSealedPostgres();
    await recordedAt(sealed, JANUARY, async () => {
      await make();
      await sealed.append(4);
    });
    await sealed.append(2);
    await sealed.seal();
    expect(await findings()).toEqual([]);
  });
  afterEach(() => sealed.close());

  it('are not archived before they are over, also by a clock that is behind, and not twice', async () => {
    const refused = (said: RegExp): object => ({ sqlstate: 'BA015', message: expect.stringMatching(said) as string });
    const now = new Date().toISOString().slice(0, 7);
    await expect(archivable(now)).rejects.toMatchObject(refused(/is not over/));
    await recordedAt(sealed, '2026-01-31T23:59:59.999Z', async () => {
      await expect(archivable('2026-01')).rejects.toMatchObject(refused(/2026-01 is not over/));
      await expect(archivable('2025-12')).rejects.toMatchObject(refused(/Nothing of 2025-12 or before/));
    });
    await archiveOf(sealed, '2026-01', 'jan.zip');
    await expect(archivable('2026-01')).rejects.toMatchObject(refused(/Nothing of 2026-01 or before/));
  });

  it('are made and archived by nobody who may not', async () => {
    const gate = new Client({ connectionString: sealed.url.replace(/user=[^&]*/, 'user=gate') });
    await gate.connect();
    for (const role of ['anon', 'authenticated']) {
      await gate.query(`set role ${role}`);
      for (const call of [`billing_audit_make_months('{}')`, `billing_audit_archive('{}')`]) {
        await expect(gate.query(`select public.${call}`)).rejects.toMatchObject({ code: '42501' });
      }
      await gate.query('reset role');
    }
    await gate.end();
  });

  it('say in words that they cannot be made, where the owner may not make tables any more', async () => {
    await rows('revoke create on schema billing_audit from migrator; alter schema billing_audit owner to super');
    await recordedAt(sealed, '2026-06-15T12:00:00Z', () =>
      expect(make()).rejects.toMatchObject({
        sqlstate: '42501',
        message: expect.stringContaining('billing_audit') as string,
      }),
    );
    await sealed.append(1);
    expect(await sealed.check()).toMatchObject({ ok: true });
  });

  /** Of February 2031 the partition of values is not there, and three events are recorded in it. */
  const halfMade = async (): Promise<void> => {
    await recordedAt(sealed, '2031-01-10T12:00:00Z', make);
    await rows('drop table billing_audit.event_payloads_2031_02');
    expect(await findings()).toEqual([
      'The partition audit_events_2031_02 is half a month: there is no event_payloads_2031_02 beside it.',
    ]);
    await recordedAt(sealed, '2031-02-10T12:00:00Z', () => sealed.append(3, '9'));
    await sealed.seal();
  };

  it('are told and made whole when they are half made, and values that came meanwhile move too', async () => {
    await halfMade();
    await recordedAt(sealed, '2031-02-11T12:00:00Z', async () => {
      expect(await make()).toEqual({ made: ['2031-02', '2031-04'] });
    });
    expect(await findings()).toEqual([]);
    const rest = `select from billing_audit.event_payloads_rest where recorded_at >= '2031-01-01'`;
    expect(await rows(rest)).toHaveLength(0);
    await sealed.seal();
    expect(await sealed.check()).toMatchObject({ ok: true, unsealed: 0 });
  });

  it('are moved into again when they are lost again, and the trail tells of each time', async () => {
    await halfMade();
    await recordedAt(sealed, '2031-02-11T12:00:00Z', make);
    await rows('drop table billing_audit.audit_events_2031_03, billing_audit.event_payloads_2031_03');
    for (const day of ['2031-03-10', '2031-03-20']) {
      await recordedAt(sealed, `${day}T12:00:00Z`, () => sealed.append(1, '9'));
      await recordedAt(sealed, `${day}T13:00:00Z`, make);
      if (day === '2031-03-10') await rows('drop table billing_audit.event_payloads_2031_03');
    }
    const told = `select event_key from billing_audit.audit_events where kind = 'events_moved' order by seq`;
    expect((await rows(told)).map(({ event_key: key }) => key)).toEqual([
      'month:2031-02:moved:2031-02-11T12:00:00.000Z',
      'month:2031-03:moved:2031-03-10T13:00:00.000Z',
      'month:2031-03:moved:2031-03-20T13:00:00.000Z',
    ]);
  });

  it('are made, moved into and archived without an alarm where DDL is noted', async () => {
    await rows(`create event trigger billing_audit_ddl on ddl_command_end execute function billing_audit.note_ddl();
      create event trigger billing_audit_drop on sql_drop execute function billing_audit.note_ddl()`);
    await recordedAt(sealed, '2031-05-10T12:00:00Z', async () => {
      await sealed.append(2, '9');
      expect(await make()).toEqual({ made: ['2031-05', '2031-06', '2031-07'] });
    });
    await archiveOf(sealed, '2026-01', 'jan.zip');
    const { changes, others } = await checkGuards(sealed.driver, wanted);
    expect(changes.map(({ command }) => command)).toEqual(expect.arrayContaining(['CREATE TABLE', 'DROP TABLE']));
    // The clock was set by hand.
    expect(others.filter(({ object }) => object !== 'billing_audit.clock()')).toEqual([]);
  });

  it('leave by rows when they are half made', async () => {
    await halfMade();
    await recordedAt(sealed, '2031-04-01T12:00:00Z', async () => {
      for (const month of ['2026-01', new Date().toISOString().slice(0, 7), '2031-02']) {
        await archiveOf(sealed, month, `${month}.zip`);
      }
    });
    const left = `select from billing_audit.event_payloads where stream <> 'keeping'`;
    expect(await rows(left)).toHaveLength(0);
    await sealed.seal();
    const archives = [{ events: 4 }, { events: 2 }, { events: 3 }];
    expect(await sealed.check()).toMatchObject({ ok: true, unsealed: 0, archives });
  });

  it.each([
    ['of events', 'audit_events'],
    ['of values', 'event_payloads'],
  ])('are found when a partition %s was detached, and nothing is archived', async (_, table) => {
    await rows(`alter table billing_audit.${table} detach partition billing_audit.${table}_2026_01`);
    expect(await findings()).toEqual(expect.arrayContaining([`The table ${table}_2026_01 is none of ours.`]));
    expect(await sealed.check()).toMatchObject({ ok: false });
    await expect(archiveOf(sealed, '2026-01', 'jan.zip')).rejects.toMatchObject({
      message: expect.stringMatching(/does not verify|are gone, and no erasure|Nothing of 2026-01/) as string,
    });
    await recordedAt(sealed, JANUARY, async () => {
      expect(await make()).toEqual({ made: [] });
      await sealed.append(1);
    });
    await rows(`alter table billing_audit.${table} detach partition billing_audit.${table}_2026_03`);
    await recordedAt(sealed, '2026-03-01T12:00:00Z', async () => {
      expect(await make()).toEqual({ made: ['2026-04', '2026-05'] });
    });
  });

  it('are found when a partition was dropped', async () => {
    await rows(`drop table billing_audit.event_payloads_2026_01, billing_audit.audit_events_2026_01`);
    expect(await sealed.check()).toMatchObject({ ok: false, found: expect.any(Number) as number });
    await expect(archivable('2026-01')).rejects.toMatchObject({ sqlstate: 'BA015' });
  });

  it.each([
    ['of another name', 'audit_events_mine', ['2026-05']],
    ['that takes other days than its name says', 'audit_events_2026_06', ['2026-05', '2026-06']],
  ])('are told when there is one %s, and the others are made', async (_, name, made) => {
    await rows(`set local timezone to 'UTC'; set local role migrator; create table billing_audit.${name} partition of billing_audit.audit_events for values from ('2026-06-20') to ('2026-07-03');
      call billing_audit.guard_partition('billing_audit.${name}', true); call billing_audit.protect_table('billing_audit.${name}')`);
    expect(await findings()).toContainEqual(
      expect.stringMatching(new RegExp(`The partition ${name} is no month of ours: it takes .*2026-06-20.*2026-07-03`)),
    );
    await recordedAt(sealed, '2026-05-15T12:00:00Z', async () => expect(await make()).toEqual({ made }));
  });

  it('keep their indexes: one of them alone cannot be dropped', async () => {
    const sql = `select indexrelid::regclass::text as name from pg_index where indrelid = 'billing_audit.audit_events_2026_01'::regclass`;
    for (const { name } of await rows(sql)) {
      await expect(rows(`drop index ${String(name)}`)).rejects.toMatchObject({ sqlstate: '2BP01' });
    }
  });

  it('are not archived while a hold covers one event of them, in whatever partition it lies', async () => {
    await recordedAt(sealed, JANUARY, () => sealed.store.append([event('held', { sheet_id: '777' })]));
    await sealed.seal();
    const keeper = { by: 'Kim', role: 'admin', reason: 'A court asks.' };
    await sealed.driver.rpc('billing_audit_hold', { sheet_id: '777', ...keeper });
    await expect(archiveOf(sealed, '2026-01', 'jan.zip')).rejects.toMatchObject({ sqlstate: 'BA013' });
  });
});
