import { existsSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { changeSealKey, checkTrail, openSealKeys, readCheckpoint, sealNext, signersOf } from '../../lib/seal';
import { buildStoreWorker } from '../support/store';
import { SealedStores, type SealedStore } from './sealed-store';

const workerPath = buildStoreWorker();
let sealed: SealedStore;

const stores = new SealedStores(workerPath);
beforeEach(async () => {
  sealed = await stores.next();
});
afterEach(() => sealed.close());
afterAll(() => stores.close());

const lastNote = async (): Promise<string> => (await sealed.book.state()).checkpoint?.note ?? '';

describe('sealing', () => {
  it('makes every committed event of all streams a leaf, once and without a gap, and signs the head', async () => {
    await sealed.append(3, '1');
    await sealed.append(2, '2');
    await sealed.append(1, '1');
    expect(await sealed.book.state()).toMatchObject({ size: 0, unsealed: 6, checkpoint: null });
    expect(await sealed.seal()).toBe(6);
    const leaves = await sealed.book.leaves(0, 100);
    expect(leaves.map(({ leaf_index, stream, seq }) => [leaf_index, stream, seq])).toEqual([
      [0, 'sheet:1', 1],
      [1, 'sheet:1', 2],
      [2, 'sheet:1', 3],
      [3, 'sheet:2', 1],
      [4, 'sheet:2', 2],
      [5, 'sheet:1', 4],
    ]);
    const state = await sealed.book.state();
    expect(state).toMatchObject({ size: 6, unsealed: 0, oldest_unsealed_at: null });
    const found = readCheckpoint(await lastNote());
    expect(found).toMatchObject({ origin: state.origin, size: 6 });
    expect(signersOf(found.note, [sealed.keys.current(state.origin)])).toHaveLength(1);
    expect(await sealed.seal()).toBe(0);
    expect(await sealed.check()).toMatchObject({ ok: true, events: 6, sealed: 6, unsealed: 0, checkpoints: 1 });
  });

  it('never puts more than a thousand events under one checkpoint', async () => {
    await sealed.append(1300);
    expect(await sealed.seal()).toBe(1300);
    const sizes: number[] = [];
    for await (const page of sealed.book.allCheckpoints()) sizes.push(...page.map(({ tree_size }) => tree_size));
    expect(sizes).toEqual([1000, 1300]);
    expect(await sealed.check()).toMatchObject({ ok: true, events: 1300 });
  });

  it('makes one history of two that seal at once: the second is refused and nothing of it is kept', async () => {
    await sealed.append(5);
    const turn = () => sealNext({ book: sealed.book, keys: sealed.keys, now: Date.now });
    const settled = await Promise.allSettled([turn(), turn(), turn()]);
    const refused = settled.flatMap((one) => (one.status === 'rejected' ? [one.reason as { sqlstate: string }] : []));
    expect(refused.map(({ sqlstate }) => sqlstate)).toEqual(refused.map(() => 'BA011'));
    expect(await sealed.book.state()).toMatchObject({ size: 5, unsealed: 0 });
    expect(await sealed.check()).toMatchObject({ ok: true, sealed: 5, checkpoints: 1 });
  });

  it('signs no event that was altered before it was sealed, seals the other chains, and says which', async () => {
    await sealed.append(3, '1');
    await sealed.append(2, '2');
    await sealed.tamper(
      `update billing_audit.audit_events set preimage = replace(preimage, 'LOW', 'HIGH') where stream = 'sheet:1' and seq = 2`,
    );
    const turn = await sealNext({ book: sealed.book, keys: sealed.keys, now: Date.now });
    expect(turn).toMatchObject({ sealed: 3, refused: [{ stream: 'sheet:1', seq: 2 }] });
    expect(await sealed.book.state()).toMatchObject({ unsealed: 2 });
  });

  it.each([
    `update billing_audit.tree_leaves set seq = 9`,
    `delete from billing_audit.tree_leaves`,
    `truncate billing_audit.tree_leaves`,
    `update billing_audit.checkpoints set note = 'x'`,
    `delete from billing_audit.checkpoints`,
    `set local session_replication_role = replica; delete from billing_audit.checkpoints`,
  ])('is refused to be altered, to the owner of the tables too: %s', async (sql) => {
    await sealed.append(1);
    await sealed.seal();
    await expect(sealed.driver.transaction([{ sql }])).rejects.toMatchObject({ sqlstate: 'BA010' });
  });

  it.each([
    ['another event', (hash: string) => [{ stream: 'sheet:1', seq: 2, hash }]],
    ['another hash', () => [{ stream: 'sheet:1', seq: 1, hash: 'ab'.repeat(32) }]],
  ])('takes no %s than the one that is stored next', async (_, entries) => {
    await sealed.append(2);
    const [, second] = await sealed.book.next(10);
    const batch = { from_size: 0, frontier: '', root: '00'.repeat(32), note: 'x', sealed_at: new Date().toISOString() };
    const given = { ...batch, entries: entries(second!.hash) };
    await expect(sealed.book.commit(given)).rejects.toMatchObject({ sqlstate: 'BA012' });
    expect(await sealed.book.state()).toMatchObject({ size: 0 });
  });
});

describe('the signing key', () => {
  it('is made once, for the owner alone', async () => {
    await sealed.append(1);
    await sealed.seal();
    const file = join(sealed.keysFolder, 'seal.key');
    expect(statSync(file).mode & 0o777).toBe(0o600);
    const before = readFileSync(file, 'utf8');
    await sealed.append(1);
    await sealed.seal();
    expect(readFileSync(file, 'utf8')).toBe(before);
  });

  it('changes by a checkpoint that both keys sign; the old one is destroyed, and whoever trusts it believes the new', async () => {
    await sealed.append(2);
    await sealed.seal();
    const { origin } = await sealed.book.state();
    const old = sealed.keys.current(origin);
    expect(changeSealKey(sealed.keysFolder)).toBe(true);
    expect(changeSealKey(sealed.keysFolder)).toBe(false);
    expect(await sealed.seal()).toBe(0);
    const now = sealed.keys.current(origin);
    expect(now.keyId).not.toBe(old.keyId);
    expect(signersOf(readCheckpoint(await lastNote()).note, [old, now])).toHaveLength(2);
    expect(existsSync(join(sealed.keysFolder, 'seal-before.key'))).toBe(false);
    await sealed.append(2);
    await sealed.seal();
    expect(signersOf(readCheckpoint(await lastNote()).note, [old, now])).toEqual([now]);
    const report = await checkTrail({ source: sealed.book, trusted: [old], anchors: [] });
    expect(report).toMatchObject({ ok: true, checkpoints: 3 });
  });

  it('that was replaced without the old one vouching for it is not believed by who trusts the old one', async () => {
    await sealed.append(2);
    await sealed.seal();
    const { origin } = await sealed.book.state();
    const old = sealed.keys.current(origin);
    const seed = Buffer.alloc(32, 7).toString('base64');
    const given = openSealKeys(sealed.keysFolder, { SEAL_KEY: seed });
    await sealNext({ book: sealed.book, keys: given, now: Date.now });
    const report = await checkTrail({ source: sealed.book, trusted: [old], anchors: [] });
    expect(report.findings).toMatchObject([{ kind: 'not_signed' }]);
  });

  it('that cannot be read is named with its place', () => {
    expect(() => openSealKeys(sealed.keysFolder, { SEAL_KEY: 'c2hvcnQ=' }).current('a')).toThrow(
      /SEAL_KEY holds no Ed25519/,
    );
  });
});
