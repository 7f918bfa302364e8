import type { Command } from 'commander';
import { BadSetting, BillingAuditError } from '../../lib/errors';
import { wrongInWords } from '../../lib/seal';
import { readConfiguration } from '../configuration';
import { paletteFolder } from '../look-into-store';
import { moveStore, type Moved } from '../move';
import { EXIT, guarded, loadDotEnv, print } from './run';

interface MoveFlags {
  readonly to?: string;
  readonly home?: string;
  readonly dryRun?: boolean;
  readonly asItIs?: boolean;
  readonly json?: boolean;
}

const MORE = `
Stop the server first. The database must be empty; what it lacks is made in it, as "billing-audit migrate" does. All rows go
over in one transaction, which is committed only when every table has the same rows, and chains, tree, checkpoints and
anchors verify there as they did here. The store in the home stays as it is, and is not opened again without DATABASE_URL.
Keys stay in the home: take its folder keys/ along if the server moves to another machine.

Exit codes: 0 moved, 1 the trail does not hold, 2 misused, 3 could not be done; then nothing was kept.`;

export function addMove(program: Command): void {
  program
    .command('move')
    .description('Take everything that the embedded store holds to PostgreSQL or Supabase; old proofs still verify.')
    .option('--to <url>', 'postgresql://... of whoever owns the database; on Supabase its connection string')
    .option('--dry-run', 'say what would be done, and change nothing there')
    .option('--as-it-is', 'take along a trail that does not hold')
    .option('--home <folder>', 'folder of all local state (BILLING_AUDIT_HOME, ./.billing-audit)')
    .option('--json', 'print one JSON line instead of sentences')
    .addHelpText('after', MORE)
    .action((flags: MoveFlags) => guarded(() => runMove(flags)));
}

async function runMove({ to, home: folder, dryRun = false, asItIs = false, json = false }: MoveFlags): Promise<void> {
  if (to === undefined) {
    throw new BadSetting(
      '--to',
      'is missing',
      'Give the address of the database, postgresql://user:password@host/name.',
    );
  }
  loadDotEnv();
  const { home } = readConfiguration({ ...(folder !== undefined && { home: folder }) }, process.env);
  const shows = process.stderr.isTTY && !json;
  const clear = (): void => void (shows && process.stderr.write('\r\u001b[K'));
  try {
    const moved = await moveStore({
      home,
      to,
      environment: process.env,
      assets: paletteFolder(),
      now: Date.now,
      dryRun,
      asItIs,
      ...(shows && { onProgress: (text: string) => void process.stderr.write(`\r\u001b[K${text}`) }),
    });
    clear();
    print(json ? JSON.stringify({ ...moved, dryRun }) : inWords(moved, dryRun));
    if (!moved.report.ok) process.exitCode = EXIT.foundWrong;
  } catch (thrown) {
    clear();
    if (!(thrown instanceof BillingAuditError)) throw thrown;
    if (json) print(JSON.stringify({ error: thrown.toJSON() }));
    if (thrown.code !== 'trail_broken') throw thrown;
    process.stderr.write(`${thrown.message}\n${thrown.hint}\n`);
    process.exitCode = EXIT.foundWrong;
  }
}

function inWords({ place, tables, report, migrated, notes }: Moved, dryRun: boolean): string {
  const rows = tables.reduce((sum, table) => sum + table.rows, 0);
  const { events, sealed, checkpoints, anchored, found } = report;
  const trail = `${events} events, ${sealed} sealed by ${checkpoints} checkpoints, ${anchored} anchored`;
  return [
    `${rows} rows of ${tables.length} tables ${dryRun ? 'would go' : 'went'} to ${place}.`,
    ...tables.map(({ table, rows: count }) => `  ${table}: ${count}`),
    ...(migrated > 0 ? [`${migrated} migrations ${dryRun ? 'would be' : 'were'} applied there first.`] : []),
    dryRun
      ? `The trail here: ${trail}.`
      : `The trail there: ${trail}; ${report.ok ? 'all holds' : `${wrongInWords(found)}, as before`}.`,
    ...notes,
    ...(dryRun
      ? ['Nothing was changed.']
      : [
          'Now set this where the server reads its environment (.env), then start it and run "billing-audit doctor":',
          '  DATABASE_URL=<the address that you gave with --to, or that of a user with fewer rights>',
          'The store in the home stays as it was. Keep it until you trust the new place.',
        ]),
  ].join('\n');
}
