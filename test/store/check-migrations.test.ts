import { checkMigrations, readMigrations } from '../../lib/store';
import { migrations } from '../support/store';

const known = readMigrations(migrations).map(({ version }) => version);
const over = (versions: readonly string[]) => ({
  rpc: () => Promise.resolve({ versions }),
  close: () => Promise.resolve(),
});

describe('whether a database fits the program', () => {
  it('is told with what to do: a new one is prepared, an older one can be upgraded and verified in one go', async () => {
    await expect(checkMigrations(over(known), migrations)).resolves.toBeUndefined();
    await expect(checkMigrations(over([]), migrations)).rejects.toMatchObject({
      code: 'migration_missing',
      message: 'The database has not been prepared for Billing Audit.',
      hint: 'Run "billing-audit migrate" with its DATABASE_URL; then start again.',
    });
    await expect(checkMigrations(over(known.slice(0, -2)), migrations)).rejects.toMatchObject({
      message: `The database lacks 2 of ${known.length} migrations, from ${readMigrations(migrations).at(-2)?.version}_${readMigrations(migrations).at(-2)?.name} on.`,
      hint: expect.stringContaining('"billing-audit upgrade", which verifies the trail too') as string,
    });
  });
});
