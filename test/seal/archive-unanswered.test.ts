import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { SealBook } from '../../lib/seal';
import { StoreUnavailable, type StoreDriver } from '../../lib/store';
import { RemovalUnsure } from '../../server/archive';
import { event } from '../store/examples';
import { buildStoreWorker } from '../support/store';
import { archiveOf, partsOf, recordedAt } from './archiving';
import { openSealedStore, type SealedStore } from './sealed-store';

jest.setTimeout(300_000);

let sealed: SealedStore;
beforeAll(async () => {
  sealed = await openSealedStore(buildStoreWorker());
  await recordedAt(sealed, '2026-01-15T12:00:00Z', () => sealed.store.append([event('jan:1'), event('jan:2')]));
  await recordedAt(sealed, '2026-02-15T12:00:00Z', () => sealed.store.append([event('feb:1')]));
  await recordedAt(sealed, '2026-03-15T12:00:00Z', () => sealed.store.append([event('mar:1')]));
  await sealed.store.append([event('today:1')]);
  await sealed.seal();
});
afterAll(() => sealed.close());

const away = new StoreUnavailable('https://example.com cannot be reached: Headers Timeout Error');

/** The real store behind a connection that loses what comes after the removal was asked for. */
function partsOver(rpc: StoreDriver['rpc']): ReturnType<typeof partsOf> {
  const driver = { rpc };
  return { ...partsOf(sealed), driver, book: new SealBook(driver) };
}

const countOf = async (key: string): Promise<number> => (await sealed.store.search({ event_key: key })).events.length;

/** The real removal; its answer is lost. */
const doneUnheard: StoreDriver['rpc'] = async (name, p) => {
  const answer = await sealed.driver.rpc(name, p);
  if (name === 'billing_audit_archive') throw away;
  return answer;
};

describe('a removal that is not answered', () => {
  it('is told as done where the trail names the file', async () => {
    const done = await archiveOf(sealed, '2026-01', 'jan.zip', { parts: partsOver(doneUnheard) });
    expect(done).toMatchObject({ events: 2, archive_id: '1' });
    expect(await sealed.book.archives()).toMatchObject([{ id: '1', file: 'jan.zip', sha256: done.sha256 }]);
    expect([await countOf('jan:1'), existsSync(join(sealed.folder, 'jan.zip'))]).toEqual([0, true]);
  });

  it('has the file kept where the store cannot be asked either, and refuses to write over it', async () => {
    let isAway = false;
    const parts = partsOver(async (name, p) => {
      if (isAway) throw away;
      isAway = name === 'billing_audit_archive';
      return doneUnheard(name, p);
    });
    const path = join(sealed.folder, 'feb.zip');
    const thrown: unknown = await archiveOf(sealed, '2026-02', 'feb.zip', { parts }).catch((each: unknown) => each);
    expect(thrown).toBeInstanceOf(RemovalUnsure);
    expect(thrown).toMatchObject({
      code: 'archive_unsure',
      message: expect.stringContaining(`KEEP ${path}`) as string,
      hint: expect.stringContaining(`billing-audit verify --archive ${path}`) as string,
      cause: away,
    });
    // It had been done: the file is all that is left.
    expect([await countOf('feb:1'), existsSync(path)]).toEqual([0, true]);
    await expect(archiveOf(sealed, '2026-02', 'feb.zip')).rejects.toMatchObject({
      code: 'bad_setting',
      hint: expect.stringContaining('Keep this one') as string,
    });
  });

  it('is no riddle where the database itself says no: nothing was removed', async () => {
    const parts = partsOver((name, p) =>
      sealed.driver.rpc(name, name === 'billing_audit_archive' ? { ...(p as object), erased: 9 } : p),
    );
    await expect(archiveOf(sealed, '2026-03', 'refused.zip', { parts })).rejects.toMatchObject({ sqlstate: 'BA015' });
    expect(await countOf('mar:1')).toBe(1);
  });

  it('has the file kept where the trail does not name it: the database may still be at it', async () => {
    const parts = partsOver((name, p) =>
      name === 'billing_audit_archive' ? Promise.reject(away) : sealed.driver.rpc(name, p),
    );
    await expect(archiveOf(sealed, '2026-03', 'mar.zip', { parts })).rejects.toBeInstanceOf(RemovalUnsure);
    expect([await countOf('mar:1'), existsSync(join(sealed.folder, 'mar.zip'))]).toEqual([1, true]);
    // After that it is given again, with another file.
    expect(await archiveOf(sealed, '2026-03', 'mar-2.zip')).toMatchObject({ events: 1, archive_id: '3' });
  });
});
