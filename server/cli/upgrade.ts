import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Command } from 'commander';
import { BadSetting, BillingAuditError } from '../../lib/errors';
import { wrongInWords } from '../../lib/seal';
import { namedStore } from '../../lib/store';
import { readConfiguration } from '../configuration';
import { commandRun, tellCommand } from '../access-log';
import { paletteFolder, withStoreOf } from '../look-into-store';
import { upgrade, type Upgraded } from '../upgrade';
import { version } from '../version';
import { EXIT, guarded, loadDotEnv, print } from './run';

interface UpgradeFlags {
  readonly databaseUrl?: string;
  readonly home?: string;
  readonly asItIs?: boolean;
  readonly json?: boolean;
}

const MORE = `
Install the new version, stop the server, run this, start the server. The embedded store is copied first (backups/ of the
home; the last two such copies are kept), then changed, all of it or nothing, then verified; if the trail does not hold then,
the copy is put back. A PostgreSQL is changed and verified in one transaction. A server that starts does the same with an
embedded store, but for the verifying.

Exit codes: 0 up to date and all holds, 1 the trail does not hold (taken back, or --as-it-is), 2 misused, 3 could not be
done, and the store is as it was.`;

export function addUpgrade(program: Command): void {
  program
    .command('upgrade')
    .description('Bring the store to the form of this version and verify it, or leave it as it was.')
    .option('--database-url <url>', 'the database, as its owner (DATABASE_URL); without either the embedded store')
    .option('--as-it-is', 'upgrade a trail that does not hold')
    .option('--home <folder>', 'folder of all local state (BILLING_AUDIT_HOME, ./.billing-audit)')
    .option('--json', 'print one JSON line instead of sentences')
    .addHelpText('after', MORE)
    .action((flags: UpgradeFlags) => guarded(() => runUpgrade(flags)));
}

async function runUpgrade({ databaseUrl, home: folder, asItIs = false, json = false }: UpgradeFlags): Promise<void> {
  loadDotEnv();
  const { home } = readConfiguration({ ...(folder !== undefined && { home: folder }) }, process.env);
  const practises =
    existsSync(join(home, 'sandbox', 'store', 'embedded')) && !existsSync(join(home, 'keys', 'had-token'));
  const shows = process.stderr.isTTY && !json;
  const clear = (): void => void (shows && process.stderr.write('\r\u001b[K'));
  const place = practises ? join(home, 'sandbox') : home;
  const url = databaseUrl ?? (practises ? null : databaseOf(process.env));
  try {
    const done = await upgrade({
      home: place,
      practice: practises,
      databaseUrl: url,
      environment: process.env,
      assets: paletteFolder(),
      now: Date.now,
      asItIs,
      ...(shows && { onProgress: (text: string) => void process.stderr.write(`\r\u001b[K${text}`) }),
    });
    if (done.applied > 0) await record(place, url, done);
    clear();
    print(json ? JSON.stringify(done) : inWords(done));
    if (!done.report.ok) process.exitCode = EXIT.foundWrong;
  } catch (thrown) {
    clear();
    if (!(thrown instanceof BillingAuditError)) throw thrown;
    if (json) print(JSON.stringify({ error: thrown.toJSON() }));
    if (thrown.code !== 'upgrade_taken_back') throw thrown;
    process.stderr.write(`${thrown.message}\n${thrown.hint}\n`);
    process.exitCode = EXIT.foundWrong;
  }
}

/** In the trail that was upgraded: a new form of the store is a change of a program. */
async function record(home: string, url: string | null, { applied, report }: Upgraded): Promise<void> {
  const environment = url === null ? {} : { DATABASE_URL: url };
  const done = `${applied} migrations applied by version ${version}, ${report.ok ? 'all holds' : 'the trail does not hold'}`;
  const run = commandRun('upgrade', done, { applied, version, holds: report.ok }, Date.now());
  await tellCommand({ recordAccess: (p) => withStoreOf(home, environment, (store) => store.recordAccess(p)) }, run);
}

function databaseOf(environment: NodeJS.ProcessEnv): string | null {
  const named = namedStore(environment);
  if (named.kind === 'postgres') return named.url;
  if (named.kind === 'embedded') return null;
  throw new BadSetting(
    'SUPABASE_URL',
    'is no way to change tables',
    'Give the connection string of the project (Project Settings > Database) with --database-url.',
  );
}

function inWords({ place, applied, copy, report }: Upgraded): string {
  const { events, sealed, checkpoints, anchored, ok, found } = report;
  return [
    applied === 0 ? `${place} is up to date.` : `${place}: ${applied} migrations applied.`,
    ...(copy === null ? [] : [`What it was before is in ${copy}.`]),
    `${events} events, ${sealed} sealed by ${checkpoints} checkpoints, ${anchored} anchored: ${ok ? 'all holds' : wrongInWords(found)}.`,
    'Now start the server.',
  ].join('\n');
}
