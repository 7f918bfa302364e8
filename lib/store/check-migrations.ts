import { missingFrom, readMigrations } from './migrate';
import type { StoreDriver } from './store';
import { MigrationMissing, StoreRefused } from './store-errors';

/**
 * Whether a database that others look after fits this program.
 * @param directory  the folder `supabase/` that is shipped with it
 * @throws MigrationMissing  it lacks migrations, or a newer program has made it
 * @throws StoreUnavailable, StoreMisconfigured, StoreRefused  it cannot be asked
 */
export async function checkMigrations(driver: StoreDriver, directory: string): Promise<void> {
  const files = readMigrations(directory);
  const versions = await versionsOf(driver);
  const rows = versions.map((version) => ({ version, name: 'billing_audit_' }));
  const lacking = missingFrom(files, rows).map(({ version, name }) => `${version}_${name}`);
  if (lacking.length === 0) return;
  const isEmpty = lacking.length === files.length;
  const what = isEmpty
    ? 'The database has not been prepared for Billing Audit'
    : `The database lacks ${lacking.length} of ${files.length} migrations, from ${lacking[0]} on`;
  const verified = isEmpty ? '' : ', or "billing-audit upgrade", which verifies the trail too';
  const hint = `Run "billing-audit migrate" with its DATABASE_URL${verified}; then start again.`;
  throw new MigrationMissing(`${what}.`, hint, { lacking });
}

async function versionsOf(driver: StoreDriver): Promise<readonly string[]> {
  try {
    const answer = (await driver.rpc('billing_audit_migrations', {})) as { versions: readonly string[] };
    return answer.versions;
  } catch (thrown) {
    // Older than the function that tells; nothing of it can be relied on.
    if (thrown instanceof StoreRefused && thrown.sqlstate === '42883') return [];
    throw thrown;
  }
}
