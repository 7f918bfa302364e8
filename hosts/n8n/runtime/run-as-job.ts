import type { IExecuteFunctions } from 'n8n-workflow';
import type { ActionDefinition } from '../../../lib/define';
import { askJob } from '../../../lib/runtime/ask-job';
import { machineOf } from './machine';
import { placeOf } from './ports';
import { runOf, turnOf } from './run-of';
import type { StoreAccess } from './store';

interface Work {
  readonly input: unknown;
  readonly entered: Readonly<Record<string, unknown>>;
  readonly itemIndex: number;
}

/**
 * Lets a Billing Audit server do what n8n cannot (files, threads, sockets), and waits for what it gives. Repeating the
 * same item of the same execution is asking once.
 * @throws NeedsServer, JobFailed
 */
export function runAsJob(
  context: IExecuteFunctions,
  definition: ActionDefinition,
  { store, shared }: StoreAccess,
  { input, entered, itemIndex }: Work,
): Promise<Readonly<Record<string, unknown>>> {
  const { id: workflowId, name } = context.getWorkflow();
  const node = context.getNode();
  return askJob(
    { ...machineOf(context), store },
    {
      kind: definition.name.replaceAll('-', '_'),
      parameters: { input, fields: entered, settings: shared },
      askedBy: `n8n: ${name ?? workflowId ?? 'a workflow'}, ${node.name}`.slice(0, 200),
      requestKey: `${runOf(context)}:${placeOf(context)}:${turnOf(context)}:${itemIndex}`,
    },
  );
}
