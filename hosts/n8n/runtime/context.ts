import type {
  IExecuteFunctions,
  IHookFunctions,
  ILoadOptionsFunctions,
  IPollFunctions,
  IWebhookFunctions,
} from 'n8n-workflow';

/** What n8n hands to a node, whichever part of it is called. */
export type Context = IExecuteFunctions | IHookFunctions | IWebhookFunctions | IPollFunctions | ILoadOptionsFunctions;

/** A parameter's value; null where it is not set, hidden, or not there. */
export function parameter(context: Context, name: string, itemIndex = 0): unknown {
  // For triggers n8n takes the fallback in the second place, for the others the item's index comes before it.
  if ('getInputData' in context && 'executeWorkflow' in context) {
    return (context as IExecuteFunctions).getNodeParameter(name, itemIndex, null);
  }
  return (context as IPollFunctions).getNodeParameter(name, null);
}
