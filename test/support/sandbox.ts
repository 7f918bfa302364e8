import { spawn, type ChildProcess } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { buildSync } from 'esbuild';

/** A sandbox in a process of its own, as a test drives it. */
export interface SandboxProcess {
  /** `http://127.0.0.1:port`; the API base is `url + '/2.0/'`. */
  readonly url: string;
  readonly child: ChildProcess;
  /** What it wrote to standard error so far. */
  errors(): string;
  /** Sends a control request; rejects with the answer's text unless it is 2xx. */
  control<Answer>(method: string, path: string, body?: unknown): Promise<Answer>;
  /** Sends an API request with the practice token (or another). */
  api<Answer>(
    method: string,
    path: string,
    body?: unknown,
    headers?: Record<string, string>,
  ): Promise<{ status: number; body: Answer }>;
  /** Ends it gracefully. @returns its exit code */
  stop(): Promise<number | null>;
}

/** The sandbox's program as one bundle below `build/`; packages stay outside it. @returns its path */
export function buildSandbox(): string {
  const folder = resolve(__dirname, '../../build/test-sandbox');
  const file = join(folder, `main-${process.pid}.cjs`);
  const entry = resolve(__dirname, '../../sandbox/main.ts');
  const { outputFiles } = buildSync({
    entryPoints: [entry],
    bundle: true,
    platform: 'node',
    format: 'cjs',
    target: 'node24',
    packages: 'external',
    write: false,
  });
  mkdirSync(folder, { recursive: true });
  writeFileSync(file, outputFiles[0]?.contents ?? '');
  return file;
}

let program: string | undefined;
const running = new Set<ChildProcess>();

/** A test that fails half-way leaves no sandbox behind. */
if (typeof afterAll === 'function') afterAll(() => Promise.all([...running].map(stop)));

/** Starts a sandbox on a free port and waits until it is up. */
export function startSandboxProcess(...flags: string[]): Promise<SandboxProcess> {
  return startSandboxWith({}, ...flags);
}

/** The same with variables of its own, for what Node.js reads at its start. */
export async function startSandboxWith(
  environment: Readonly<Record<string, string>>,
  ...flags: string[]
): Promise<SandboxProcess> {
  program ??= buildSandbox();
  const child = spawn(process.execPath, [program, '--port', '0', ...flags], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, ...environment },
  });
  running.add(child);
  child.once('exit', () => running.delete(child));
  let errors = '';
  child.stderr.on('data', (chunk) => (errors += String(chunk)));
  const url = await firstLine(child, () => errors);
  return {
    url,
    child,
    errors: () => errors,
    control: (method, path, body) => control(url, method, path, body),
    api: (method, path, body, headers) => api(url, method, path, body, headers),
    stop: () => stop(child),
  };
}

function firstLine(child: ChildProcess, errors: () => string): Promise<string> {
  return new Promise((resolve, reject) => {
    let text = '';
    child.stdout?.on('data', (chunk) => {
      text += String(chunk);
      const line = /^(\{.*\})\n/.exec(text)?.[1];
      if (line !== undefined) resolve((JSON.parse(line) as { sandbox: string }).sandbox);
    });
    child.once('exit', (code) => reject(new Error(`The sandbox ended with ${code}: ${errors()}`)));
  });
}

async function control<Answer>(url: string, method: string, path: string, body: unknown): Promise<Answer> {
  const response = await fetch(url + path, { method, ...(body === undefined ? {} : { body: JSON.stringify(body) }) });
  const text = await response.text();
  if (!response.ok) throw new Error(`${method} ${path} answered ${response.status}: ${text}`);
  return JSON.parse(text) as Answer;
}

async function api<Answer>(
  url: string,
  method: string,
  path: string,
  body: unknown,
  headers: Record<string, string> = {},
): Promise<{ status: number; body: Answer }> {
  const response = await fetch(`${url}/2.0${path}`, {
    method,
    headers: { Authorization: 'Bearer practice-token', 'Content-Type': 'application/json', ...headers },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  return { status: response.status, body: (await response.json()) as Answer };
}

function stop(child: ChildProcess): Promise<number | null> {
  if (child.exitCode !== null || child.signalCode !== null) return Promise.resolve(child.exitCode);
  return new Promise((resolve) => {
    child.once('exit', (code) => resolve(code));
    child.kill('SIGTERM');
  });
}
