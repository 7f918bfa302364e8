import * as http from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import type { Status, Stop } from '../../lib/define';
import type { AuditEvent, Change } from '../../lib/event';
import { openRuntime, type OpenRuntimeOptions } from '../../lib/runtime/open-runtime';
import type { NamedOpenStore } from '../../lib/runtime/open-store';
import type { Runtime } from '../../lib/runtime/runtime';
import type { Timing } from '../../lib/runtime/timing';
import { openEmbeddedStore, openSecretBox, storeOver, type SecretBox, type Store } from '../../lib/store';
import { defaultSettings } from '../../lib/settings';
import type { SandboxProcess } from '../support/sandbox';
import { buildStoreWorker, migrations, newFolder, openTestStore, removeFolder } from '../support/store';
import { until } from '../support/until';
import { recordingLog } from './support';

/** A real Runtime over a real embedded store, on a port of its own, that watches sheets of a sandbox. */
export interface Watchtower {
  readonly home: string;
  readonly store: Store;
  readonly runtime: Runtime;
  readonly log: ReturnType<typeof recordingLog>;
  /** `http://127.0.0.1:port`. */
  readonly address: string;
  /** Every change that was handed out, in the order of coming. */
  readonly found: Change[];
  readonly statuses: Status[];
  watch(
    sandbox: SandboxProcess,
    sheetIds: readonly (number | string)[],
    how?: {
      polling?: boolean;
      token?: string;
      pollSeconds?: number;
      publicUrl?: string;
      quick?: boolean;
      workspaceIds?: readonly string[];
      columns?: readonly string[];
    },
  ): Promise<Stop>;
  /** How many requests were answered at /webhook. */
  answered(): number;
  /** Waits until the last status is this. */
  shows(text: string | RegExp): Promise<void>;
  /** A call of the store that nodes do not make. */
  rpc(name: `billing_audit_${string}`, p: object): Promise<unknown>;
  /** Closes; gives what opens it again on the same home and port. */
  halt(): Promise<() => Promise<Watchtower>>;
  /** Closes and opens again on the same home and port. */
  restart(): Promise<Watchtower>;
  close(): Promise<void>;
}

const BRISK: Partial<Timing> = {
  idleSeconds: 0.2,
  sweepSeconds: 600,
  deletionGraceSeconds: 1,
  firstRetrySeconds: 0.05,
};

let worker: string | null = null;

export interface TowerOptions {
  /** With alerting, as the product has it; without, a tower is lighter. */
  readonly alerting?: boolean;
  /** With the inbox that the product's embedded store has, by which it knows that the store is its alone. */
  readonly inbox?: boolean;
  readonly machine?: OpenRuntimeOptions['machine'];
  readonly rateLimits?: OpenRuntimeOptions['rateLimits'];
}

export async function openWatchtower(timing: Partial<Timing> = {}, options: TowerOptions = {}): Promise<Watchtower> {
  return openAt(newFolder(), 0, { timing: { ...BRISK, ...timing }, ...options }, true);
}

type Opening = TowerOptions & { readonly timing: Partial<Timing> };

