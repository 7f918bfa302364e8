import { nodeName } from '../../hosts/n8n/names';
import { n8nNodes } from '../../hosts/n8n/palette';
import type { NodeDefinition } from '../../lib/define';
import { nodes as definitions } from '../../nodes';
import { buildN8nPackage } from '../support/build-n8n';
import { type ConformanceCase, conformanceCases } from './cases';
import { type CaseOutcome, expectCase, outputsOf } from './expect-case';
import { formOf } from './n8n/parameters';
import type { Asked, EngineOutcome } from './n8n/protocol';
import { type RunningEngine, startEngine } from './n8n/start-engine';

/** What only n8n asks: here the outbox, as every other host has it. */
const N8N_ONLY: Readonly<Partial<Record<string, object>>> = { alert: { delivery: 'outbox' } };

/** What a server does for n8n as a job is tried in test/n8n/run-as-job.test.ts. */
const atWork = new Set(
  (definitions as readonly NodeDefinition[])
    .filter((each) => each.role === 'action' && each.runs === 'anywhere')
    .map(({ name }) => name),
);
const cases = conformanceCases().filter(({ node }) => atWork.has(node));
/** n8n's engine takes no item that is nothing; all else is handed to the node as it stands. */
const carried = cases.filter(({ input }) => input !== null);
const recorded = cases.find(({ node }) => node === 'audit-trail') as ConformanceCase;
const event = recorded.input as Readonly<Record<string, unknown>>;
const recording: Asked = { ...askedOf(recorded), items: [] };
const scoring: Asked = { ...recording, type: 'riskScore' };
let engine: RunningEngine;

beforeAll(async () => {
  engine = await startEngine(buildN8nPackage('conformance'));
}, 180_000);
afterAll(() => engine.stop());

function askedOf({ node, params, settings, facts, now, input }: ConformanceCase): Asked {
  return {
    type: nodeName({ name: node }),
    parameters: formOf(node, { ...N8N_ONLY[node], ...params }),
    settings,
    facts,
    now,
    items: [input],
  };
}

interface FailedJson {
  readonly error: string;
  readonly details: { readonly code: string; readonly hint: string };
}

const wrongType = expect.objectContaining({ code: 'wrong_message_type' }) as unknown;

/** What left the node, by the names of its definition; an item that failed carries its error. */
function outcomeOf(node: string, { outputs, thrown }: EngineOutcome): CaseOutcome {
  if (thrown) throw new Error(`The run ended: ${thrown.message} ${thrown.description}`);
  const named = outputsOf(node).map((name, index) => [name, (outputs[index] ?? []).map(({ json }) => json)] as const);
  const [first] = named[0]?.[1] ?? [];
  if (typeof first === 'object' && first !== null && 'error' in first) {
    const { error: message, details } = first as FailedJson;
    return { outputs: {}, error: { message, ...details } };
  }
  return { outputs: Object.fromEntries(named) };
}

it('loads every node of the palette, as n8n loads a package', () => {
  expect([...engine.nodeTypes].sort()).toEqual(n8nNodes.map(({ definition }) => nodeName(definition)).sort());
});

describe("the conformance cases, through n8n's engine", () => {
  it.each(carried.map((each) => [each.node, each.name, each] as const))('%s: %s', async (_node, _name, expected) => {
    const run = await engine.run({ ...askedOf(expected), onError: 'continueRegularOutput' });
    expectCase(expected, outcomeOf(expected.node, run));
    for (const { item } of run.outputs.flat()) expect(item).toBe(0);
  });

  it('leaves out only what n8n itself refuses to carry: an item that is nothing', async () => {
    const left = cases.filter((each) => !carried.includes(each));
    expect(left.map(({ name }) => name)).toEqual(['nothing at all is refused']);
    for (const each of left) {
      const { thrown } = await engine.run({ ...askedOf(each), onError: 'continueRegularOutput' });
      expect(thrown?.message).toContain('of null');
    }
  });
});

