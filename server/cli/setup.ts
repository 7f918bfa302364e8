import { resolve } from 'node:path';
import type { Command } from 'commander';
import { BadSetting, BillingAuditError } from '../../lib/errors';
import { thisMachine } from '../../lib/runtime/machine';
import {
  readAnswers,
  runAnswers,
  runWizard,
  savedText,
  StepRefused,
  Terminal,
  wayOut,
  type SetupPlace,
} from '../setup';
import { EXIT, guarded, print } from './run';

interface SetupFlags {
  readonly home?: string;
  readonly env: string;
  readonly answers?: string;
  readonly json?: boolean;
}

/** Failures that say "not now" or "not here", rather than "this answer is wrong". */
const COULD_NOT_BE_DONE = new Set([
  'smartsheet_unavailable',
  'store_unavailable',
  'home_not_writable',
  'env_file_not_writable',
  'env_file_damaged',
]);

export function addSetup(program: Command, shippedFlows: readonly string[]): void {
  program
    .command('setup')
    .description('Set everything up step by step: token, sheets, columns, store, mail, address. Can be repeated.')
    .option('--answers <file>', 'take the answers from a JSON file (- is standard input) and ask nothing')
    .option('--env <file>', 'the file to write', '.env')
    .option('--home <folder>', 'folder of all local state (BILLING_AUDIT_HOME, ./.billing-audit)')
    .option('--json', 'print one JSON line instead of sentences; only with --answers')
    .addHelpText('after', EXIT_CODES)
    .action((flags: SetupFlags) => guarded(() => runSetup(flags, shippedFlows)));
}

const EXIT_CODES = `
Exit codes: 0 written, 1 an answer was refused, 2 misused, 3 could not be done. Without 0 nothing was written.
Keys of an answers file: token, apiBase, sheets, columns, home, smtpUrl, alertFrom, alertTo, sendTestMail, publicUrl.`;

async function runSetup(flags: SetupFlags, shippedFlows: readonly string[]): Promise<void> {
  const outside = { ...process.env, ...(flags.home !== undefined && { BILLING_AUDIT_HOME: flags.home }) };
  const place: SetupPlace = { envPath: resolve(flags.env), outside, shippedFlows };
  if (flags.answers !== undefined) return withAnswers(place, flags.answers, flags.json ?? false);
  if (flags.json) throw new BadSetting('--json', 'needs --answers', 'Give the answers in a file, or leave --json out.');
  const terminal = new Terminal(process.stdin, process.stdout);
  try {
    await runWizard(terminal, place, thisMachine());
  } finally {
    terminal.close();
  }
}

async function withAnswers(place: SetupPlace, file: string, json: boolean): Promise<void> {
  try {
    const { steps, saved } = await runAnswers(place, readAnswers(file), thisMachine());
    if (json) return print(JSON.stringify({ written: saved.changed.length > 0, ...saved, steps }));
    for (const { step, skipped, findings } of steps) {
      print(`${step}${skipped === null ? '' : `: ${skipped}`}`);
      for (const { tone, text } of findings) print(`  ${tone === 'good' ? 'ok  ' : 'note'} ${text}`);
    }
    print(savedText(saved));
  } catch (thrown) {
    if (!(thrown instanceof StepRefused)) throw tellInJson(thrown, json);
    const { step, refusal, before } = thrown;
    if (json)
      print(
        JSON.stringify({
          written: false,
          refused: { step, ...refusal.toJSON(), hint: wayOut(refusal) },
          steps: before,
        }),
      );
    else process.stderr.write(`${step}: ${refusal.message}\n${wayOut(refusal)}\nNothing was written.\n`);
    process.exitCode = COULD_NOT_BE_DONE.has(refusal.code) ? EXIT.couldNotBeDone : EXIT.foundWrong;
  }
}

function tellInJson(thrown: unknown, json: boolean): unknown {
  if (json && thrown instanceof BillingAuditError) print(JSON.stringify({ written: false, error: thrown.toJSON() }));
  return thrown;
}
