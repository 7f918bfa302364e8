/** The files of a new node, by path. What they hold works, and reads like the nodes that are there. */
export function newNodeFiles(node, base) {
  const folder = `nodes/${node.name}`;
  return new Map([
    [`${folder}/definition.ts`, definition(node)],
    [`${folder}/fields.ts`, fields(node)],
    [`${folder}/${node.verb}.ts`, verb(node)],
    [`${folder}/index.ts`, `export { ${node.exported} } from './definition';\n`],
    [`${folder}/help.md`, help()],
    [`${folder}/icon.svg`, ICON],
    [`test/conformance/${node.name}.json`, `${JSON.stringify({ base, cases: cases(node) }, null, 2)}\n`],
  ]);
}

const definition = ({ name, exported, title, verb: run, type }) => `import { defineNode } from '../../lib/define';
import { auditEvent } from '../../lib/event';
import { exampleEvent } from '../billing-rules';
import { ${fieldsOf(type)} } from './fields';
import { ${run} } from './${run}';

export const ${exported} = defineNode({
  name: '${name}',
  version: 1,
  runs: 'anywhere',
  title: '${title}',
  summary: 'Gives the events of some severity or higher.',
  input: auditEvent,
  outputs: { given: auditEvent },
  credentials: [],
  fields: ${fieldsOf(type)},
  example: exampleEvent,
  run: ${run},
});
`;

const fieldsOf = (type) => `${type[0].toLowerCase()}${type.slice(1)}Fields`;

const fields = ({ type }) => `import { options } from '../../lib/define';

export const ${fieldsOf(type)} = {
  severityFrom: options({
    label: 'Severity from',
    hint: 'Events of this severity or higher are given.',
    default: 'LOW',
    options: [
      { value: 'LOW', label: 'low' },
      { value: 'MEDIUM', label: 'medium' },
      { value: 'HIGH', label: 'high' },
    ],
  }),
} as const;
`;

const verb = ({ type, verb: run }) => `import type { Emit, Params } from '../../lib/define';
import type { auditEvent, AuditEvent } from '../../lib/event';
import type { ${fieldsOf(type)} } from './fields';

const RANK = { LOW: 1, MEDIUM: 2, HIGH: 3 } as const;

/**
 * Gives an event that is severe enough.
 * @param event   a judged change
 * @param params  the node's fields
 * @returns the event as it came, or nothing
 */
export async function ${run}(
  event: AuditEvent,
  { severityFrom }: Params<typeof ${fieldsOf(type)}>,
): Promise<Emit<{ given: typeof auditEvent }>> {
  return RANK[event.severity] >= RANK[severityFrom] ? { given: event } : {};
}
`;

const help = () => `Gives the events of some severity or higher.

### Inputs

: payload (audit-event) : a judged change, as the _Billing Rules_ node sends it.

### Outputs

1. Given
   : payload (audit-event) : the same event, when its severity is at or above _Severity from_.
`;

const ICON = `<svg xmlns="http://www.w3.org/2000/svg" width="40" height="60" viewBox="0 0 40 60">
  <g fill="none" stroke="#fff" stroke-width="3" stroke-linecap="round" stroke-linejoin="round">
    <path d="M8 20h24L23 32v10l-6-4v-6z" />
  </g>
</svg>
`;

const cases = ({ name }) => [
  {
    node: name,
    name: 'an event of the severity that is asked for is given as it came',
    params: { severityFrom: 'MEDIUM' },
    input: { severity: 'MEDIUM' },
    output: { given: { event_key: '100:200:300:2', severity: 'MEDIUM' } },
  },
  {
    node: name,
    name: 'an event of a lower severity is not',
    params: { severityFrom: 'HIGH' },
    input: { severity: 'MEDIUM' },
    output: { given: null },
  },
  {
    node: name,
    name: 'what nobody judged is refused with what is missing',
    raw: true,
    input: { event_key: '100:200:300:2', sheet_id: '100' },
    error: { code: 'wrong_message_type', says: ['Expected an audit-event', '`violation_type`'] },
  },
];
