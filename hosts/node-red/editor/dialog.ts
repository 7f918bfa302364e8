import type { BesideField, CredentialDefinition, Fields, NodeDefinition } from '../../../lib/define';
import { credentialType, nodeType, SETTINGS_PROPERTY, SETTINGS_TYPE } from '../names';

/** Whatever Node-RED has an edit dialog for. */
export type Editable = NodeDefinition | (CredentialDefinition & { readonly role: 'credential' });

/** A choice of a config node. */
export interface Choice {
  readonly property: string;
  readonly type: string;
}

/** All that the browser must know of a node to draw, check and read its dialog. No secret is in it. */
export interface Dialog {
  readonly type: string;
  readonly role: Editable['role'];
  readonly fields: Fields;
  readonly outputs: readonly string[];
  /** The fields beside which a sentence stands that the runtime tells. */
  readonly beside: readonly string[];
  /** Where the node keeps the ids of its credentials. */
  readonly credentials: readonly string[];
  /** What "Try with an example" puts in; for a trigger what comes out. */
  readonly example: unknown;
}

const FIELDS_SHOWN = 6;
const RESERVED = new Set(['id', 'type', 'name', 'wires', 'inputs', 'outputs', 'version', SETTINGS_PROPERTY]);

export function typeOf(editable: Editable): string {
  return editable.role === 'credential' ? credentialType(editable) : nodeType(editable);
}

/** Config nodes are not placed in a flow; other nodes point to them. */
export function isConfig({ role }: Editable): boolean {
  return role === 'settings' || role === 'credential';
}

/**
 * @throws Error  when a field has a name that Node-RED keeps for itself; a mistake in the definition
 */
export function dialogOf(editable: Editable): Dialog {
  for (const name of Object.keys(editable.fields)) {
    if (RESERVED.has(name) || name.length < 2) throw new Error(`${editable.name}: a field cannot be named "${name}".`);
  }
  return {
    type: typeOf(editable),
    role: editable.role,
    fields: editable.fields,
    credentials: choicesOf(editable).credentials.map(({ property }) => property),
    outputs: 'outputs' in editable ? Object.keys(editable.outputs) : [],
    beside: Object.keys(besideOf(editable)),
    example: 'example' in editable ? editable.example : null,
  };
}

/** What stands beside the fields of a dialog, by their names. */
export function besideOf(editable: Editable): Readonly<Record<string, BesideField | undefined>> {
  return 'beside' in editable ? (editable.beside ?? {}) : {};
}

/** Six fields at most are shown at once; the others, and those that ask for it, wait under *More*. */
export function arrange(fields: Fields): { readonly shown: readonly string[]; readonly more: readonly string[] } {
  const names = Object.keys(fields);
  const shown = names.filter((name) => !fields[name]?.more).slice(0, FIELDS_SHOWN);
  return { shown, more: names.filter((name) => !shown.includes(name)) };
}

/** The config nodes that a dialog lets one choose. */
export function choicesOf(editable: Editable): {
  readonly credentials: readonly Choice[];
  readonly settings: Choice | null;
} {
  const credentials = 'credentials' in editable ? editable.credentials : [];
  return {
    credentials: credentials.map((each) => ({ property: each.name, type: credentialType(each) })),
    settings: isConfig(editable) ? null : { property: SETTINGS_PROPERTY, type: SETTINGS_TYPE },
  };
}
