import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { freePort } from '../support/ports';

/** The built command line. */
export const CLI = resolve(__dirname, '../../dist/billing-audit/cli.js');

export interface Ports {
  readonly port: number;
  readonly sandboxPort: number;
}

export interface RunningCli {
  readonly child: ChildProcess;
  readonly address: string;
  readonly practiceAddress: string;
  /** What it wrote so far, to both outputs. */
  output(): string;
  /** Resolves with its code, or with the signal that ended it. */
  readonly ended: Promise<number | string | null>;
}

const running = new Set<ChildProcess>();
if (typeof afterAll === 'function') afterAll(() => running.forEach((child) => child.kill('SIGKILL')));

/** Runs a command of the built CLI to its end. */
export function runCli(
  flags: readonly string[],
  home: string,
  environment: Readonly<Record<string, string>> = {},
  /** A user without any right of ours; only root can become one. */
  user: { readonly uid?: number; readonly gid?: number } = {},
) {
  return spawnSync(process.execPath, [built(), ...flags], {
    encoding: 'utf8',
    // A stream of scored events is longer than Node.js keeps by default.
    maxBuffer: 256 * 1024 * 1024,
    cwd: home,
    env: environmentWith(environment),
    ...user,
  });
}

/** `billing-audit start` in a process group of its own, as a terminal would run it. */
export function startCli(
  home: string,
  { port, sandboxPort }: Ports,
  environment: Record<string, string> = {},
): RunningCli {
  const child = spawn(process.execPath, [built(), 'start', '--port', String(port), '--home', home], {
    cwd: home,
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: environmentWith({ SANDBOX_PORT: String(sandboxPort), ...environment }),
  });
  running.add(child);
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => void (output += String(chunk)));
  const ended = new Promise<number | string | null>((done) => {
    child.once('exit', (code, signal) => {
      running.delete(child);
      done(code ?? signal);
    });
  });
  return {
    child,
    address: `http://127.0.0.1:${port}`,
    practiceAddress: `http://127.0.0.1:${sandboxPort}`,
    output: () => output,
    ended,
  };
}

/** Two ports that nobody listens on. */
export async function freePorts(): Promise<Ports> {
  return { port: await freePort(), sandboxPort: await freePort() };
}

/** No setting of the machine that runs the tests gets in. */
function environmentWith(own: Readonly<Record<string, string>>): NodeJS.ProcessEnv {
  const { PATH, SystemRoot, TEMP } = process.env;
  return { PATH, SystemRoot, TEMP, ...own };
}

function built(): string {
  if (!existsSync(CLI)) throw new Error('The CLI is not built; `npm run build` builds it.');
  return CLI;
}