describe('a failure in n8n', () => {
  const refused = carried.filter(({ error }) => error);

  it.each(refused.map((each) => [each.node, each.name, each] as const))(
    'ends the run with its place and its way out: %s: %s',
    async (_node, _name, expected) => {
      const { thrown, status } = await engine.run(askedOf(expected));
      expect(status).toBe('error');
      expect(thrown).toMatchObject({ name: 'NodeOperationError', itemIndex: 0 });
      for (const part of expected.error?.says ?? []) expect(thrown?.message).toContain(part);
      expect(thrown?.description).not.toBe('');
    },
  );

  it('names the item that failed, not the first', async () => {
    const { thrown } = await engine.run({ ...scoring, items: [event, event, { topic: 'hello' }] });
    expect(thrown).toMatchObject({ name: 'NodeOperationError', itemIndex: 2 });
    expect(thrown?.message).toContain('Expected an audit-event, got an object with topic');
  });

  it('is an error of the service when the store refuses the key', async () => {
    const { thrown } = await engine.run({ ...recording, items: [event], apiKey: 'another' });
    expect(thrown?.name).toBe('NodeApiError');
    expect(thrown?.message).toContain('refused the key');
    expect(thrown?.description).toContain('Give the service key');
    expect(thrown?.itemIndex).toBe(0);
  });

  it('says which field of the credential is wrong before any item is looked at', async () => {
    const { thrown } = await engine.run({ ...scoring, items: [event], settings: { timeZone: 'Mars/Olympus' } });
    expect(thrown?.message).toContain('Mars/Olympus');
    expect(thrown?.description).not.toBe('');
  });

  it('leaves by the error output with what came in, where the node has one', async () => {
    const run = await engine.run({
      ...scoring,
      items: [event, { topic: 'hello' }, event],
      onError: 'continueErrorOutput',
    });
    const [scored = [], highRisk = [], failed = []] = run.outputs;
    expect(scored.map(({ item }) => item)).toEqual([0, 2]);
    expect(highRisk).toEqual([]);
    expect(failed).toEqual([
      { item: 1, json: expect.objectContaining({ topic: 'hello', details: wrongType }) as unknown },
    ]);
  });
});

describe('several items in one run', () => {
  it('come out in their order, each paired with the item that it was made from', async () => {
    const items = Array.from({ length: 230 }, (_, index) => ({ ...event, event_key: `100:200:300:${index + 1}` }));
    const { outputs } = await engine.run({ ...recording, items });
    const [recorded = []] = outputs;
    expect(recorded.map(({ item }) => item)).toEqual(items.map((_, index) => index));
    expect(recorded.map(({ json }) => (json as { readonly event_key: string }).event_key)).toEqual(
      items.map(({ event_key }) => event_key),
    );
    expect(recorded.map(({ json }) => (json as { readonly seq: number }).seq)).toEqual(
      items.map((_, index) => index + 1),
    );
  });

  it('are told apart where one fails and the run goes on', async () => {
    const items = [event, { topic: 'hello' }, event];
    const { outputs } = await engine.run({ ...scoring, items, onError: 'continueRegularOutput' });
    expect(outputs[0]?.map(({ item, json }) => [item, 'error' in (json as object)])).toEqual([
      [0, false],
      [1, true],
      [2, false],
    ]);
  });

  it('each see their own value of an expression', async () => {
    const items = [
      { ...event, threshold: 0.9 },
      { ...event, threshold: 0 },
    ];
    const parameters = { highRiskFrom: '={{ $json.threshold }}' };
    const { outputs } = await engine.run({ ...scoring, parameters, items });
    expect(outputs[0]?.map(({ item }) => item)).toEqual([0, 1]);
    expect(outputs[1]?.map(({ item }) => item)).toEqual([1]);
  });
});

describe('Alert in n8n', () => {
  it('gives the mail for the next node, and raises nothing, where nothing else is chosen', async () => {
    const told = cases.find(({ name }) => name.startsWith('the subject begins')) as ConformanceCase;
    // Not recorded: with the outbox this would be refused.
    const { outputs } = await engine.run({
      ...askedOf(told),
      parameters: formOf('alert', told.params),
      facts: recorded.facts,
    });
    const [{ json } = { json: null }] = outputs[0] ?? [];
    expect(json).toMatchObject({
      recipients: ['boss@example.com'],
      subject: expect.stringContaining('[Billing]') as unknown,
    });
  });
});

describe("what n8n's own nodes give", () => {
  it('checks the chosen sheets when a Schedule Trigger ticks', async () => {
    const asked = cases.find(({ name }) => name.startsWith('a tick checks the sheets')) as ConformanceCase;
    const tick = { timestamp: '2026-02-03T12:00:00.000-06:00', 'Readable date': 'February 3rd 2026, 12:00:00 pm' };
    const run = await engine.run({ ...askedOf(asked), items: [tick] });
    expectCase(asked, outcomeOf(asked.node, run));
  });

  it('is refused with the documented sentence where it is of the wrong type', async () => {
    const { outputs } = await engine.run({
      ...recording,
      items: [{ event_key: '100:200:300:2', sheet_id: '100' }],
      onError: 'continueRegularOutput',
    });
    const [{ json } = { json: null }] = outputs[0] ?? [];
    expect(json).toMatchObject({ details: wrongType });
    expect((json as FailedJson).error).toContain('Expected an audit-event, got an object with event_key, sheet_id');
    expect((json as FailedJson).error).toContain('`violation_type`');
    expect((json as FailedJson).details.hint).not.toBe('');
  });
});
