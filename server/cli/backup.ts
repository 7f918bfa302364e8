import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { Command } from 'commander';
import { BadSetting } from '../../lib/errors';
import { namedStore, openEmbeddedStore } from '../../lib/store';
import { backup, checkCopy, keepOf, PracticeNotCopied, type Backup } from '../backup';
import { readConfiguration } from '../configuration';
import { NoTrail } from '../export';
import { paletteFolder } from '../look-into-store';
import { ServerRuns } from '../move';
import { runningServer } from '../running-server';
import { guarded, loadDotEnv, print } from './run';

interface BackupFlags {
  readonly to?: string;
  readonly keep?: string;
  readonly check?: string;
  readonly databaseUrl?: string;
  readonly home?: string;
  readonly json?: boolean;
}

const MORE = `
A copy is a folder that is laid out as a home: store/embedded, journal/ and keys/. It is opened again and verified before it counts;
one that is not good is removed. Look into it, or go back to it, with the commands that you know:
  billing-audit verify --home COPY         billing-audit move --home COPY --to postgresql://...
A server makes one each day by itself where BACKUP_DIR is set; while it runs, the embedded store is its own to copy.
Smartsheet sheets are not in it.

Exit codes: 0 done, 2 misused, 3 no good copy.`;

export function addBackup(program: Command): void {
  program
    .command('backup')
    .description('Copy store and keys, consistent with each other, and open the copy again as a check.')
    .option('--to <folder>', 'where copies are kept (BACKUP_DIR, else backups/ of the home)')
    .option('--keep <n>', 'how many copies stay (BACKUP_KEEP, 7)')
    .option('--check <copy>', 'instead: open this copy and verify it')
    .option('--database-url <url>', 'the database, as its owner (DATABASE_URL)')
    .option('--home <folder>', 'folder of all local state (BILLING_AUDIT_HOME, ./.billing-audit)')
    .option('--json', 'print one JSON line instead of sentences')
    .addHelpText('after', MORE)
    .action((flags: BackupFlags) => guarded(() => runBackup(flags)));
}

async function runBackup(flags: BackupFlags): Promise<void> {
  loadDotEnv();
  if (flags.check !== undefined) return runCheck(resolve(flags.check), flags.json === true);
  const { home } = readConfiguration({ ...(flags.home !== undefined && { home: flags.home }) }, process.env);
  const folder = resolve(flags.to ?? (process.env['BACKUP_DIR']?.trim() || join(home, 'backups')));
  const keep = keepOf({ BACKUP_KEEP: flags.keep ?? process.env['BACKUP_KEEP'] });
  const done = await made(home, flags.databaseUrl ?? databaseOf(process.env), { folder, keep });
  print(flags.json ? JSON.stringify(done) : inWords(done));
}

async function runCheck(copy: string, json: boolean): Promise<void> {
  const { events, sealed, checkpoints } = await checkCopy(copy, paletteFolder());
  if (json) print(JSON.stringify({ copy, events, sealed, checkpoints }));
  else print(`${copy}: ${events} events, ${sealed} sealed by ${checkpoints} checkpoints. All holds.`);
}

async function made(
  home: string,
  databaseUrl: string | null,
  { folder, keep }: { readonly folder: string; readonly keep: number },
): Promise<Backup> {
  const assets = paletteFolder();
  const check = async (copy: string): Promise<number> => (await checkCopy(copy, assets)).events;
  const options = { home, folder, keep, assets, now: Date.now, check };
  if (databaseUrl !== null) return backup({ databaseUrl }, options);
  const directory = join(home, 'store', 'embedded');
  if (!existsSync(directory)) {
    throw existsSync(join(home, 'sandbox', 'store', 'embedded')) ? new PracticeNotCopied(home) : new NoTrail(home);
  }
  const server = runningServer(home, process.env);
  if (server !== null) throw new ServerRuns(home, server.pid);
  const store = await openEmbeddedStore({
    directory,
    copies: join(home, 'backups'),
    workerPath: join(assets, 'store-worker.js'),
    migrations: join(assets, 'supabase'),
  });
  try {
    return await backup({ store }, options);
  } finally {
    await store.close();
  }
}

function databaseOf(environment: NodeJS.ProcessEnv): string | null {
  const named = namedStore(environment);
  if (named.kind === 'postgres') return named.url;
  if (named.kind === 'embedded') return null;
  const hint = 'Give the connection string of the project (Project Settings > Database) with --database-url.';
  throw new BadSetting('SUPABASE_URL', 'is no way to read all tables', hint);
}

function inWords({ copy, events, removed }: Backup): string {
  return [
    `A copy with ${events} events was made, opened again and verified: ${copy}`,
    ...removed.map((old) => `Removed the oldest: ${old}`),
  ].join('\n');
}
