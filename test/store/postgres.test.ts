import { execFileSync, spawnSync } from 'node:child_process';
import { chmodSync, existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { readMigrations } from '../../lib/store';
import { migrations, newFolder, removeFolder } from '../support/store';
import { at, cell, event, observation, row, sheetId, step } from './examples';

/** The programs of the newest PostgreSQL server that is installed, or null. */
function serverPrograms(): string | null {
  const home = '/usr/lib/postgresql';
  const versions = existsSync(home) ? readdirSync(home).sort((one, other) => Number(other) - Number(one)) : [];
  const found = versions.map((version) => join(home, version, 'bin')).find((path) => existsSync(join(path, 'initdb')));
  return found ?? null;
}

const programs = serverPrograms();
if (programs === null && process.env['CI'] === undefined) {
  process.stderr.write(
    'No PostgreSQL server is installed: the migrations were not tried on one. Install postgresql.\n',
  );
}

/** A real server refuses to run as root; its own user runs it then. */
const isRoot = process.getuid?.() === 0;

(programs === null && process.env['CI'] === undefined ? describe.skip : describe)(
  'the migrations on a real PostgreSQL, as a role that is not a superuser',
  () => {
    const folder = newFolder();
    const data = join(folder, 'data');
    const bin = (name: string): string => join(programs ?? '/usr/lib/postgresql', name);

    const run = (program: string, ...given: readonly string[]): string => {
      const [command, ...rest] = isRoot
        ? ['runuser', '-u', 'postgres', '--', bin(program), ...given]
        : [bin(program), ...given];
      return execFileSync(command ?? '', rest, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
    };

    /** Runs SQL by psql; gives its unaligned output, or throws with what it said. */
    const sql = (user: string, text: string): string => {
      const file = join(folder, 'statement.sql');
      writeFileSync(file, text, { mode: 0o644 });
      const given = [
        '-X',
        '-A',
        '-t',
        '-q',
        '-v',
        'ON_ERROR_STOP=1',
        '-h',
        folder,
        '-U',
        user,
        '-d',
        'audit',
        '-f',
        file,
      ];
      const { status, stdout, stderr } = spawnSync(bin('psql'), given, { encoding: 'utf8' });
      if (status !== 0) throw new Error(stderr);
      return stdout.trim();
    };

    const rpc = (name: string, p: unknown): unknown =>
      JSON.parse(
        sql(
          'service_login',
          `set role service_role; select public.billing_audit_${name}($json$${JSON.stringify(p)}$json$::jsonb)`,
        ),
      );

    beforeAll(() => {
      chmodSync(folder, 0o777);
      run('initdb', '-D', data, '-U', 'super', '-A', 'trust', '-E', 'UTF8', '--no-sync');
      run('pg_ctl', '-D', data, '-w', '-l', join(folder, 'log'), '-o', `-k ${folder} -c listen_addresses=''`, 'start');
      run('createdb', '-h', folder, '-U', 'super', 'audit');
      sql(
        'super',
        `create role migrator login createrole nosuperuser; alter database audit owner to migrator; create role service_login login;`,
      );
      sql(
        'super',
        `begin; ${readFileSync(join(migrations, 'bootstrap.sql'), 'utf8')} grant anon, authenticated, service_role to migrator; grant service_role to service_login; commit;`,
      );
      for (const migration of readMigrations(migrations)) sql('migrator', `begin; ${migration.sql} commit;`);
    });
    afterAll(() => {
      if (existsSync(join(data, 'postmaster.pid'))) run('pg_ctl', '-D', data, '-m', 'immediate', 'stop');
      removeFolder(folder);
    });

    it('apply, and leave no function to its migrator', () => {
      const owners = `select distinct proowner::regrole from pg_proc where pronamespace = 'public'::regnamespace and proname like 'billing\\_audit%'`;
      expect(sql('migrator', owners)).toBe('billing_audit_owner');
    });

    it('resolve, lease, append, search and verify as on the embedded store', () => {
      const quantity = cell('12', step('10', '09:00:00'), step('12', '09:01:00'));
      const seen = observation('09:10:00', { rows: [row('21', 1, quantity)] });
      const added = `${sheetId}:row:21:added:1`;
      const changed = `${sheetId}:21:12:1`;
      expect(rpc('resolve', seen)).toEqual({ event_keys: [added, changed] });
      expect(rpc('resolve', seen)).toEqual({ event_keys: [] });
      const leased = rpc('lease_changes', { sheet_ids: 'all', limit: 10, lease_seconds: 60 });
      expect(leased).toMatchObject({
        changes: [{ event_key: added }, { event_key: changed, values: { Quantity: '12' } }],
      });
      const given = event(changed, { changed_at: at('09:01:00') });
      expect(rpc('append', { events: [given, given] })).toMatchObject({
        appended: [{ seq: 1, is_new: true }, { is_new: false }],
      });
      expect(rpc('search', { order: 'money_at_risk' })).toMatchObject({
        events: [{ ...given, timestamp: expect.any(String) as string }],
        next: null,
      });
      expect(rpc('verify', { stream: `sheet:${sheetId}` })).toEqual({ ok: true, checked: 1, first_bad_seq: null });
      expect(rpc('counts', {})).toMatchObject({ changes_leased: 1, events: 1 });
    });

    it('refuse to alter the trail to the one who migrated, and its tables to the service', () => {
      expect(() => sql('migrator', 'delete from billing_audit.audit_events')).toThrow(/append-only/);
      expect(() => sql('migrator', 'truncate billing_audit.audit_events cascade')).toThrow(/append-only/);
      expect(() => sql('service_login', 'set role service_role; select * from billing_audit.changes')).toThrow(
        /permission denied/,
      );
      expect(() => sql('service_login', `set role anon; select public.billing_audit_counts('{}')`)).toThrow(
        /permission denied/,
      );
    });
  },
);
