import { NodeApiError, NodeOperationError, type INode, type JsonObject } from 'n8n-workflow';
import { BillingAuditError, messageOf } from '../../../lib/errors';

/** What of a failure travels with an item, when the workflow is told to go on. */
export interface FailedItem {
  readonly [name: string]: unknown;
  readonly error: string;
  readonly code: string;
  readonly hint: string;
}

export function failedItem(thrown: unknown): FailedItem {
  if (thrown instanceof BillingAuditError) {
    return { error: thrown.message, code: thrown.code, hint: thrown.hint, context: thrown.context };
  }
  return { error: messageOf(thrown), code: 'unexpected_error', hint: '' };
}

/** Codes of failures that another service caused; n8n shows these as errors of an API. */
const FROM_SERVICES = /^(smartsheet|store)_/;

/** A failure in n8n's form: what happened, and below it what to do. */
export function nodeError(node: INode, thrown: unknown, itemIndex?: number): NodeApiError | NodeOperationError {
  if (thrown instanceof NodeApiError || thrown instanceof NodeOperationError) return thrown;
  const { error: message, code, hint, context = {} } = failedItem(thrown);
  const details = { description: hint, ...(itemIndex !== undefined && { itemIndex }) };
  const failure = FROM_SERVICES.test(code)
    ? new NodeApiError(node, { message, code } as JsonObject, { message, ...details })
    : new NodeOperationError(node, message, details);
  failure.context['billingAudit'] = { code, context };
  return failure;
}
