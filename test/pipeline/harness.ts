import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { openEmbeddedStore, openSecretBox, storeOver, type Store } from '../../lib/store';
import { startNodeRed, type FlowNode, type RunningNodeRed } from '../support/node-red';
import { startSandboxProcess, type SandboxProcess } from '../support/sandbox';
import { layStore } from '../support/store-template';
import { until, whileItMoves } from '../support/until';

const ROOT = resolve(__dirname, '../..');
const WORKER = join(ROOT, 'dist/node-red/store-worker.js');

/** The shipped flow, as a user imports it. */
export const firstFlow = (): FlowNode[] =>
  JSON.parse(readFileSync(join(ROOT, 'flows/node-red/01 - Watch a sheet.json'), 'utf8')) as FlowNode[];

export interface PipelineOptions {
  readonly sandboxFlags: readonly string[];
  /** Makes sheets and people before anybody watches. */
  readonly prepare?: (sandbox: SandboxProcess) => Promise<unknown>;
  /** Default: callbacks to the Node-RED; false: sheets are polled. */
  readonly callbacks?: boolean;
  readonly flow?: readonly FlowNode[];
  readonly environment?: Readonly<Record<string, string>>;
  readonly settings?: Readonly<Record<string, unknown>>;
}

export interface Counts {
  readonly callbacks_waiting: number;
  readonly changes_waiting: number;
  /** Rows that wait for their history: their changes are not among the waiting ones yet. */
  readonly changes_provisional: number;
  readonly changes_leased: number;
  readonly changes_dead: number;
  readonly events: number;
}

/** The product from end to end: a local Smartsheet, a real Node-RED with the shipped flow, the embedded store. */
export interface Pipeline {
  readonly sandbox: SandboxProcess;
  readonly sheets: readonly SandboxSheet[];
  nodeRed(): RunningNodeRed;
  counts(): Promise<Counts>;
  /** Waits until every sheet is watched. */
  watched(): Promise<void>;
  /** Waits until the sandbox has delivered everything and the trail has taken everything. */
  settled(still?: number): Promise<Counts>;
  /** Ends Node-RED, politely or like a power cut, and starts it again on the same home. */
  restart(how: 'SIGTERM' | 'SIGKILL'): Promise<void>;
  /** Ends Node-RED and opens its store. */
  openTrail<Result>(look: (store: Store) => Promise<Result>): Promise<Result>;
  stop(): Promise<void>;
}

export interface SandboxSheet {
  readonly id: number;
  readonly name: string;
  readonly rows: number;
  readonly columns: Readonly<Record<string, number>>;
}

interface SandboxState {
  readonly sheets: readonly SandboxSheet[];
  readonly webhooks: readonly { readonly status: string }[];
  readonly undelivered: number;
}

export async function startPipeline(options: PipelineOptions): Promise<Pipeline> {
  const sandbox = await startSandboxProcess(...options.sandboxFlags);
  await options.prepare?.(sandbox);
  const { sheets } = await sandbox.control<SandboxState>('GET', '/sandbox/state');
  const userDir = mkdtempSync(join(tmpdir(), 'billing-audit-pipeline-'));
  await layStore(join(userDir, 'home', 'store', 'embedded'), WORKER, join(ROOT, 'supabase'));
  let nodeRed = await start();

  async function start(): Promise<RunningNodeRed> {
    const running = await startNodeRed({
      userDir,
      ...(options.settings && { settings: options.settings }),
      env: {
        SMARTSHEET_ACCESS_TOKEN: 'practice-token',
        SMARTSHEET_API_BASE: `${sandbox.url}/2.0/`,
        SMARTSHEET_SHEETS: sheets.map(({ id }) => id).join(','),
        BUSINESS_TIME_ZONE: 'Europe/London',
        HOLIDAYS: 'none',
        ...options.environment,
      },
      // The address is known once it listens, so the flow comes by a deploy.
      flows: [{ id: 'empty', type: 'tab', label: 'Empty' }],
    });
    await running.deploy(
      withPublicUrl(options.flow ?? firstFlow(), options.callbacks === false ? '' : running.address),
    );
    return running;
  }

  const counts = async (): Promise<Counts> => {
    const answer = await fetch(`${nodeRed.address}/health`);
    return ((await answer.json()) as { counts: Counts }).counts;
  };
  const pipeline: Pipeline = {
    sandbox,
    sheets,
    nodeRed: () => nodeRed,
    counts,
    watched: async () => {
      await until(
        async () => {
          const { webhooks } = await sandbox.control<SandboxState>('GET', '/sandbox/state');
          const enabled = webhooks.filter(({ status }) => status === 'ENABLED').length;
          const { checks } = (await (await fetch(`${nodeRed.address}/health`)).json()) as {
            checks: { name: string; status: string }[];
          };
          const watching = checks.filter(({ name, status }) => name.startsWith('sheet') && status === 'ok').length;
          return (options.callbacks === false || enabled === sheets.length) && watching === sheets.length;
        },
        `every sheet to be watched; Node-RED said: ${nodeRed.logs()}`,
        60_000,
      );
    },
    settled: (still) =>
      whileItMoves(
        async () => {
          const { undelivered } = await sandbox.control<SandboxState>('GET', '/sandbox/state');
          const now = await counts();
          const open = now.callbacks_waiting + now.changes_provisional + now.changes_waiting + now.changes_leased;
          if (undelivered + open > 0) throw new Error(JSON.stringify({ undelivered, ...now }));
          return now;
        },
        `everything to be recorded; Node-RED said: ${nodeRed.logs().slice(-2000)}`,
        still,
      ),
    restart: async (how) => {
      await nodeRed.stop(how);
      nodeRed = await start();
    },
    openTrail: async (look) => {
      if (nodeRed.exited() === null) await nodeRed.stop();
      const home = join(userDir, 'home');
      const driver = await openEmbeddedStore({
        directory: join(home, 'store', 'embedded'),
        workerPath: WORKER,
        migrations: join(ROOT, 'supabase'),
      });
      try {
        return await look(storeOver(driver, { secrets: openSecretBox(join(home, 'keys')) }));
      } finally {
        await driver.close();
      }
    },
    stop: async () => {
      if (nodeRed.exited() === null) await nodeRed.stop();
      await sandbox.stop();
      rmSync(userDir, { recursive: true, force: true });
    },
  };
  return pipeline;
}

/** The flow with its trigger pointed at an address; empty = poll. */
function withPublicUrl(flow: readonly FlowNode[], publicUrl: string): FlowNode[] {
  return flow.map((node) => (node.type === 'billing-audit-smartsheet-trigger' ? { ...node, publicUrl } : node));
}
