import { buildPalette } from '../support/build-palette';
import { startNodeRed, type FlowNode, type RunningNodeRed } from '../support/node-red';
import { conformanceCases } from './cases';
import { type CaseOutcome, expectCase, outputsOf } from './expect-case';

interface Answer {
  readonly outputs?: CaseOutcome['outputs'];
  readonly error?: { readonly code: string; readonly message: string; readonly cause: { readonly hint: string } };
}

const cases = conformanceCases();

/** All cases in one flow: `POST /case/<index>` answers with what left the case's node, or with what was caught. */
function flow(): readonly FlowNode[] {
  const z = 'tab';
  const route =
    'const out = []; out[Number(msg.req.params.id)] = { ...msg, payload: msg.payload.input, given: {} }; return out;';
  return [
    { id: 'tab', type: 'tab', label: 'Conformance' },
    { id: 'in', type: 'http in', z, url: '/case/:id', method: 'post', wires: [['route']] },
    {
      id: 'route',
      type: 'function',
      z,
      func: route,
      outputs: cases.length,
      wires: cases.map((_, index) => [`case-${index}`]),
    },
    ...cases.flatMap(({ node, params, settings }, index): FlowNode[] => [
      {
        ...params,
        id: `case-${index}`,
        type: `billing-audit-${node}`,
        z,
        billingSettings: `settings-${index}`,
        wires: outputsOf(node).map((name) => [`collect-${name}`]),
      },
      { ...settings, id: `settings-${index}`, type: 'billing-audit-settings' },
    ]),
    ...[...new Set(cases.flatMap(({ node }) => outputsOf(node)))].map((name) => ({
      id: `collect-${name}`,
      type: 'function',
      z,
      func: `const at = 'given-' + msg.req.params.id; const given = flow.get(at) || {}; (given['${name}'] ??= []).push(msg.payload); flow.set(at, given);`,
      wires: [],
    })),
    { id: 'done', type: 'complete', z, scope: cases.map((_, index) => `case-${index}`), wires: [['gather']] },
    {
      id: 'gather',
      type: 'function',
      z,
      func: `msg.payload = { outputs: flow.get('given-' + msg.req.params.id) || {} }; return msg;`,
      outputs: 1,
      wires: [['answer']],
    },
    { id: 'catcher', type: 'catch', z, scope: null, wires: [['caught']] },
    {
      id: 'caught',
      type: 'function',
      z,
      func: 'msg.payload = { error: msg.error }; return msg;',
      outputs: 1,
      wires: [['answer']],
    },
    { id: 'answer', type: 'http response', z, wires: [] },
  ];
}

let red: RunningNodeRed;

async function outcomeOf(index: number, input: unknown): Promise<CaseOutcome> {
  const answer = await fetch(`${red.address}/case/${index}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ input }),
    signal: AbortSignal.timeout(20_000),
  });
  const { outputs = {}, error } = (await answer.json()) as Answer;
  return { outputs, ...(error && { error: { code: error.code, message: error.message, hint: error.cause.hint } }) };
}

beforeAll(async () => {
  const palette = buildPalette('conformance', {
    definitions: 'nodes/index.ts',
    palette: 'test/conformance/node-red-palette.ts',
  });
  red = await startNodeRed({ palette, env: { CONFORMANCE_FOLDER: __dirname }, flows: flow() });
}, 120_000);
afterAll(() => red.stop());

describe('the conformance cases, through Node-RED', () => {
  it.each(cases.map((each, index) => [each.node, each.name, index, each] as const))(
    '%s: %s',
    async (_node, _name, index, expected) => expectCase(expected, await outcomeOf(index, expected.input)),
  );
});
