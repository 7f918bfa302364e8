import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { startPipeline } from '../../test/pipeline/harness';
import { startNodeRed } from '../../test/support/node-red';
import { startSandboxProcess, type SandboxProcess } from '../../test/support/sandbox';
import { until } from '../../test/support/until';
import { naiveFlow, naiveSettings } from './naive-flow';

export const SHEETS = 4;
export const ROWS = 60;
const FLAGS = ['--debounce', '0', '--no-rate-limits'];

/** When each changed cell, known by its new value, was recorded: milliseconds since 1970. */
export type Recorded = ReadonlyMap<string, number>;

/** One of the two that are measured, watching its own sandbox. */
export interface Contestant {
  readonly sandbox: SandboxProcess;
  readonly sheetIds: readonly number[];
  /** How many events are recorded by now. */
  count(): Promise<number>;
  /** Reads what was recorded; ends the contestant. */
  finish(): Promise<Recorded>;
}

export async function product(): Promise<Contestant> {
  const pipeline = await startPipeline({ sandboxFlags: FLAGS, prepare: makeSheets });
  await pipeline.watched();
  return {
    sandbox: pipeline.sandbox,
    sheetIds: pipeline.sheets.map(({ id }) => id),
    count: async () => (await pipeline.counts()).events,
    finish: async () => {
      const recorded = await pipeline.openTrail(async (store) => {
        const times = new Map<string, number>();
        let after: string | null = null;
        do {
          const page = await store.search({ limit: 1000, ...(after !== null && { after }) });
          for (const { new_value, timestamp } of page.events) times.set(String(new_value), Date.parse(timestamp ?? ''));
          after = page.next;
        } while (after !== null);
        return times;
      });
      await pipeline.stop();
      return recorded;
    },
  };
}

export async function naive(): Promise<Contestant> {
  const sandbox = await startSandboxProcess(...FLAGS);
  await makeSheets(sandbox);
  const { sheets } = await sandbox.control<{ sheets: { id: number }[] }>('GET', '/sandbox/state');
  const folder = mkdtempSync(join(tmpdir(), 'billing-audit-naive-'));
  const nodeRed = await startNodeRed({
    palette: null,
    settingsCode: naiveSettings(resolve('.'), join(folder, 'database')),
    flows: placed([...naiveFlow({ api: `${sandbox.url}/2.0/`, token: 'practice-token' }), ...secretsFlow()]),
  });
  const look = async (): Promise<{ value: string; at: number }[]> =>
    (await fetch(`${nodeRed.address}/naive/recorded`)).json() as Promise<{ value: string; at: number }[]>;
  await until(look, 'the naive database');
  for (const { id } of sheets) await enableHook(sandbox, id, nodeRed.address);
  return {
    sandbox,
    sheetIds: sheets.map(({ id }) => id),
    count: async () => (await look()).length,
    finish: async () => {
      const recorded = new Map((await look()).map(({ value, at }) => [value, at]));
      await nodeRed.stop();
      await sandbox.stop();
      rmSync(folder, { recursive: true, force: true });
      return recorded;
    },
  };
}

/** Node-RED takes a node without a place on the canvas for a configuration node. */
function placed(flow: ReturnType<typeof naiveFlow>): ReturnType<typeof naiveFlow> {
  return flow.map((node) => ({ x: 100, y: 100, ...node }));
}

/** Where the naive flow is told the secret of a webhook. */
function secretsFlow(): ReturnType<typeof naiveFlow> {
  const keep = "global.get('secrets')[msg.payload.id] = msg.payload.secret; msg.payload = ''; return msg;";
  const rest = { z: 'naive', outputs: 1, timeout: 0, noerr: 0, initialize: '', finalize: '', libs: [] };
  return [
    { id: 'tell', type: 'http in', z: 'naive', url: '/naive/secret', method: 'post', wires: [['keep']] },
    { id: 'keep', type: 'function', name: 'keep', func: keep, wires: [['answer']], ...rest },
  ];
}

async function enableHook(sandbox: SandboxProcess, sheetId: number, address: string): Promise<void> {
  const wanted = {
    name: 'naive',
    callbackUrl: `${address}/naive`,
    scope: 'sheet',
    scopeObjectId: sheetId,
    events: ['*.*'],
    version: 1,
  };
  const { body } = await sandbox.api<{ result: { id: number; sharedSecret: string } }>('POST', '/webhooks', wanted);
  const { id, sharedSecret } = body.result;
  const headers = { 'content-type': 'application/json' };
  const told = JSON.stringify({ id, secret: sharedSecret });
  await fetch(`${address}/naive/secret`, { method: 'POST', headers, body: told });
  await sandbox.api('PUT', `/webhooks/${id}`, { enabled: true });
}

async function makeSheets(sandbox: SandboxProcess): Promise<void> {
  for (let sheet = 0; sheet < SHEETS; sheet += 1) {
    await sandbox.control('POST', '/sandbox/sheets', {
      name: `Billing week ${sheet}`,
      columns: [
        'Work Request #',
        { title: 'Weekly Referenced Logged Date', type: 'DATE' },
        'Quantity',
        'Units Total Price',
      ],
      rows: Array.from({ length: ROWS }, (_, row) => ({
        'Work Request #': `${sheet}${row}.1`,
        'Weekly Referenced Logged Date': '2026-01-07',
        Quantity: 10,
        'Units Total Price': 1000,
      })),
    });
  }
}
