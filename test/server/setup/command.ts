import { spawn, type ChildProcess } from 'node:child_process';
import { cpSync, mkdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { buildSync } from 'esbuild';
import { until } from '../../support/until';

const ROOT = resolve(__dirname, '../../..');
let program: string | null = null;

/** The CLI as one bundle with the shipped flow beside it, as the build makes it. @returns its path */
export function buildCommand(): string {
  if (program !== null) return program;
  const folder = join(ROOT, 'build', `test-command-${process.pid}`);
  buildSync({
    entryPoints: [join(ROOT, 'server/cli/index.ts')],
    outfile: join(folder, 'cli.js'),
    bundle: true,
    platform: 'node',
    format: 'cjs',
    target: 'node24',
    packages: 'external',
    logLevel: 'error',
  });
  mkdirSync(folder, { recursive: true });
  cpSync(join(ROOT, 'flows/node-red'), join(folder, 'flows'), { recursive: true });
  cpSync(join(ROOT, 'dashboards/overview.json'), join(folder, 'flows', '02 - Dashboard.json'));
  buildSync({
    entryPoints: [join(ROOT, 'sandbox/main.ts')],
    outfile: join(folder, 'sandbox.js'),
    bundle: true,
    platform: 'node',
    format: 'cjs',
    target: 'node24',
    packages: 'external',
    logLevel: 'error',
  });
  program = join(folder, 'cli.js');
  return program;
}

export interface Ended {
  readonly code: number | null;
  readonly output: string;
  readonly errors: string;
}

export interface RunningCommand {
  readonly child: ChildProcess;
  /** Everything said so far. */
  said(): string;
  /** Waits until this has been said since the last answer. @param within  milliseconds */
  says(text: string, within?: number): Promise<void>;
  /** Waits for a prompt, then types a line. */
  answer(prompt: string, line: string): Promise<void>;
  /** Ends the input. */
  hangUp(): void;
  ended: Promise<Ended>;
}

export interface Around {
  readonly cwd: string;
  readonly env?: Readonly<Record<string, string>>;
}

/** Starts `billing-audit ...` with nothing in its environment but what is given. */
export function startCommand(words: readonly string[], { cwd, env = {} }: Around): RunningCommand {
  const child = spawn(process.execPath, [buildCommand(), ...words], {
    cwd,
    env: { PATH: process.env['PATH'] ?? '', ...env },
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  let [output, errors, heard] = ['', '', 0];
  child.stdout.on('data', (chunk) => void (output += String(chunk)));
  child.stderr.on('data', (chunk) => void (errors += String(chunk)));
  child.stdin.on('error', () => undefined);
  const says = async (text: string, within?: number): Promise<void> => {
    const at = await until(
      () => {
        const found = output.indexOf(text, heard);
        if (found < 0) throw new Error(`${output.slice(heard)} ${errors}`);
        return { found };
      },
      `"${text}"`,
      within,
    );
    heard = at.found + text.length;
  };
  return {
    child,
    said: () => output,
    says,
    answer: async (prompt, line) => {
      await says(prompt);
      child.stdin.write(`${line}\n`);
    },
    hangUp: () => child.stdin.end(),
    ended: new Promise((done) => child.once('close', (code) => done({ code, output, errors }))),
  };
}

/** Runs it to its end with nothing on its input. */
export async function runCommand(words: readonly string[], around: Around): Promise<Ended> {
  const running = startCommand(words, around);
  running.hangUp();
  return running.ended;
}
