import { resolve } from 'node:path';
import type { Command } from 'commander';
import { BadSetting } from '../../lib/errors';
import { thisMachine } from '../../lib/runtime/machine';
import { readConfiguration, type StartFlags } from '../configuration';
import { diagnose, type Line } from '../doctor';
import { withStoreOf } from '../look-into-store';
import { EXIT, guarded, loadDotEnv, print } from './run';

type DoctorFlags = Pick<StartFlags, 'home'> & { readonly json?: boolean };

export function addDoctor(program: Command): void {
  program
    .command('doctor')
    .description('Say how everything stands: OK, off, or wrong with what to do.')
    .option('--home <folder>', 'folder of all local state (BILLING_AUDIT_HOME, ./.billing-audit)')
    .option('--json', 'print one JSON line instead of sentences')
    .addHelpText('after', '\nExit codes: 0 nothing is wrong, 1 something is, 2 misused, 3 could not be done.')
    .action((flags: DoctorFlags) => guarded(() => runDoctor(flags)));
}

async function runDoctor(flags: DoctorFlags): Promise<void> {
  loadDotEnv();
  const lines = await linesFor(flags);
  const isWell = lines.every(({ state }) => state !== 'wrong');
  if (flags.json) print(JSON.stringify({ ok: isWell, lines }));
  else for (const line of lines) print(textOf(line));
  process.exitCode = isWell ? EXIT.done : EXIT.foundWrong;
}

/** A setting that cannot be read is what the doctor was called for, not a wrong way of calling. */
async function linesFor(flags: DoctorFlags): Promise<readonly Line[]> {
  try {
    return await diagnose({
      ...thisMachine(),
      configuration: readConfiguration(flags, process.env),
      environment: process.env,
      envPath: resolve('.env'),
      lookIntoStore: (home, environment) => withStoreOf(home, environment, (store) => store.counts()),
    });
  } catch (thrown) {
    if (!(thrown instanceof BadSetting)) throw thrown;
    return [{ name: 'settings', state: 'wrong', text: thrown.message, todo: thrown.hint }];
  }
}

function textOf({ name, state, text, todo }: Line): string {
  const word = { ok: 'OK   ', off: 'off  ', wrong: 'WRONG' }[state];
  return `${word}  ${name.padEnd(12)}  ${text}${todo === null ? '' : `\n${' '.repeat(21)}-> ${todo}`}`;
}
