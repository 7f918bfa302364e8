import { createPalette } from '../../hosts/node-red';
import type { NodeDefinition } from '../../lib/define';
import { auditEventSchema } from '../../lib/event';
import type { NodeSide, Runtime } from '../../lib/runtime/runtime';
import { credentials, nodes } from '../../nodes';
import { fakePorts } from '../support/fake-ports';
import { conformanceCases } from './cases';

const cases = conformanceCases(process.env['CONFORMANCE_FOLDER']);

/** The id of a case's node is `case-<index>`; it gets the facts that its case says are known. */
function portsFor({ settings, nodeId = '' }: NodeSide): ReturnType<Runtime['portsFor']> {
  const found = cases[Number(nodeId.replace('case-', ''))];
  if (!found) throw new Error(`${nodeId} is no case.`);
  const { facts, now } = found;
  return fakePorts({
    settings,
    now,
    facts: {
      approvals: facts.approvals.map((approval, index) => ({ ...approval, id: String(index + 1) })),
      people: facts.people,
      earlier: facts.earlier,
      sheets: facts.sheets.map((sheet) => ({
        ...sheet,
        version: 1,
        row_count: sheet.rows.length,
        compared_at: null,
        rows: sheet.rows.map((row) => ({ ...row, version: 1, modified_at: null })),
      })),
      trail: facts.trail.map((event) => auditEventSchema.parse(event)),
    },
  });
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
      health: () => Promise.resolve({ status: 'ok', checks: [], counts: null }),
      close: () => Promise.resolve(),
    }),
});
