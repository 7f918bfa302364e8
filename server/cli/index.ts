#!/usr/bin/env node
import { join } from 'node:path';
import { Command } from 'commander';
import { readConfiguration, type StartFlags } from '../configuration';
import type { NewPassword } from '../sign-in';
import { start, type Assets, type Started } from '../start';
import { sandboxCommand } from '../../sandbox';
import { version } from '../version';
import { addBackup } from './backup';
import { addConfig } from './config';
import { addDoctor } from './doctor';
import { addExport } from './export';
import { addImport } from './import';
import { addKeeping } from './keeping';
import { knownWords } from './known-words';
import { addMigrate } from './migrate';
import { addModels } from './models';
import { addMove } from './move';
import { EXIT, guarded, loadDotEnv, print } from './run';
import { addSearch } from './search';
import { addSecondFactor } from './second-factor';
import { addUpgrade } from './upgrade';
import { addScore } from './score';
import { addSetup } from './setup';
import { addTrain } from './train';
import { addVerify } from './verify';

const assets: Assets = {
  program: __filename,
  sandboxProgram: join(__dirname, 'sandbox.js'),
  firstFlow: join(__dirname, 'flows', '01 - Watch a sheet.json'),
  dashboardFlow: join(__dirname, 'flows', '02 - Dashboard.json'),
};

const program = new Command('billing-audit')
  .description('Watches billing sheets in Smartsheet and records who changed what.')
  .version(version)
  .showHelpAfterError('(billing-audit --help lists the commands)')
  .exitOverride((error) => process.exit(error.exitCode === 0 ? EXIT.done : EXIT.misused));

program
  .command('start')
  .description('Start Node-RED with the Billing Audit flow. Without a Smartsheet token: practice mode.')
  .option('--port <port>', 'port of the editor and the webhook (PORT, 1880)')
  .option('--host <host>', 'address to listen on (HOST, 127.0.0.1)')
  .option('--home <folder>', 'folder of all local state (BILLING_AUDIT_HOME, ./.billing-audit)')
  .option('--json', 'print one JSON line instead of sentences')
  .action((flags: StartFlags & { json?: boolean }) => guarded(() => runStart(flags)));

program.addCommand(sandboxCommand().copyInheritedSettings(program));

addBackup(program);
addSetup(program, [assets.firstFlow, assets.dashboardFlow]);
addDoctor(program);
addConfig(program);
addExport(program);
addImport(program);
addKeeping(program);
addMigrate(program);
addSearch(program);
addSecondFactor(program);
addMove(program);
addUpgrade(program);
addVerify(program);
addTrain(program);
addModels(program);
addScore(program);

// Who reads a pipe may have seen enough (`| head`): the command goes on to its end, and nobody hears of it.
process.stdout.on('error', (thrown: NodeJS.ErrnoException) => {
  if (thrown.code !== 'EPIPE') throw thrown;
});

void program.parseAsync(knownWords(program, process.argv.slice(2)), { from: 'user' });

async function runStart(flags: StartFlags & { json?: boolean }): Promise<void> {
  const began = performance.now();
  loadDotEnv();
  // With --json standard output carries one JSON line and nothing else.
  const show = flags.json ? process.stderr : process.stdout;
  const started = await start(
    readConfiguration(flags, process.env),
    assets,
    process.env,
    (made) => void show.write(`${firstPeople(made)}\n`),
  );
  stopOnSignals(started);
  const seconds = ((performance.now() - began) / 1000).toFixed(1);
  if (flags.json) print(JSON.stringify({ address: started.address, practice: started.practice !== null, seconds }));
  else print(welcome(started, seconds));
  await started.practice?.open();
}

/** Said again by each start until one of them is used, so that a start that died shows nothing for the last time. */
function firstPeople(made: readonly NewPassword[]): string {
  return [
    'People who can sign in (shown at each start until an admin has signed in; write them down):',
    ...made.map(({ name, password }) => `  ${name.padEnd(10)}  ${password}`),
    'More are added at /people, by the admin.',
    '',
  ].join('\n');
}

function welcome(started: Started, seconds: string): string {
  const { address, webhookAddress, dashboardAddress, practice, home } = started;
  return [
    `Billing Audit is up after ${seconds} s.`,
    `  Dashboard   ${dashboardAddress ?? address}/dashboard`,
    `  Editor      ${address}/admin`,
    ...(webhookAddress ? [`  Webhook     ${webhookAddress}/webhook  (serves nothing but this and /health)`] : []),
    `  Health      ${address}/health`,
    `  Local state ${home}`,
    ...(practice ? [`  Practice    ${practice.address}  (a local Smartsheet; nothing here is real)`] : []),
    practice ? `To watch real sheets: billing-audit setup, or ${address}/setup` : 'Stop with Ctrl+C.',
  ].join('\n');
}

/** The first signal stops in order; a second one, from somebody in a hurry, at once. */
function stopOnSignals(started: Started): void {
  let stopping = false;
  const stop = (): void => {
    if (stopping) process.exit(EXIT.couldNotBeDone);
    stopping = true;
    void guarded(() => started.stop()).then(() => process.exit());
  };
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGBREAK'] as const) process.on(signal, stop);
}
