import type { CredentialDefinition, NodeDefinition } from '../../lib/define';

/** The npm name of the palette; Node-RED serves its resources and catalogues under it. */
export const PACKAGE_NAME = '@billing-audit/node-red';

/** Where a node keeps the id of the Billing settings it was told to use. */
export const SETTINGS_PROPERTY = 'billingSettings';

export const SETTINGS_TYPE = 'billing-audit-settings';

/** The Node-RED type of a definition; saved in every flow, so never changed. */
export function nodeType(definition: Pick<NodeDefinition, 'role' | 'name'>): string {
  return definition.role === 'settings' ? SETTINGS_TYPE : `billing-audit-${definition.name}`;
}

/** The Node-RED type of a credential's config node. */
export function credentialType(credential: Pick<CredentialDefinition, 'name'>): string {
  return `billing-audit-${credential.name}`;
}

/** Where a node keeps the source of a field that takes expressions (`str`, `msg`, `jsonata`, ...). */
export function typeProperty(field: string): string {
  return `${field}Type`;
}
