import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { BillingAuditError, messageOf } from '../lib/errors';

/** A local Smartsheet in a process of its own, with sheets that change by themselves. */
export interface PracticeOffice {
  readonly address: string;
  readonly token: string;
  readonly sheetIds: readonly string[];
  /** Lets the office work: its rows begin to change. */
  open(): Promise<void>;
  close(): Promise<void>;
}

export interface PracticeOptions {
  /** The built sandbox program. */
  readonly program: string;
  readonly port: number;
  /** CSV in the form of `billing-audit sandbox --replay`. */
  readonly workload: string;
}

export class PracticeDidNotStart extends BillingAuditError {
  readonly code = 'practice_did_not_start';
  readonly hint = 'Choose another port with SANDBOX_PORT, or look at the lines above.';

  constructor(why: string, cause?: unknown) {
    super(`The practice Smartsheet did not start: ${why}.`, {}, { cause });
  }
}

/** Virtual seconds of the office that pass in a real one: an hour's work in ten seconds. */
const PRACTICE_RATE = 360;

/**
 * Starts the sandbox with its sheets made and its office still closed, so that watching can begin first.
 * @throws PracticeDidNotStart
 */
export async function startPractice({ program, port, workload }: PracticeOptions): Promise<PracticeOffice> {
  const sandboxArguments = ['--port', String(port), '--replay', workload, '--rate', String(PRACTICE_RATE), '--wait'];
  const child = spawn(process.execPath, [program, ...sandboxArguments], { stdio: ['ignore', 'pipe', 'inherit'] });
  const address = await addressOf(child);
  try {
    const state = (await json(`${address}/sandbox/state`)) as { token: string; sheets: { id: string | number }[] };
    return {
      address,
      token: state.token,
      sheetIds: state.sheets.map(({ id }) => String(id)),
      open: async () => void (await json(`${address}/sandbox/replay/start`, 'POST')),
      close: () => end(child),
    };
  } catch (thrown) {
    await end(child);
    throw new PracticeDidNotStart(messageOf(thrown), thrown);
  }
}

/** The first line that the sandbox prints says where it listens. */
async function addressOf(child: ChildProcess): Promise<string> {
  if (!child.stdout) throw new PracticeDidNotStart('it has no output');
  const lines = createInterface({ input: child.stdout });
  const exited = once(child, 'exit').then(([code]) => {
    throw new PracticeDidNotStart(`it ended with code ${String(code)}`);
  });
  const [line] = (await Promise.race([once(lines, 'line'), exited])) as [string];
  // From here on an exit is handled by whoever closes the office.
  exited.catch(() => undefined);
  return (JSON.parse(line) as { sandbox: string }).sandbox;
}

async function json(url: string, method = 'GET'): Promise<unknown> {
  const answer = await fetch(url, { method, signal: AbortSignal.timeout(10_000) });
  if (!answer.ok) throw new Error(`${url} answered ${answer.status}: ${await answer.text()}`);
  return answer.json();
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exited = once(child, 'exit');
  child.kill('SIGTERM');
  await exited;
}
