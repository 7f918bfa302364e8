import { resolve } from 'node:path';
import type { Command } from 'commander';
import { BadSetting } from '../../lib/errors';
import { thisMachine } from '../../lib/runtime/machine';
import { commandRun, tellCommand } from '../access-log';
import { readConfiguration, type StartFlags } from '../configuration';
import { diagnose, type Line } from '../doctor';
import { openTrail } from '../export';
import { withStoreOf } from '../look-into-store';
import { userName } from '../user-name';
import { EXIT, guarded, loadDotEnv, print } from './run';

type DoctorFlags = Pick<StartFlags, 'home'> & { readonly json?: boolean; readonly replayDead?: boolean };

const MOST_SHOWN = 20;

export function addDoctor(program: Command): void {
  program
    .command('doctor')
    .description('Say how everything stands: OK, off, or wrong with what to do.')
    .option('--home <folder>', 'folder of all local state (BILLING_AUDIT_HOME, ./.billing-audit)')
    .option('--replay-dead', 'put callbacks that failed eight times back to work; the trail says who did it')
    .option('--json', 'print one JSON line instead of sentences')
    .addHelpText('after', '\nExit codes: 0 nothing is wrong, 1 something is, 2 misused, 3 could not be done.')
    .action((flags: DoctorFlags) => guarded(() => (flags.replayDead ? replayDead(flags) : runDoctor(flags))));
}

async function runDoctor(flags: DoctorFlags): Promise<void> {
  loadDotEnv();
  const lines = await linesFor(flags);
  const isWell = lines.every(({ state }) => state !== 'wrong');
  if (flags.json) print(JSON.stringify({ ok: isWell, lines }));
  else for (const line of lines) print(textOf(line));
  process.exitCode = isWell ? EXIT.done : EXIT.foundWrong;
}

/** Through the running server, which goes to work at once, or in the store, for its next start. */
async function replayDead(flags: DoctorFlags): Promise<void> {
  loadDotEnv();
  const { home } = readConfiguration({ ...(flags.home !== undefined && { home: flags.home }) }, process.env);
  const { store, through, close } = await openTrail(home, process.env);
  try {
    const dead = await store.deadCallbacks({ limit: MOST_SHOWN });
    const replayed = await store.replayDead({ ids: 'all', by: `${userName()} (command line)` });
    const done = `${replayed} callbacks put back to work`;
    await tellCommand(store, commandRun('doctor --replay-dead', done, { replayed }, Date.now()));
    if (flags.json) return print(JSON.stringify({ replayed, through, dead }));
    for (const { sheet_id, received_at, why } of dead)
      print(`  sheet ${sheet_id}, ${received_at}: ${why ?? 'unknown'}`);
    if (replayed > dead.length) print(`  and ${replayed - dead.length} more`);
    const when = through === 'server' ? 'The server works on them now.' : 'The next start of the server works on them.';
    print(replayed === 0 ? 'There are no dead letters.' : `${replayed} callbacks were put back to work. ${when}`);
  } finally {
    await close();
  }
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
