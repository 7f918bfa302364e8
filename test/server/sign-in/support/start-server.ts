import { fork } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { buildSync } from 'esbuild';
import type { AccessEvent } from '../../../../server/sign-in';
import { until } from '../../../support/until';
import type { ServerOptions } from './guarded-server';

const ROOT = resolve(__dirname, '../../../..');

interface Ready {
  readonly address: string;
  readonly webhookAddress: string | null;
  readonly dashboardAddress: string | null;
  readonly made: readonly { readonly name: string; readonly password: string }[];
}

export interface GuardedServer extends Ready {
  readonly home: string;
  /** What it reported of comings and goings. */
  readonly events: readonly AccessEvent[];
  /** Failures inside the server; there must be none. */
  readonly failures: readonly string[];
  password(name: string): string;
  putClockForward(milliseconds: number): Promise<void>;
  stop(): Promise<void>;
}

/** @throws what the server said when it did not start, with its `code` */
export async function startServer(options: Partial<ServerOptions> = {}): Promise<GuardedServer> {
  const home = options.home ?? mkdtempSync(join(tmpdir(), 'sign-in-'));
  const program = join(ROOT, `build/test-server/guarded-server-${process.pid}.js`);
  buildSync({
    entryPoints: [join(__dirname, 'guarded-server.ts')],
    outfile: program,
    bundle: true,
    platform: 'node',
    format: 'cjs',
    packages: 'external',
  });
  const told: ServerOptions = { home, practice: false, environment: {}, ...options };
  const child = fork(program, [JSON.stringify(told)], { stdio: ['ignore', 'pipe', 'pipe', 'ipc'], cwd: home });
  const messages: Record<string, unknown>[] = [];
  let output = '';
  const ended = new Promise<void>((done) => child.once('exit', () => done()));
  child.on('message', (message: Record<string, unknown>) => void messages.push(message));
  for (const stream of [child.stdout, child.stderr]) stream?.on('data', (chunk) => void (output += String(chunk)));
  const first = await until(
    () => messages.find((message) => 'ready' in message || 'refused' in message),
    `the server; it said: ${output}`,
    40_000,
  );
  if ('refused' in first) {
    await ended;
    throw Object.assign(new Error('The server did not start.'), first['refused']);
  }
  const ready = first['ready'] as Ready;
  return {
    ...ready,
    home,
    get events() {
      return messages.flatMap(({ event }) => (event ? [event as AccessEvent] : []));
    },
    get failures() {
      return messages.flatMap(({ failure }) => (failure ? [String(failure)] : []));
    },
    password: (name) => ready.made.find((person) => person.name === name)?.password ?? '',
    putClockForward: async (milliseconds) => {
      const before = messages.filter((message) => 'ahead' in message).length;
      child.send({ ahead: milliseconds });
      await until(() => messages.filter((message) => 'ahead' in message).length > before, 'the clock');
    },
    stop: async () => {
      child.send({ stop: true });
      const last = setTimeout(() => child.kill('SIGKILL'), 20_000);
      await ended;
      clearTimeout(last);
      if (!options.home) rmSync(home, { recursive: true, force: true });
    },
  };
}
