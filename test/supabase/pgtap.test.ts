import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describeOnPostgres, startPostgres, warnWithoutPostgres, type TestPostgres } from '../support/postgres';
import { bundle, migrations } from '../support/store';
import { pgTapSql, readTap } from './support/pgtap';

const folder = join(migrations, 'tests');
const files = readdirSync(folder).filter((name) => name.endsWith('.test.sql'));
const textOf = (name: string): string => readFileSync(join(folder, name), 'utf8');

warnWithoutPostgres('the pgTAP files were tried on PGlite alone.');

function holds(lines: readonly string[]): void {
  const tap = readTap(lines);
  if (tap.planned === null) throw new Error(`It did not end: ${lines.slice(-5).join('\n')}`);
  expect(tap.failed).toEqual([]);
  expect(tap.planned).toBe(tap.ran);
  expect(tap.ran).toBeGreaterThan(3);
}

describeOnPostgres('pgTAP on PostgreSQL, migrated by no superuser', () => {
  let postgres: TestPostgres;
  beforeAll(() => {
    postgres = startPostgres();
    postgres.sql('super', pgTapSql());
    postgres.sql('super', 'alter database audit set search_path = "$user", public, extensions');
  });
  afterAll(() => postgres.stop());

  it.each(files)('%s', (name) => holds(postgres.sql('super', textOf(name)).split('\n')));

  it('seed.sql can be run again and again, and adds nothing the second time', () => {
    postgres.sql('super', 'create database seeded template audit', 'postgres');
    const counts = `select (select count(*) from billing_audit.people), (select count(*) from billing_audit.approvals),
      (select count(*) from billing_audit.in_force_texts), (select count(*) from billing_audit.audit_events)`;
    const seed = readFileSync(join(migrations, 'seed.sql'), 'utf8');
    for (let times = 0; times < 3; times += 1) {
      postgres.sql('super', seed, 'seeded');
      expect(postgres.sql('super', counts, 'seeded')).toBe('3|1|1|4');
    }
  });

  it('turns red when a right is given away', () => {
    const planted = textOf('00_rights.test.sql').replace(
      'begin;',
      'begin; grant select on billing_audit.people to anon;',
    );
    const { failed } = readTap(postgres.sql('super', planted).split('\n'));
    expect(failed[0]).toMatch(/^not ok \d+ - no role of the API has any right on a table or view/);
  });
});

describe('pgTAP on PGlite', () => {
  let printed: Readonly<Record<string, readonly string[]>>;
  beforeAll(() => {
    const program = bundle('test/supabase/support/tap-on-pglite.ts', 'tap-on-pglite');
    const order = { directory: migrations, pgTap: pgTapSql(), files: files.map((name) => join(folder, name)) };
    const options = { input: JSON.stringify(order), encoding: 'utf8', maxBuffer: 64e6 } as const;
    printed = JSON.parse(execFileSync(process.execPath, [program], options)) as typeof printed;
  }, 120_000);

  it.each(files)('%s', (name) => holds(printed[join(folder, name)] ?? []));
});
