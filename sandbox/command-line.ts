import { Command, InvalidArgumentError, Option } from 'commander';
import { IANAZone } from 'luxon';
import { BillingAuditError, messageOf } from '../lib/errors';
import { REGIONS, type Region } from './plan';
import { startSandbox, type Sandbox } from './sandbox';

const MISUSED = 2;
const COULD_NOT = 3;

interface Flags {
  readonly port: number;
  readonly host: string;
  readonly state?: string;
  readonly load?: string;
  readonly replay?: string;
  readonly practice: boolean;
  readonly rate?: number;
  readonly debounce: number;
  readonly wait: boolean;
  readonly lockstep: boolean;
  readonly rateLimits: boolean;
  readonly collapse: boolean;
  readonly eventReporting: boolean;
  readonly region?: Region;
  readonly strictCallbackUrls: boolean;
  readonly eventMix: 'plain' | 'full';
  readonly timeZone?: string;
  readonly seed: number;
}

/** The command `sandbox`; the CLI `billing-audit` hangs it in as a subcommand. */
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
    .addOption(
      new Option('--practice', 'play an office that works by itself, from days ago up to now and on')
        .conflicts(['replay', 'load'])
        .default(false),
    )
    .option(
      '--rate <number>',
      'virtual seconds for each real one, of the replay (0) or until the office has caught up (7200); 0 = no pauses',
      number(0, 1e9),
    )
    .option('--debounce <seconds>', 'gather events this long before a callback, 0 to 60', number(0, 60), 0)
    .option('--wait', 'begin at POST /sandbox/replay/start or /sandbox/practice/start, not at once', false)
    .option('--lockstep', 'go on only when the callbacks of the step before were answered', false)
    .option('--no-rate-limits', 'never answer 429')
    .option('--event-reporting', 'the plan includes event reporting (GET /events)', false)
    .addOption(new Option('--region <region>', 'links and rules of a region').choices([...REGIONS]))
    .option('--no-collapse', 'send an event for every edit of a cell within one window')
    .option('--strict-callback-urls', 'demand HTTPS and the ports of Smartsheet from callback URLs', false)
    .addOption(
      new Option('--event-mix <mix>', 'events of a change: the change itself, or also those around it')
        .choices(['plain', 'full'])
        .default('plain'),
    )
    .option(
      '--time-zone <name>',
      'IANA time zone of a replayed file (Europe/London) or of the office (America/Chicago)',
      timeZone,
    )
    .option('--seed <number>', 'ids are the same for the same seed', wholeNumber(0, 2 ** 31), 1)
    .action(run);
}

/**
 * Runs the sandbox until it is told to end; prints `{"sandbox": url}` when it is up.
 * Exit codes: 0 ended, 2 misused, 3 could not be done.
 */
export async function runFromCommandLine(argv: readonly string[]): Promise<void> {
  const command = sandboxCommand().exitOverride((error) => process.exit(error.exitCode === 0 ? 0 : MISUSED));
  await command.parseAsync([...argv]);
}

async function run(flags: Flags): Promise<void> {
  try {
    // From the first moment on: a parent may die while this one starts.
    const parted = new Promise<void>((resolve) => process.once('disconnect', resolve));
    const sandbox = await startFrom(flags);
    endWhenTold(sandbox, parted);
    // Last: whoever reads this line may tell it to end at once.
    process.stdout.write(`${JSON.stringify({ sandbox: sandbox.url })}\n`);
  } catch (thrown) {
    process.stderr.write(`${messageOf(thrown)}\n${thrown instanceof BillingAuditError ? `${thrown.hint}\n` : ''}`);
    process.exit(COULD_NOT);
  }
}

function startFrom(flags: Flags): Promise<Sandbox> {
  return startSandbox({
    host: flags.host,
    port: flags.port,
    debounceSeconds: flags.debounce,
    collapseRepeatedEdits: flags.collapse,
    rateLimits: flags.rateLimits,
    eventReporting: flags.eventReporting,
    strictCallbackUrls: flags.strictCallbackUrls,
    eventMix: flags.eventMix,
    seed: flags.seed,
    log: (message) => process.stderr.write(`${message}\n`),
    replayWaits: flags.wait,
    replayInLockstep: flags.lockstep,
    practice: flags.practice,
    ...(flags.region === undefined ? {} : { region: flags.region }),
    ...(flags.rate === undefined ? {} : { replayRate: flags.rate, practiceRate: flags.rate }),
    ...(flags.timeZone === undefined ? {} : { timeZone: flags.timeZone }),
    ...(flags.state === undefined ? {} : { stateDirectory: flags.state }),
    ...(flags.load === undefined ? {} : { load: flags.load }),
    ...(flags.replay === undefined ? {} : { replay: flags.replay }),
  });
}

/**
 * Ends on SIGTERM and SIGINT. A program that started this one with an IPC channel ends it by closing the channel, which
 * the system does for a program that dies; Ctrl+C in their common terminal is then for that program to answer.
 */
function endWhenTold(sandbox: Sandbox, parted: Promise<void>): void {
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
  process.on('SIGINT', () => (process.channel === undefined ? end() : undefined));
  void parted.then(end);
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
