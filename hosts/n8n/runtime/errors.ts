import { NodeApiError, NodeOperationError, type INode, type JsonObject } from 'n8n-workflow';
import { BillingAuditError, messageOf } from '../../../lib/errors';
import { inWordsOfN8n } from './words';

/**
 * What of a failure travels with an item, when the workflow is told to go on. n8n takes an item for a failed one, and sends
 * it by the error output, only when it has no other members than `error`, `message` and `details`.
 */
export interface FailedItem {
  readonly error: string;
  readonly details: {
    readonly code: string;
    readonly hint: string;
    readonly context?: Readonly<Record<string, unknown>>;
  };
}

export function failedItem(thrown: unknown): FailedItem {
  if (thrown instanceof BillingAuditError) {
    const { message, code, hint, context } = thrown;
    return { error: inWordsOfN8n(message), details: { code, hint: inWordsOfN8n(hint), context } };
  }
  return { error: messageOf(thrown), details: { code: 'unexpected_error', hint: '' } };
}

/** Codes of failures that another service caused; n8n shows these as errors of an API. */
const FROM_SERVICES = /^(smartsheet|store)_/;

/** A failure in n8n's form: what happened, and below it what to do. */
export function nodeError(node: INode, thrown: unknown, itemIndex?: number): NodeApiError | NodeOperationError {
  if (thrown instanceof NodeApiError || thrown instanceof NodeOperationError) return thrown;
  const { error: message, details } = failedItem(thrown);
  const { code, hint, context = {} } = details;
  const inWords = { description: hint, ...(itemIndex !== undefined && { itemIndex }) };
  const failure = FROM_SERVICES.test(code)
    ? new NodeApiError(node, { message, code } as JsonObject, { message, ...inWords })
    : new NodeOperationError(node, message, inWords);
  failure.context['billingAudit'] = { code, context };
  return failure;
}
