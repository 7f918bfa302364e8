import { checkNew, checkTrail, viewsOf, type NewReport, type Verified } from '../../lib/seal';
import { buildStoreWorker } from '../support/store';
import { openSealedStore, type SealedStore } from './sealed-store';

jest.setTimeout(300_000);
let sealed: SealedStore;
beforeAll(async () => {
  sealed = await openSealedStore(buildStoreWorker());
  await sealed.append(5, '1');
  await sealed.append(3, '2');
  await sealed.seal();
  await sealed.append(2, '1');
});
afterAll(() => sealed.close());

const whole = async (): Promise<Verified> => {
  const { views } = await viewsOf([], sealed.keys);
  const report = await checkTrail({ source: sealed.book, trusted: sealed.keys.trusted(), anchors: views });
  expect(report.ok).toBe(true);
  return report.verified as Verified;
};
const since = (verified: Verified): Promise<NewReport> =>
  checkNew({ book: sealed.book, trusted: sealed.keys.trusted(), since: verified });

describe('a check of what is new', () => {
  let first: Verified;

  it('looks at what came since the last one, seals and key changes included, and goes on from itself', async () => {
    first = await whole();
    expect(first).toMatchObject({ size: 8, streams: { 'sheet:1': { seq: 5 }, 'sheet:2': { seq: 3 } } });
    expect(await since(first)).toMatchObject({ ok: true, events: 2, unsealed: 2, from: 8, sealed: 8 });
    await sealed.append(4, '3');
    await sealed.seal();
    await sealed.append(1, '2');
    const second = await since(first);
    expect(second).toMatchObject({ ok: true, events: 7, unsealed: 1, sealed: 14, checkpoints: 1 });
    expect(second.verified).toEqual(await whole());
    expect(await since(second.verified as Verified)).toMatchObject({ ok: true, events: 1, unsealed: 1, from: 14 });
  });

  it('names an older log that is shorter, another log, and a checkpoint that is not what was verified', async () => {
    const now = await whole();
    expect((await since({ ...now, size: 99 })).findings).toMatchObject([{ kind: 'tail_cut' }]);
    expect((await since({ ...now, origin: 'other' })).findings).toMatchObject([{ kind: 'other_log' }]);
    const other = { ...now, checkpoint: { ...now.checkpoint, note: 'another' } };
    expect((await since(other)).findings).toMatchObject([{ kind: 'checkpoint_missing' }]);
    const bent = { ...first, frontier: first.frontier.replace(/^../, (two) => (two === '00' ? '11' : '00')) };
    expect((await since(bent)).findings.map(({ kind }) => kind)).toContain('root_differs');
  });

  it.each<[string, string, object]>([
    [
      'columns',
      `update billing_audit.audit_events set severity = 'HIGH' where stream = 'sheet:3' and seq = 2`,
      { kind: 'columns_altered', place: { stream: 'sheet:3', seq: 2 } },
    ],
    [
      'the head of a chain with nothing new',
      `update billing_audit.streams set head = sha256(head) where stream = 'sheet:1'`,
      { kind: 'chain_broken', place: { stream: 'sheet:1', seq: 7 } },
    ],
    [
      'an event that was sealed and is gone',
      `delete from billing_audit.event_payloads where stream = 'sheet:3' and seq = 4; delete from billing_audit.audit_events where stream = 'sheet:3' and seq = 4`,
      { kind: 'event_missing', place: { stream: 'sheet:3', seq: 4 } },
    ],
  ])('names %s', async (_, sql, finding) => {
    await sealed.tamper(sql);
    const { ok, findings, verified } = await since(first);
    expect([ok, verified]).toEqual([false, null]);
    expect(findings).toContainEqual(expect.objectContaining(finding));
  });
});

// No foreign key stands between the tables of the trail: what the database does not refuse must be named here.
it('a check of all names a payload without its event, and an event without the head of its chain', async () => {
  await sealed.tamper(`
    insert into billing_audit.event_payloads (stream, seq, event_key, salt, payload, changed_at)
      select 'sheet:2', 99, 'stray:payload', salt, payload, changed_at from billing_audit.event_payloads where stream = 'sheet:2' and seq = 1;
    delete from billing_audit.streams where stream = 'sheet:2';`);
  const { views } = await viewsOf([], sealed.keys);
  const { ok, findings } = await checkTrail({ source: sealed.book, trusted: sealed.keys.trusted(), anchors: views });
  expect(ok).toBe(false);
  const text = 'The payload or key of "stray:payload" belongs to no event: the event is gone.';
  expect(findings).toContainEqual({ kind: 'stray', place: {}, text });
  const place = { stream: 'sheet:2', seq: 3 };
  expect(findings).toContainEqual(expect.objectContaining({ kind: 'chain_broken', place }));
});
