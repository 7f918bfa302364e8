import { join, resolve } from 'node:path';
import { openHome, type Home } from '../../lib/runtime/home';
import { anchorWhatIsDue, openSealKeys, SealBook, sealNext, type Anchor } from '../../lib/seal';
import { openEmbeddedStore, secretBox, storeOver, type EmbeddedStoreDriver, type StoreDriver } from '../../lib/store';
import { layStore } from '../support/store-template';
import { cell, event, observation, row, step } from '../store/examples';

/** The folder with the worker and the SQL that a server runs with. */
export const PALETTE = resolve(__dirname, '../../dist/node-red');

export async function openStoreIn(home: Pick<Home, 'store'>): Promise<EmbeddedStoreDriver> {
  const directory = join(home.store, 'embedded');
  const [workerPath, migrations] = [join(PALETTE, 'store-worker.js'), join(PALETTE, 'supabase')];
  await layStore(directory, workerPath, migrations);
  return openEmbeddedStore({ directory, workerPath, migrations });
}

/** Seals until nothing is left, with the key of the home. */
export async function seal(driver: Pick<StoreDriver, 'rpc'>, { keys }: Pick<Home, 'keys'>): Promise<void> {
  const parts = { book: new SealBook(driver), keys: openSealKeys(keys, {}), now: Date.now };
  while ((await sealNext(parts)).more);
}

export async function anchor(driver: Pick<StoreDriver, 'rpc'>, anchors: readonly Anchor[]): Promise<void> {
  const log = { debug: () => undefined, info: () => undefined, warn: () => undefined, error: () => undefined };
  await anchorWhatIsDue({ book: new SealBook(driver), anchors, now: Date.now, log });
}

/** A home that was at work: a sheet with cells, callbacks, people, approvals, alerts, a sealed and an unsealed part. */
export async function filledHome(folder: string, anchors: readonly Anchor[] = []): Promise<Home> {
  const home = openHome(folder);
  const driver = await openStoreIn(home);
  try {
    const store = storeOver(driver, { secrets: secretBox(new Uint8Array(32)) });
    const webhook = {
      webhook_id: '77',
      sheet_id: '4583173393803140',
      callback_url: 'https://audit.example.com/webhook',
    };
    await store.saveWebhook({ ...webhook, shared_secret: 'secret', previous_secret: null, status: 'ENABLED' });
    const body = Buffer.from([0, 1, 2, 250, 255, 10, 92, 34]);
    await store.acceptCallback({ webhook_id: '77', nonce: 'first', body, sheet_id: webhook.sheet_id });
    await store.savePeople([
      {
        email: 'Clerk@example.com',
        name: 'Zoë "Z" O\'Neil \\ 東京',
        role: 'clerk',
        access_level: 2,
        supervisor: null,
        department: null,
        last_review_at: '2025-12-01T00:00:00.000Z',
        active: true,
      },
    ]);
    await store.resolve(
      observation('09:00:00', { baseline: true, rows: [row('21', 1, cell('12', step('10', '09:00:00')))] }),
    );
    await store.resolve(
      observation('09:10:00', { version: 2, rows: [row('21', 2, cell('12', step('12\t"\\N"\n', '09:05:00')))] }),
    );
    await store.approve({
      sheet_id: webhook.sheet_id,
      row_ids: [],
      work_requests: ['1234'],
      columns: [],
      people: [],
      from: '2026-01-01T00:00:00.000Z',
      to: '2026-02-01T00:00:00.000Z',
      reason: 'agreed',
      ticket: 'T-1',
      approver: 'boss@example.com',
      role: 'manager',
    });
    const odd = { old_value: null, new_value: '\u2028 \\u0000 {"a":null} 1e400', delta: '-0.100' };
    await store.append([event('one'), event('two', odd), event('three', { sheet_id: '2' })]);
    await store.append([event('loud', { severity: 'HIGH', violation_type: 'HISTORICAL_CHANGE', is_historical: true })]);
    await seal(driver, home);
    await anchor(driver, anchors);
    await store.append([event('young'), event('younger', { sheet_id: '2' })]);
  } finally {
    await driver.close();
  }
  return home;
}
