import { fork } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { buildSync } from 'esbuild';
import type { Asked, EngineOutcome, Reply } from './protocol';

const ROOT = resolve(__dirname, '../../..');
const N8N = join(ROOT, 'test/n8n/host/node_modules');

export interface RunningEngine {
  /** Names of the node types that n8n found in the package. */
  readonly nodeTypes: readonly string[];
  run(asked: Asked): Promise<EngineOutcome>;
  stop(): Promise<void>;
}

/** Starts n8n's engine as a process of its own. @param packageFolder  as `scripts/build/n8n.mjs` makes it */
export async function startEngine(packageFolder: string): Promise<RunningEngine> {
  const program = bundledProgram();
  const home = mkdtempSync(join(tmpdir(), 'n8n-engine-'));
  const child = fork(program, [packageFolder, join(ROOT, 'supabase')], {
    cwd: home,
    // Without a folder and a key of its own n8n writes into the home of whoever runs the test.
    env: {
      ...process.env,
      NODE_PATH: N8N,
      N8N_USER_FOLDER: home,
      N8N_ENCRYPTION_KEY: 'only for tests',
      N8N_LOG_LEVEL: 'silent',
    },
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream?.on('data', (chunk) => void (output += String(chunk)));
  const waiting = new Map<number, { done: (outcome: EngineOutcome) => void; failed: (thrown: Error) => void }>();
  const ended = new Promise<void>((done) => child.once('exit', () => done()));
  const nodeTypes = await new Promise<readonly string[]>((started, failed) => {
    child.on('message', (reply: Reply) => {
      if ('ready' in reply) return started(reply.ready);
      const caller = waiting.get(reply.id);
      waiting.delete(reply.id);
      if ('outcome' in reply) caller?.done(reply.outcome);
      else caller?.failed(new Error(reply.failed));
    });
    child.once('exit', (code) => {
      const gone = new Error(`n8n's engine ended with ${code}:\n${output}`);
      failed(gone);
      for (const caller of waiting.values()) caller.failed(gone);
    });
  });
  let last = 0;
  return {
    nodeTypes,
    run: (asked) =>
      new Promise((done, failed) => {
        last += 1;
        waiting.set(last, { done, failed });
        child.send({ id: last, asked });
      }),
    async stop() {
      child.send({ id: 0, end: true });
      await ended;
      rmSync(home, { recursive: true, force: true });
    },
  };
}

/** n8n and PGlite stay outside; where n8n is, `NODE_PATH` tells. */
function bundledProgram(): string {
  const outfile = join(ROOT, 'build/test', `n8n-engine-${process.pid}.js`);
  buildSync({
    absWorkingDir: ROOT,
    entryPoints: ['test/conformance/n8n/program.ts'],
    outfile,
    bundle: true,
    platform: 'node',
    format: 'cjs',
    target: 'node24',
    external: ['n8n-core', 'n8n-workflow', 'reflect-metadata', '@electric-sql/pglite'],
    // The tsconfig of the tree would lead n8n-workflow into the bundle: a second copy, which n8n does not know.
    tsconfigRaw: {},
    logLevel: 'error',
  });
  return outfile;
}
