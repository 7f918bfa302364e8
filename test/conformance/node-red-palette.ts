import { createPalette } from '../../hosts/node-red';
import type { NodeDefinition } from '../../lib/define';
import type { NodeSide, Runtime } from '../../lib/runtime/runtime';
import { credentials, nodes } from '../../nodes';
import { thisMachine } from '../../lib/runtime/machine';
import { casePorts } from './case-ports';
import { conformanceCases, noFacts } from './cases';

const cases = conformanceCases(process.env['CONFORMANCE_FOLDER']);

/** The id of a case's node is `case-<index>`; it gets the facts that its case says are known. */
function portsFor({ settings, nodeId = '' }: NodeSide): ReturnType<Runtime['portsFor']> {
  // The worker that does jobs for other hosts; nobody asks for one here.
  if (nodeId === '') {
    const ports = casePorts({ settings, facts: noFacts, now: '2026-02-03T18:00:00.000Z' });
    const store = { leaseJob: () => Promise.resolve(null) } as unknown as typeof ports.store;
    return { ...ports, store, sleep: thisMachine().sleep };
  }
  const found = cases[Number(nodeId.replace('case-', ''))];
  if (!found) throw new Error(`${nodeId} is no case.`);
  return casePorts({ settings, facts: found.facts, now: found.now });
}

/** The shipped nodes over a Runtime whose store knows what the cases say. */
export const palette = createPalette({
  nodes: nodes as readonly NodeDefinition[],
  credentials,
  environment: {},
  openRuntime: () =>
    Promise.resolve({
      portsFor,
      answerWebhook: () => Promise.resolve({ status: 404, headers: {}, body: '' }),
      keepFlow: () => Promise.resolve('0'.repeat(64)),
      configurationInForce: () => Promise.resolve([]),
      health: () => Promise.resolve({ status: 'ok', checks: [], counts: null }),
      close: () => Promise.resolve(),
    }),
});
