import type { IExecuteFunctions } from 'n8n-workflow';

/** A run of a workflow among all that share a store: each n8n counts its executions from 1. */
export function runOf(context: IExecuteFunctions): string {
  return `${context.getInstanceId()}:${context.getExecutionId()}`;
}

/** How often the node ran before in this run: more than never inside a loop. */
export function turnOf(context: IExecuteFunctions): number {
  const { $runIndex } = context.getWorkflowDataProxy(0);
  return Number($runIndex ?? 0);
}
