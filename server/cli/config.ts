import { writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import type { Command } from 'commander';
import { BadSetting } from '../../lib/errors';
import {
  applyImport,
  exportConfiguration,
  planImport,
  readConfigurationFile,
  undoImport,
  type ConfigurationPlace,
  type Difference,
} from '../config';
import { readConfiguration, type StartFlags } from '../configuration';
import { homeInUse } from '../home-in-use';
import { runningServer } from '../running-server';
import { InputEnded, Terminal } from '../setup';
import { EXIT, guarded, loadDotEnv, print } from './run';

interface ConfigFlags extends Pick<StartFlags, 'home'> {
  readonly json?: boolean;
  readonly yes?: boolean;
}

export function addConfig(program: Command): void {
  const config = program
    .command('config')
    .description('Take the settings, without secrets, from one installation to another.');
  const withFlags = (name: string, description: string): Command =>
    config
      .command(name)
      .description(description)
      .option('--home <folder>', 'folder of all local state (BILLING_AUDIT_HOME, ./.billing-audit)')
      .option('--json', 'print one JSON line instead of sentences')
      .addHelpText('after', '\nExit codes: 0 done, 1 not agreed to, 2 misused, 3 could not be done.');
  withFlags('export', 'Write variables, Billing settings and alert rules as JSON; secrets by their names only.')
    .argument('[file]', 'where to; without it, standard output')
    .action((file: string | undefined, flags: ConfigFlags) => guarded(async () => runExport(file, flags)));
  withFlags('import', 'Show what such a file would change, ask, and change it.')
    .argument('<file>', 'made by "config export"; - is standard input (needs --yes)')
    .option('--yes', 'do not ask')
    .action((file: string, flags: ConfigFlags) => guarded(() => runImport(file, flags)));
  withFlags('undo', 'Put back what the last import replaced.').action((flags: ConfigFlags) =>
    guarded(async () => runUndo(flags)),
  );
}

function placeFor(flags: ConfigFlags): ConfigurationPlace {
  loadDotEnv();
  const { folder } = homeInUse(readConfiguration(flags, process.env));
  const serverRuns = runningServer(folder, process.env) !== null;
  return { envPath: resolve('.env'), environment: process.env, folder, serverRuns };
}

function runExport(file: string | undefined, flags: ConfigFlags): void {
  const exported = exportConfiguration(placeFor(flags), new Date().toISOString());
  if (file === undefined || file === '-') return print(JSON.stringify(exported, null, flags.json ? undefined : 2));
  writeFileSync(file, `${JSON.stringify(exported, null, 2)}\n`);
  const count = Object.keys(exported.variables).length;
  const { billing_settings, alert_rules, secrets_set } = exported;
  if (flags.json) return print(JSON.stringify({ file, variables: count, secrets_left_out: secrets_set }));
  print(
    `Written to ${file}: ${count} variables, ${billing_settings.length} Billing settings, ${alert_rules.length} alert rules.`,
  );
  if (secrets_set.length > 0) print(`Left out, since they are secrets: ${secrets_set.join(', ')}.`);
}

async function runImport(file: string, flags: ConfigFlags): Promise<void> {
  if ((file === '-' || flags.json) && !flags.yes) {
    throw new BadSetting(
      '--yes',
      'is missing, and nobody can be asked here',
      'Add --yes to import without a question.',
    );
  }
  const place = placeFor(flags);
  const given = readConfigurationFile(file);
  const plan = planImport(place, given);
  if (!flags.json)
    tell(
      plan.differences,
      given.secrets_set.filter((name) => !process.env[name]),
    );
  if (plan.differences.length > 0 && !flags.yes && !(await agreed())) {
    print('Nothing was changed.');
    process.exitCode = EXIT.foundWrong;
    return;
  }
  const copies = applyImport(place, plan);
  if (flags.json) return print(JSON.stringify({ changed: plan.differences, copies }));
  if (plan.differences.length === 0) return;
  print('Changed; it holds from the next start of the server. To go back: billing-audit config undo');
  for (const copy of copies) print(`  what was there: ${copy}`);
}

function tell(differences: readonly Difference[], missingSecrets: readonly string[]): void {
  if (differences.length === 0) print('Nothing differs.');
  for (const { where, name, before, after } of differences) {
    print(`  ${where}: ${name}  ${before === '' ? '(not set)' : before}  ->  ${after === '' ? '(empty)' : after}`);
  }
  if (missingSecrets.length > 0)
    print(`Not in the file, to be set here: ${missingSecrets.join(', ')} (billing-audit setup)`);
}

async function agreed(): Promise<boolean> {
  const terminal = new Terminal(process.stdin, process.stdout);
  try {
    return /^y(?:es)?$/iu.test(await terminal.ask('Change it? [no]: '));
  } catch (thrown) {
    if (!(thrown instanceof InputEnded)) throw thrown;
    process.stdout.write('\n');
    const hint = 'Nothing was changed. Add --yes to import without a question.';
    throw new BadSetting('--yes', 'is missing, and nobody answers here', hint);
  } finally {
    terminal.close();
  }
}

function runUndo(flags: ConfigFlags): void {
  const files = undoImport(placeFor(flags));
  if (flags.json) print(JSON.stringify({ restored: files }));
  else if (files.length === 0) print('There is nothing to put back.');
  else for (const file of files) print(`Put back: ${file}`);
}