async function openAt(home: string, port: number, opening: Opening, isNew: boolean): Promise<Watchtower> {
  const { timing, alerting = false, inbox = false, machine = {}, rateLimits } = opening;
  const limits = rateLimits === undefined ? {} : { rateLimits };
  const log = recordingLog();
  const { driver, ...bare } = await openStore(home, isNew, inbox ? { journal: join(home, 'inbox') } : {});
  const opened = alerting ? { ...bare, driver } : bare;
  const runtime = await openRuntime({ home, log, timing, machine, ...limits, openStore: async () => opened });
  let answered = 0;
  const server = await serve(runtime, port, () => (answered += 1));
  const { port: ownPort } = server.address() as AddressInfo;
  const found: Change[] = [];
  const statuses: Status[] = [];
  const nodeStore = runtime.portsFor({ settings: defaultSettings, credentials: {}, log }).store;
  const close = async (): Promise<void> => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
    await runtime.close();
  };
  const address = `http://127.0.0.1:${ownPort}`;
  return {
    home,
    store: opened.store,
    runtime,
    log,
    address,
    found,
    statuses,
    answered: () => answered,
    watch: (
      sandbox,
      sheetIds,
      {
        polling = false,
        token = 'practice-token',
        pollSeconds = 0.1,
        publicUrl = address,
        quick = false,
        ...more
      } = {},
    ) =>
      runtime.portsFor({ settings: defaultSettings, credentials: {}, log }).changes.subscribe(
        {
          sheetIds: sheetIds.map(String),
          smartsheet: { token, base: `${sandbox.url}/2.0` },
          publicUrl: polling ? null : publicUrl,
          pollSeconds,
          quick,
          ...more,
        },
        (changes) => {
          found.push(...changes);
          void nodeStore.append(changes.map(recorded));
        },
        (status) => statuses.push(status),
      ),
    shows: async (text) => {
      await until(
        () => new RegExp(text).test(statuses.at(-1)?.text ?? ''),
        `the status ${text} (last: ${statuses.at(-1)?.text})`,
      );
    },
    rpc: (name, p) => driver.rpc(name, p),
    halt: async () => {
      await close();
      return () => openAt(home, ownPort, opening, false);
    },
    restart: async () => {
      await close();
      return openAt(home, ownPort, opening, false);
    },
    close: async () => {
      await close();
      removeFolder(home);
    },
  };
}

async function openStore(
  home: string,
  isNew: boolean,
  more: { readonly journal?: string },
): Promise<Omit<NamedOpenStore, 'name'>> {
  worker ??= buildStoreWorker();
  const options = { directory: join(home, 'store'), workerPath: worker, migrations, ...more };
  const driver = isNew ? await openTestStore(home, worker, more) : await openEmbeddedStore(options);
  return { store: storeOver(driver, { secrets: boxOf(home) }), driver, close: () => driver.close() };
}

const boxes = new Map<string, SecretBox>();

/** Made once: inside Jest's vm the box does not recognise that its key is there already. */
function boxOf(home: string): SecretBox {
  const box = boxes.get(home) ?? openSecretBox(join(home, 'keys'));
  boxes.set(home, box);
  return box;
}

function serve(runtime: Runtime, port: number, onAnswered: () => void): Promise<http.Server> {
  const server = http.createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const asked = { headers: request.headers, body: Buffer.concat(chunks) };
      void runtime.answerWebhook(asked).then(({ status, headers, body }) => {
        response.writeHead(status, headers).end(body);
        onAnswered();
      });
    });
  });
  return new Promise((resolve) => server.listen(port, '127.0.0.1', () => resolve(server)));
}

/** A change in short: what a test says about it. */
export function brief({ kind, column_name, old_value, new_value, changed_by }: Change): readonly unknown[] {
  return kind === 'cell_changed' ? [column_name, old_value, new_value, changed_by] : [kind, changed_by];
}

/** The event that records a change, judged as harmless: what an Audit Trail node would be handed. */
function recorded(change: Change): AuditEvent {
  const { old_value, new_value, column_id: _columnId, found_by: _foundBy, ...same } = change;
  return {
    ...same,
    old_value,
    new_value,
    timestamp: null,
    work_request: null,
    violation_type: 'NONE',
    delta: null,
    week_ending: null,
    is_historical: null,
    severity: 'LOW',
    issue_description: '',
    suggested_fix: '',
    ip_address: null,
    device_info: null,
    session_id: null,
    user_agent: null,
    risk_score: null,
    anomaly_score: null,
    predicted_category: null,
    currency: 'USD',
    approval_id: null,
    reasons: [],
    unknown_facts: [],
    rules_hash: null,
  };
}
