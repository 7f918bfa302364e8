import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { freePort } from './ports';
import { layStoreOf } from './store';
import { until } from './until';

/** A node of a flow file. */
export type FlowNode = { readonly id: string; readonly type: string } & Readonly<Record<string, unknown>>;

export interface NodeRedOptions {
  /** Default: a new folder, removed by `stop`. */
  readonly userDir?: string;
  /** The package folder of the palette; default `dist/node-red`. */
  readonly palette?: string | null;
  /** Over the settings of a plain install; text is JavaScript, so that functions can be given. */
  readonly settings?: Readonly<Record<string, unknown>>;
  readonly settingsCode?: string;
  readonly flows?: readonly FlowNode[];
  readonly env?: Readonly<Record<string, string>>;
  /** The Node-RED to run; default the one of the repository (5). */
  readonly nodeRed?: string;
  /** Milliseconds that the start may take; what has not started by then is ended. */
  readonly startWithin?: number;
  /** Its home has an empty store already, which a first start takes some seconds to make. */
  readonly storeIsLaid?: boolean;
  /** Let the process end by itself during start; `exited` tells. */
  readonly mayExit?: boolean;
}

export interface DeployOptions {
  readonly type?: 'full' | 'nodes' | 'flows';
  readonly token?: string;
}

export interface RunningNodeRed {
  readonly address: string;
  /** `address` with `httpAdminRoot` in it. */
  readonly admin: string;
  readonly userDir: string;
  /** All that it has written to its console. */
  logs(): string;
  /** Null while it runs, else the exit code. */
  exited(): number | null;
  /** Deploys and resolves when the flows have started. @param credentials  secrets by node id */
  deploy(flows: readonly FlowNode[], options?: DeployOptions): Promise<void>;
  until: typeof until;
  /** Ends it: politely, or at once like a power cut. */
  stop(how?: 'SIGTERM' | 'SIGKILL'): Promise<void>;
}

/** Said after every start and deploy, whatever its kind. */
const STARTED = /Started (?:modified )?(?:flows|nodes)/;
const ROOT = resolve(__dirname, '../..');

/** Starts a real Node-RED as a process of its own, with the palette linked into its user directory. */
export async function startNodeRed(options: NodeRedOptions = {}): Promise<RunningNodeRed> {
  const userDir = options.userDir ?? mkdtempSync(join(tmpdir(), 'node-red-'));
  const port = await freePort();
  const within = options.startWithin ?? 40_000;
  prepareUserDir(userDir, port, options);
  if (options.storeIsLaid) await layStoreOf(join(userDir, 'home'));
  let output = '';
  let code: number | null = null;
  const red = join(options.nodeRed ?? join(ROOT, 'node_modules/node-red'), 'red.js');
  const child = spawn(process.execPath, [red, '-u', userDir, '-s', join(userDir, 'settings.js')], {
    cwd: userDir,
    env: { ...process.env, BILLING_AUDIT_HOME: join(userDir, 'home'), ...options.env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const ended = new Promise<void>((done) => {
    child.once('exit', (exit) => {
      code = exit ?? -1;
      done();
    });
  });
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (chunk: Buffer) => void (output += String(chunk)));

  const address = `http://127.0.0.1:${port}`;
  const admin = `${address}${String(options.settings?.['httpAdminRoot'] ?? '').replace(/\/$/, '')}`;
  const started = (): boolean => {
    return code !== null || STARTED.test(output);
  };
  const stop = async (how: 'SIGTERM' | 'SIGKILL' = 'SIGTERM'): Promise<void> => {
    if (code === null) child.kill(how);
    const last = setTimeout(() => child.kill('SIGKILL'), 20_000);
    await ended;
    clearTimeout(last);
    if (!options.userDir) rmSync(userDir, { recursive: true, force: true });
  };
  try {
    await until(started, 'Node-RED to start', within);
    if (code !== null && !options.mayExit) throw new Error(`Node-RED ended with ${String(code)}.`);
    // The flows may have started before it listens.
    await until(() => code !== null || listensOn(port), 'Node-RED to listen', within);
  } catch (thrown) {
    await stop('SIGKILL');
    throw new Error(`${thrown instanceof Error ? thrown.message : String(thrown)} It said:\n${output}`, {
      cause: thrown,
    });
  }
  return {
    address,
    admin,
    userDir,
    logs: () => output,
    exited: () => code,
    until,
    deploy: async (flows, how) => {
      const starts = (): number => output.split(STARTED).length;
      const before = starts();
      await deploy(admin, flows, how);
      await until(() => starts() > before, 'the flows to start');
    },
    stop,
  };
}

async function deploy(
  admin: string,
  flows: readonly FlowNode[],
  { type = 'full', token }: DeployOptions = {},
): Promise<void> {
  const answer = await fetch(`${admin}/flows`, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      'node-red-deployment-type': type,
      ...(token && { authorization: `Bearer ${token}` }),
    },
    body: JSON.stringify(flows),
  });
  if (!answer.ok) throw new Error(`The deploy was refused with ${answer.status}: ${await answer.text()}`);
}

function prepareUserDir(userDir: string, port: number, options: NodeRedOptions): void {
  const settings = {
    uiPort: port,
    uiHost: '127.0.0.1',
    flowFile: 'flows.json',
    credentialSecret: 'only for tests',
    telemetry: { enabled: false },
    editorTheme: { tours: false },
    // Else the editor asks catalogue.nodered.org.
    externalModules: { palette: { allowInstall: false } },
    ...options.settings,
  };
  const over = options.settingsCode ? `, ${options.settingsCode}` : '';
  writeFileSync(join(userDir, 'settings.js'), `module.exports = Object.assign(${JSON.stringify(settings)}${over});\n`);
  writeFileSync(join(userDir, 'package.json'), '{ "name": "test", "private": true }\n');
  // Something must be there, else Node-RED waits for a first deploy instead of starting.
  const first = options.flows ?? [{ id: 'tab', type: 'tab', label: 'Test' }];
  if (options.flows || !options.userDir) writeFileSync(join(userDir, 'flows.json'), JSON.stringify(first));
  if (options.palette !== null) linkPalette(userDir, resolve(ROOT, options.palette ?? 'dist/node-red'));
}

function linkPalette(userDir: string, palette: string): void {
  const link = join(userDir, 'node_modules/@billing-audit/node-red');
  mkdirSync(dirname(link), { recursive: true });
  rmSync(link, { recursive: true, force: true });
  symlinkSync(palette, link, 'junction');
}

/** Whether somebody takes connections there now. */
function listensOn(port: number): Promise<boolean> {
  return new Promise((done) => {
    const socket = connect(port, '127.0.0.1');
    const say = (listens: boolean): void => {
      socket.destroy();
      done(listens);
    };
    socket.once('connect', () => say(true)).once('error', () => say(false));
  });
}
