import { readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { startNodeRed, type FlowNode } from '../support/node-red';
import type { SandboxProcess } from '../support/sandbox';
import { startPipeline, type Pipeline } from './harness';

const FLOWS = resolve(__dirname, '../../flows/node-red');
const read = (file: string): FlowNode[] =>
  (JSON.parse(readFileSync(join(FLOWS, file), 'utf8')) as FlowNode[]).filter(({ type }) => !type.startsWith('ui-'));

/** One row's date cannot be right, so that a check has something to find. */
const makeSheet = (sandbox: SandboxProcess): Promise<unknown> =>
  sandbox.control('POST', '/sandbox/sheets', {
    name: 'Billing week',
    columns: [
      'Work Request #',
      { title: 'Weekly Referenced Logged Date', type: 'DATE' },
      'Quantity',
      'Units Total Price',
      'Redlined Total Price',
    ],
    rows: ['2026-01-07', '2066-01-07'].map((date, index) => ({
      'Work Request #': `9000${index}.1`,
      'Weekly Referenced Logged Date': date,
      Quantity: 10,
    })),
  });

/** The flow with all that it shows written to the console too, and the states of its trigger. */
function heard(flow: readonly FlowNode[]): FlowNode[] {
  const triggers = flow.filter(({ type }) => type === 'billing-audit-smartsheet-trigger');
  const debug = { type: 'debug', active: true, tosidebar: false, console: true, targetType: 'msg', wires: [] };
  return [
    ...flow.map((node) => (node.type === 'debug' ? { ...node, active: true, console: true } : node)),
    ...triggers.flatMap(({ id, z }) => [
      { id: `${id}-status`, type: 'status', z, scope: [id], wires: [[`${id}-shown`]] },
      { ...debug, id: `${id}-shown`, z, name: 'Trigger status', complete: 'status.fill' },
    ]),
  ];
}

/** The nodes that a message from `id` can come to. */
function reached(flow: readonly FlowNode[], id: string, seen = new Set<string>()): FlowNode[] {
  const wires = (flow.find((node) => node.id === id)?.['wires'] ?? []) as string[][];
  for (const next of wires.flat().filter((each) => !seen.has(each))) {
    seen.add(next);
    reached(flow, next, seen);
  }
  return flow.filter((node) => seen.has(node.id));
}

async function press(pipeline: Pipeline, inject: string, payload?: unknown): Promise<void> {
  const props = [{ p: 'payload', v: JSON.stringify(payload), vt: 'json' }];
  const answer = await fetch(`${pipeline.nodeRed().admin}/inject/${inject}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(payload === undefined ? {} : { __user_inject_props__: props }),
  });
  expect(answer.status).toBe(200);
}

/** Waits until one of the named debug nodes says something that matches, after `from`. */
async function said(pipeline: Pipeline, from: number, names: readonly string[], what: RegExp): Promise<void> {
  const news = (): string => pipeline.nodeRed().logs().slice(from);
  const after = (name: string): string => news().split(`[debug:${name}]`).slice(1).join('');
  await pipeline
    .nodeRed()
    .until(() => names.some((name) => what.test(after(name))), `${names.join(' or ')} to show ${what}`)
    .catch((thrown: unknown) => {
      throw new Error(`Node-RED said: ${news()}`, { cause: thrown });
    });
}

describe.each(readdirSync(FLOWS).filter((file) => file.endsWith('.json')))('the flow "%s"', (file) => {
  const flow = read(file);
  const namesOf = (nodes: readonly FlowNode[]): string[] =>
    nodes.filter(({ type }) => type === 'debug').map(({ id, name }) => String(name || id));
  const injects = flow.filter(({ type }) => type === 'inject');
  let pipeline: Pipeline;
  beforeAll(async () => {
    pipeline = await startPipeline({ sandboxFlags: ['--debounce', '0'], prepare: makeSheet, flow: heard(flow) });
    if (flow.some(({ type }) => type === 'billing-audit-smartsheet-trigger')) await pipeline.watched();
  });
  afterAll(() => pipeline?.stop());

  it('starts without an error or an invalid field, and its trigger watches', async () => {
    await said(pipeline, 0, ['Trigger status'], /green/);
    expect(pipeline.nodeRed().logs()).not.toMatch(/\[error\]|Waiting for missing types|invalid propert/i);
  });

  it('gives events at each of its buttons', async () => {
    for (const { id } of injects) {
      const from = pipeline.nodeRed().logs().length;
      await press(pipeline, id);
      await said(pipeline, from, namesOf(reached(flow, id)), /event_key/);
    }
    expect(pipeline.nodeRed().logs()).not.toContain('[error]');
  });

  it('shows at its Catch what went wrong', async () => {
    const catches = flow.filter(({ type }) => type === 'catch');
    const asking = injects.find(({ id }) => reached(flow, id)[0]?.['operation'] === 'search');
    expect(catches.length).toBeGreaterThan(0);
    if (!asking) return;
    const from = pipeline.nodeRed().logs().length;
    await press(pipeline, asking.id, { limit: 'many' });
    await said(pipeline, from, namesOf(catches.flatMap(({ id }) => reached(flow, id))), /limit/);
  });
});

const REFUSAL = ['is in use', 'give this one another BILLING_AUDIT_HOME'];

describe('a second Node-RED on the same home', () => {
  it('names the process that has the store and what to do, and takes nothing from the first', async () => {
    const flow = read('01 - Watch a sheet.json');
    const pipeline = await startPipeline({ sandboxFlags: ['--debounce', '0'], prepare: makeSheet });
    try {
      await pipeline.watched();
      const home = join(pipeline.nodeRed().userDir, 'home');
      const lock = readFileSync(join(home, 'store/embedded.lock'), 'utf8');
      const second = await startNodeRed({
        flows: flow,
        env: { BILLING_AUDIT_HOME: home, SMARTSHEET_SHEETS: '1', SMARTSHEET_ACCESS_TOKEN: 'x' },
      });
      try {
        const { pid } = JSON.parse(lock) as { pid: number };
        await second.until(
          () => REFUSAL.every((words) => second.logs().includes(words)) && second.logs().includes(`by process ${pid}`),
          `the refusal; it said: ${second.logs()}`,
          8_000,
        );
        expect(second.exited()).toBeNull();
      } finally {
        await second.stop();
      }
      expect(readFileSync(join(home, 'store/embedded.lock'), 'utf8')).toBe(lock);
      await press(pipeline, 'watch-check-now');
      await pipeline.nodeRed().until(async () => (await pipeline.counts()).events >= 1, 'the finding to be recorded');
    } finally {
      await pipeline.stop();
    }
  });
});
