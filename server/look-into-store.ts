import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { openEmbeddedStore, openSecretBox, storeOver, type Store } from '../lib/store';

/**
 * Opens the embedded store of a home that no server has open, and closes it whatever happens. Its worker and its SQL
 * are those of the palette, which the server runs with too.
 * @param home  absolute
 * @throws StoreLocked, StoreUnavailable, StoreNotSynced, MigrationMissing
 */
export async function withStoreOf<Result>(home: string, look: (store: Store) => Promise<Result>): Promise<Result> {
  const palette = dirname(createRequire(__filename).resolve('@billing-audit/node-red/package.json'));
  const driver = await openEmbeddedStore({
    directory: join(home, 'store', 'embedded'),
    workerPath: join(palette, 'store-worker.js'),
    migrations: join(palette, 'supabase'),
  });
  try {
    return await look(storeOver(driver, { secrets: openSecretBox(join(home, 'keys')) }));
  } finally {
    await driver.close();
  }
}
