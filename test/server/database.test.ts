import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readMigrations } from '../../lib/store';
import { describeOnPostgres, startPostgres, type TestPostgres } from '../support/postgres';
import { postgresUrl } from '../support/postgres-driver';
import { startSandboxProcess, type SandboxProcess } from '../support/sandbox';
import { migrations } from '../support/store';
import { until } from '../support/until';
import { freePorts, runCli, startCli } from './cli';

const total = readMigrations(migrations).length;

describeOnPostgres('a server on a PostgreSQL', () => {
  let postgres: TestPostgres;
  let sandbox: SandboxProcess;
  let env: Record<string, string>;
  const home = mkdtempSync(join(tmpdir(), 'database-'));

  beforeAll(async () => {
    postgres = startPostgres({ bare: true });
    postgres.sql('super', 'create role owner login createrole; alter database audit owner to owner', 'postgres');
    sandbox = await startSandboxProcess();
    const sheet = await sandbox.control<{ id: number }>('POST', '/sandbox/sheets', {
      name: 'Billing',
      columns: ['Work Request #', 'Quantity'],
    });
    env = {
      DATABASE_URL: postgresUrl(postgres.folder, { user: 'owner' }),
      SMARTSHEET_ACCESS_TOKEN: 'practice-token',
      SMARTSHEET_API_BASE: `${sandbox.url}/2.0/`,
      SMARTSHEET_SHEETS: String(sheet.id),
    };
  });
  afterAll(async () => {
    await sandbox.stop();
    postgres.stop();
    rmSync(home, { recursive: true, force: true });
  });

  const json = (text: string): Record<string, unknown> => JSON.parse(text) as Record<string, unknown>;

  it('is not started before the database was migrated, nor with two stores at once, and says what to do', () => {
    const early = runCli(['start', '--home', home, '--port', '0'], home, env);
    expect([early.status, early.stderr]).toEqual([3, expect.stringContaining('billing-audit migrate')]);
    const both = { ...env, SUPABASE_URL: 'https://project.supabase.co', SUPABASE_SECRET_KEY: 'x' };
    const two = runCli(['start', '--home', home, '--port', '0'], home, both);
    expect([two.status, two.stderr]).toEqual([2, expect.stringContaining('both set')]);
  });

  it('is prepared by billing-audit migrate, which may be asked first, and run again', () => {
    const nothing = runCli(['migrate'], home);
    expect([nothing.status, nothing.stderr]).toEqual([2, expect.stringContaining('DATABASE_URL')]);
    const unreadable = runCli(['migrate', '--database-url', 'mysql://x/y'], home);
    expect(unreadable.status).toBe(2);
    const planned = runCli(['migrate', '--dry-run', '--json'], home, env);
    expect([planned.status, json(planned.stdout)]).toMatchObject([0, { dryRun: true, already: 0 }]);
    const done = runCli(['migrate'], home, env);
    expect([done.status, done.stdout]).toEqual([0, expect.stringContaining(`${total} migrations applied`)]);
    const again = runCli(['migrate', '--json'], home, env);
    expect(json(again.stdout)).toMatchObject({ applied: [], already: total });
    const away = runCli(['migrate', '--json'], home, { DATABASE_URL: 'postgres://127.0.0.1:9/audit' });
    expect([away.status, json(away.stdout)]).toMatchObject([3, { error: { code: 'store_unavailable' } }]);
  });

  it('watches, records there, is told apart on /health, and export and doctor read the same store', async () => {
    const cli = startCli(home, await freePorts(), env);
    const said = (): string => `it to be up; it said ${cli.output()}`;
    const health = async (): Promise<string> => {
      const answer = await fetch(`${cli.address}/health`);
      const { checks } = (await answer.json()) as { checks?: { name: string; text: string }[] };
      return checks?.find(({ name }) => name === 'store')?.text ?? '';
    };
    await until(async () => (await health()).includes('(PostgreSQL)'), said(), 60_000);
    const sheets = `select count(*) from billing_audit.sheets where name = 'Billing'`;
    await until(() => postgres.sql('super', sheets) === '1', `the sheet in the database; ${said()}`, 30_000);
    const doctor = runCli(['doctor', '--json', '--home', home], home, env);
    expect(JSON.stringify(json(doctor.stdout)['lines'])).toContain('(PostgreSQL)');
    cli.child.kill('SIGTERM');
    expect(await cli.ended).toBe(0);

    const alone = runCli(['doctor', '--json', '--home', home], home, env);
    const lines = json(alone.stdout)['lines'] as { name: string }[];
    expect(lines.find(({ name }) => name === 'database')).toMatchObject({
      state: 'ok',
      text: expect.stringMatching(/^PostgreSQL opens: \d+ changes of sheets in the trail/) as string,
    });
    const days = ['--from', '2026-01-01', '--to', '2026-01-31', '--out', join(home, 'out.csv')];
    const written = runCli(['export', ...days, '--home', home, '--json'], home, env);
    expect([written.status, json(written.stdout)]).toMatchObject([0, { through: 'store', changes: 0 }]);
    const wrong = { ...env, DATABASE_URL: postgresUrl(postgres.folder, { user: 'nobody' }) };
    const sick = runCli(['doctor', '--json', '--home', home], home, wrong);
    const line = (json(sick.stdout)['lines'] as { name: string }[]).find(({ name }) => name === 'database');
    expect(line).toMatchObject({ state: 'wrong', todo: expect.stringContaining('DATABASE_URL') as string });
  }, 180_000);

  it('is never used by practice', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'practice-'));
    const held = (): string =>
      ['sheets', 'changes', 'audit_events']
        .map((table) => postgres.sql('super', `select count(*) from billing_audit.${table}`))
        .join();
    const before = held();
    const cli = startCli(folder, await freePorts(), { DATABASE_URL: postgresUrl(postgres.folder, { user: 'owner' }) });
    const events = async (): Promise<number> =>
      ((await (await fetch(`${cli.address}/health`)).json()) as { counts?: { events: number } }).counts?.events ?? 0;
    await until(async () => (await events()) > 0, `practice to record; it said ${cli.output()}`, 60_000);
    cli.child.kill('SIGTERM');
    await cli.ended;
    expect(held()).toBe(before);
    rmSync(folder, { recursive: true, force: true });
  }, 120_000);
});
