import { join } from 'node:path';
import type { Command } from 'commander';
import { BadSetting, BillingAuditError } from '../../lib/errors';
import { thisMachine } from '../../lib/runtime/machine';
import { accessOver, migratePostgres, namedStore, openPostgresStore, type Migrated } from '../../lib/store';
import { commandRun, tellCommand } from '../access-log';
import { paletteFolder } from '../look-into-store';
import { guarded, loadDotEnv, print } from './run';

interface MigrateFlags {
  readonly databaseUrl?: string;
  readonly dryRun?: boolean;
  readonly json?: boolean;
}

const MORE = `
DATABASE_URL must be of a user that owns the database, with the right to make roles (createrole); it need not be a superuser.
On Supabase that is postgres: Project Settings > Database > Connection string, with the session pooler or directly.
What a plain PostgreSQL lacks (roles anon, authenticated, service_role; schema auth) is made where the user may do so.
Each file is one transaction, recorded where the Supabase CLI records its own. It may be run again, and by two at once.
The embedded store needs none of this: every start brings it up to date.

Exit codes: 0 up to date, 2 misused, 3 could not be done.`;

export function addMigrate(program: Command): void {
  program
    .command('migrate')
    .description('Bring the database of DATABASE_URL, PostgreSQL or Supabase, to the form that this version needs.')
    .option('--database-url <url>', 'another database than that of DATABASE_URL')
    .option('--dry-run', 'say what would be done, and change nothing')
    .option('--json', 'print one JSON line instead of sentences')
    .addHelpText('after', MORE)
    .action((flags: MigrateFlags) => guarded(() => runMigrate(flags)));
}

async function runMigrate({ databaseUrl, dryRun = false, json = false }: MigrateFlags): Promise<void> {
  loadDotEnv();
  const showsProgress = process.stderr.isTTY && !json;
  try {
    const done = await migratePostgres({
      url: databaseUrl ?? urlIn(process.env),
      directory: join(paletteFolder(), 'supabase'),
      dryRun,
      ...(showsProgress && { onProgress: (count, of, file) => void process.stderr.write(bar(count, of, file)) }),
    });
    if (showsProgress) process.stderr.write('\r\u001b[K');
    // A database that was made just now stays empty: `move` may fill it, and nothing was there that this changed.
    if (!dryRun && done.applied.length > 0 && done.already > 0)
      await record(databaseUrl ?? urlIn(process.env), done.applied);
    if (json) print(JSON.stringify({ ...done, dryRun }));
    else print(inWords(done, dryRun));
  } catch (thrown) {
    if (showsProgress) process.stderr.write('\r\u001b[K');
    if (json && thrown instanceof BillingAuditError) print(JSON.stringify({ error: thrown.toJSON() }));
    throw thrown;
  }
}

/** In the trail of the database that was migrated. */
async function record(url: string, applied: readonly string[]): Promise<void> {
  const driver = await openPostgresStore({ ...thisMachine(), url });
  try {
    const done = `${applied.length} migrations applied`;
    await tellCommand(accessOver(driver), commandRun('migrate', done, { applied }, Date.now()));
  } finally {
    await driver.close();
  }
}

/** @throws BadSetting  when it names no database that one can migrate */
function urlIn(environment: NodeJS.ProcessEnv): string {
  const { DATABASE_URL: url, ...others } = environment;
  if (url?.trim()) return url;
  if (namedStore(others).kind === 'supabase') {
    const hint =
      'Give the connection string of the project (Project Settings > Database) with --database-url, or copy supabase/migrations into your project and run "supabase db push".';
    throw new BadSetting('DATABASE_URL', 'is not set, and SUPABASE_URL is no way to change tables', hint);
  }
  throw new BadSetting(
    'DATABASE_URL',
    'is not set',
    'Give it, or --database-url. The embedded store needs no migrate: every start brings it up to date.',
  );
}

const PLACES = 20;

function bar(done: number, of: number, file: string): string {
  const filled = Math.round((done / of) * PLACES);
  return `\r\u001b[K${'#'.repeat(filled)}${'-'.repeat(PLACES - filled)} ${done + 1}/${of} ${file}`;
}

function inWords({ place, prepared, applied, already, notes }: Migrated, dryRun: boolean): string {
  const would = dryRun ? 'would be ' : '';
  return [
    ...(prepared.length > 0 ? [`${dryRun ? 'Would make' : 'Made'} ${prepared.join(', ')}.`] : []),
    applied.length === 0
      ? `${place} is up to date: all ${already} migrations are there.`
      : `${place}: ${applied.length} migrations ${would}applied, ${already} there before.`,
    ...applied.map((file) => `  ${file}`),
    ...notes,
  ].join('\n');
}
