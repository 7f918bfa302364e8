import { Command, InvalidArgumentError, Option } from 'commander';
import { IANAZone } from 'luxon';
import { BillingAuditError, messageOf } from '../lib/errors';
import { startSandbox, type Sandbox } from './sandbox';

const MISUSED = 2;
const COULD_NOT = 3;

interface Flags {
  readonly port: number;
  readonly host: string;
  readonly state?: string;
  readonly load?: string;
  readonly replay?: string;
  readonly rate: number;
  readonly debounce: number;
  readonly wait: boolean;
  readonly lockstep: boolean;
  readonly rateLimits: boolean;
  readonly collapse: boolean;
  readonly strictCallbackUrls: boolean;
  readonly eventMix: 'plain' | 'full';
  readonly timeZone: string;
  readonly seed: number;
}

/** The command `sandbox`, without its action; the CLI `billing-audit` hangs it in as a subcommand. */
export function sandboxCommand(): Command {
  return new Command('sandbox')
    .description(
      'Run a local Smartsheet: its API under /2.0/, a control interface under /sandbox/, a page for each sheet.',
    )
    .addOption(
      new Option('--port <number>', 'port; 0 = any free one')
        .env('SANDBOX_PORT')
        .default(1881)
        .argParser(wholeNumber(0, 65_535)),
    )
    .option('--host <address>', 'address to listen on', '127.0.0.1')
    .option('--state <directory>', 'keep the state in this folder')
    .option('--load <file>', 'make a sheet from a CSV file')
    .option('--replay <file>', 'replay invoice lines (the form of docs/sandbox.md) as billing weeks')
    .option(
      '--rate <number>',
      'virtual seconds of the replay for each real second; 0 = as fast as possible',
      number(0, 1e9),
      0,
    )
    .option('--debounce <seconds>', 'gather events this long before a callback, 0 to 60', number(0, 60), 0)
    .option('--wait', 'begin the replay at POST /sandbox/replay/start, not at once', false)
    .option('--lockstep', 'replay a step only when the callbacks of the step before were answered', false)
    .option('--no-rate-limits', 'never answer 429')
    .option('--no-collapse', 'send an event for every edit of a cell within one window')
    .option('--strict-callback-urls', 'demand HTTPS and the ports of Smartsheet from callback URLs', false)
    .addOption(
      new Option('--event-mix <mix>', 'events of a change: the change itself, or also those around it')
        .choices(['plain', 'full'])
        .default('plain'),
    )
    .option('--time-zone <name>', 'IANA time zone of the times in a replayed file', timeZone, 'Europe/London')
    .option('--seed <number>', 'ids are the same for the same seed', wholeNumber(0, 2 ** 31), 1);
}

/** Runs the sandbox until it is told to end. Exit codes: 0 ended, 2 misused, 3 could not be done. */
export async function runFromCommandLine(argv: readonly string[]): Promise<void> {
  const command = sandboxCommand().exitOverride((error) => process.exit(error.exitCode === 0 ? 0 : MISUSED));
  command.action(async (flags: Flags) => {
    try {
      endOnSignal(await startFrom(flags));
    } catch (thrown) {
      process.stderr.write(`${messageOf(thrown)}\n${thrown instanceof BillingAuditError ? `${thrown.hint}\n` : ''}`);
      process.exit(COULD_NOT);
    }
  });
  await command.parseAsync([...argv]);
}

/** Starts a sandbox as the flags say, and prints `{"sandbox": url}` when it is up. */
async function startFrom(flags: Flags): Promise<Sandbox> {
  const sandbox = await startSandbox({
    host: flags.host,
    port: flags.port,
    debounceSeconds: flags.debounce,
    collapseRepeatedEdits: flags.collapse,
    rateLimits: flags.rateLimits,
    strictCallbackUrls: flags.strictCallbackUrls,
    eventMix: flags.eventMix,
    timeZone: flags.timeZone,
    seed: flags.seed,
    log: (message) => process.stderr.write(`${message}\n`),
    replayRate: flags.rate,
    replayWaits: flags.wait,
    replayInLockstep: flags.lockstep,
    ...(flags.state === undefined ? {} : { stateDirectory: flags.state }),
    ...(flags.load === undefined ? {} : { load: flags.load }),
    ...(flags.replay === undefined ? {} : { replay: flags.replay }),
  });
  process.stdout.write(`${JSON.stringify({ sandbox: sandbox.url })}\n`);
  return sandbox;
}

function endOnSignal(sandbox: Sandbox): void {
  let ending = false;
  const end = () => {
    if (ending) return;
    ending = true;
    sandbox.close().then(
      () => process.exit(0),
      (thrown: unknown) => {
        process.stderr.write(`${messageOf(thrown)}\n`);
        process.exit(COULD_NOT);
      },
    );
  };
  process.on('SIGTERM', end);
  process.on('SIGINT', end);
}

function number(least: number, most: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (text.trim() === '' || Number.isNaN(value) || value < least || value > most) {
      throw new InvalidArgumentError(`Give a number from ${least} to ${most}.`);
    }
    return value;
  };
}

function wholeNumber(least: number, most: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (/^\d+$/.test(text) && value >= least && value <= most) return value;
    throw new InvalidArgumentError(`Give a whole number from ${least} to ${most}.`);
  };
}

function timeZone(text: string): string {
  if (!IANAZone.isValidZone(text)) throw new InvalidArgumentError('Give a name like Europe/London.');
  return text;
}
