import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { migratePostgres } from '../../lib/store';
import { describeOnPostgres, startPostgres, type TestPostgres } from '../support/postgres';
import { postgresUrl } from '../support/postgres-driver';
import { migrations } from '../support/store';

const README = readFileSync(join(resolve(__dirname, '../../supabase'), 'README.md'), 'utf8');

describeOnPostgres('what supabase/README.md tells to remove everything', () => {
  let postgres: TestPostgres;
  beforeAll(() => void (postgres = startPostgres()), 120_000);
  afterAll(() => postgres.stop());

  it('leaves nothing behind, and a database that can be prepared anew', async () => {
    const [, statements = ''] = /```sql\n([^`]*drop schema[^`]*)```/.exec(README) ?? [];
    postgres.sql('migrator', statements);
    const left = `select count(*) from pg_proc as p join pg_namespace as n on n.oid = p.pronamespace
      where n.nspname = 'billing_audit' or p.proname like 'billing\\_audit\\_%'`;
    expect(postgres.sql('super', left)).toBe('0');
    const url = postgresUrl(postgres.folder, { user: 'migrator' });
    const { applied } = await migratePostgres({ url, directory: migrations });
    expect(applied.length).toBeGreaterThan(80);
    expect(postgres.sql('migrator', `select public.billing_audit_counts('{}') ->> 'events'`)).toBe('0');
  });
});
