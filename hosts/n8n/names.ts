import type { NodeDefinition } from '../../lib/define';

/** The npm name; saved in every workflow as the first part of a node's type, so never changed. */
export const PACKAGE_NAME = 'n8n-nodes-billing-audit';

/** Names of credential types are shared by all packages of an n8n, so each carries ours. */
export const SMARTSHEET_CREDENTIAL = 'billingAuditSmartsheetApi';
export const STORE_CREDENTIAL = 'billingAuditStoreApi';

/** Where the fields stand that are not shown at once: n8n's own idiom, a collection to which options are added. */
export const OPTIONS = 'options';

/** `risk-score` as n8n names a class (`RiskScore`). */
export function className({ name }: Pick<NodeDefinition, 'name'>): string {
  return name
    .split('-')
    .map((word) => word.charAt(0).toUpperCase() + word.slice(1))
    .join('');
}

/** `risk-score` as n8n names a node type (`riskScore`); saved in every workflow, so never changed. */
export function nodeName(definition: Pick<NodeDefinition, 'name'>): string {
  const name = className(definition);
  return name.charAt(0).toLowerCase() + name.slice(1);
}
