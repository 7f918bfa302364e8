import { spawn, type ChildProcess } from 'node:child_process';
import { randomInt } from 'node:crypto';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { setTimeout as pause } from 'node:timers/promises';
import { BillingAuditError, messageOf } from '../lib/errors';

/** A local Smartsheet in a process of its own, with sheets that change by themselves. */
export interface PracticeOffice {
  readonly address: string;
  readonly token: string;
  readonly sheetIds: readonly string[];
  /** Lets the office work as soon as all its sheets are watched: its rows begin to change. */
  open(): Promise<void>;
  close(): Promise<void>;
}

export interface PracticeOptions {
  /** The built sandbox program. */
  readonly program: string;
  readonly port: number;
  /** Folder of the office's sheets; it goes on from there when it has been used before. */
  readonly state: string;
  /** IANA name: where the office is. */
  readonly timeZone: string;
  /** The office ended by itself, which it never should. */
  readonly onFailure: (failure: unknown) => void;
}

export class PracticeDidNotStart extends BillingAuditError {
  readonly code = 'practice_did_not_start';
  readonly hint = 'Look at the lines above. If the port is taken, choose another with SANDBOX_PORT.';

  constructor(why: string, cause?: unknown) {
    super(`The practice Smartsheet did not start: ${why}.`, {}, { cause });
  }
}

/** The practice Smartsheet is gone; what it had recorded stays, and nothing new happens. */
export class PracticeEnded extends BillingAuditError {
  readonly code = 'practice_ended';
  readonly hint = 'Start Billing Audit again.';

  constructor(how: string) {
    super(`The practice Smartsheet has ended by itself (${how}).`, { how });
  }
}

/** The account that the practice Smartsheet gives to whoever watches it. */
const WATCHER = 'billing-audit@example.com';
const WATCHED_WITHIN_MILLISECONDS = 15_000;
const ENDED_WITHIN_MILLISECONDS = 10_000;

interface SandboxState {
  readonly users: readonly { readonly email: string; readonly token: string }[];
  readonly sheets: readonly { readonly id: string | number }[];
  readonly webhooks: readonly { readonly status: string }[];
}

/**
 * Starts the sandbox with its sheets made and its office still closed, so that watching can begin first. It ends with
 * this process, however that ends: the channel between them is then closed by the system.
 * @throws PracticeDidNotStart
 */
export async function startPractice(options: PracticeOptions): Promise<PracticeOffice> {
  const child = spawn(process.execPath, [options.program, ...flagsFor(options)], {
    stdio: ['ignore', 'pipe', 'inherit', 'ipc'],
  });
  const address = await addressOf(child);
  try {
    const { users, sheets } = await stateOf(address);
    const token = users.find(({ email }) => email === WATCHER)?.token;
    if (token === undefined) throw new Error(`it has no account ${WATCHER}`);
    const tellOfEnd = (code: number | null, signal: string | null): void =>
      options.onFailure(new PracticeEnded(signal ?? `code ${code}`));
    child.once('exit', tellOfEnd);
    let closing = false;
    return {
      address,
      token,
      sheetIds: sheets.map(({ id }) => String(id)),
      open: async () => {
        try {
          await untilWatched(address);
          await json(`${address}/sandbox/practice/start`, 'POST');
        } catch (thrown) {
          // Somebody who stops the server at once does not wait for the office to open.
          if (!closing) throw new PracticeDidNotStart(messageOf(thrown), thrown);
        }
      },
      close: () => {
        closing = true;
        child.off('exit', tellOfEnd);
        return end(child);
      },
    };
  } catch (thrown) {
    await end(child);
    throw new PracticeDidNotStart(messageOf(thrown), thrown);
  }
}

function flagsFor({ port, state, timeZone }: PracticeOptions): string[] {
  // A state that is saved keeps its own seed; a new one must not give the ids of another that was thrown away.
  const seed = String(randomInt(2 ** 31));
  const place = ['--port', String(port), '--state', state, '--seed', seed, '--time-zone', timeZone];
  return ['--practice', '--wait', '--lockstep', '--no-rate-limits', ...place];
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

/** What happens before a sheet is watched is no change to anybody. Without webhooks the office opens a little later. */
async function untilWatched(address: string): Promise<void> {
  const last = performance.now() + WATCHED_WITHIN_MILLISECONDS;
  while (performance.now() < last) {
    const { sheets, webhooks } = await stateOf(address);
    if (webhooks.filter(({ status }) => status === 'ENABLED').length >= sheets.length) return;
    await pause(100);
  }
}

async function stateOf(address: string): Promise<SandboxState> {
  return (await json(`${address}/sandbox/state`)) as SandboxState;
}

async function json(url: string, method = 'GET'): Promise<unknown> {
  const answer = await fetch(url, { method, signal: AbortSignal.timeout(10_000) });
  if (!answer.ok) throw new Error(`${url} answered ${answer.status}: ${await answer.text()}`);
  return answer.json();
}

/** Closing the channel asks it to save and to end, on Windows too, where a signal would not ask. */
async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exited = once(child, 'exit');
  if (child.connected) child.disconnect();
  const late = setTimeout(() => child.kill('SIGKILL'), ENDED_WITHIN_MILLISECONDS);
  await exited;
  clearTimeout(late);
}
