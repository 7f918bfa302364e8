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
