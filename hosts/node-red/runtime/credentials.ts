import type { Node } from 'node-red';
import type { CredentialDefinition } from '../../../lib/define';
import { BadSetting } from '../../../lib/errors';
import type { Ports } from '../../../lib/ports';
import { checkedValue, isEmpty } from '../../../lib/fields';
import type { House } from './house';
import type { SavedFields } from './params';

/** A deployed credential node: its open fields on itself, its secret ones in Node-RED's credential store. */
export type CredentialNode = Node<Record<string, string>> & { readonly saved?: SavedFields };

/**
 * What a node's credentials hold. A credential that was not chosen, or a field of it that was left empty, is taken from
 * the environment variable that its definition names.
 * @throws BadSetting  when a chosen credential is not deployed, or a value is missing or wrong
 */
export function credentialValues(
  house: House,
  definitions: readonly CredentialDefinition[],
  saved: SavedFields,
): Ports['credentials'] {
  return Object.fromEntries(
    definitions.map((definition) => [
      definition.name,
      valuesOf(house, definition, String(saved[definition.name] ?? '')),
    ]),
  );
}

function valuesOf(house: House, definition: CredentialDefinition, id: string): Readonly<Record<string, string>> {
  const node = id ? (house.RED.nodes.getNode(id) as CredentialNode | null) : null;
  if (id && !node) {
    throw new BadSetting(
      definition.title,
      'is not deployed',
      `Open the node and choose the ${definition.title} again.`,
    );
  }
  return credentialFields(definition, { ...node?.saved, ...node?.credentials }, house.parts.environment);
}

/** The complete text values of one credential, from what was entered and what the environment says. */
export function credentialFields(
  definition: CredentialDefinition,
  entered: SavedFields,
  environment: Readonly<Record<string, string | undefined>>,
): Readonly<Record<string, string>> {
  return Object.fromEntries(
    Object.entries(definition.fields).map(([name, field]) => {
      const fromEnvironment = field.environment ? environment[field.environment] : undefined;
      const raw = !isEmpty(entered[name]) ? entered[name] : !isEmpty(fromEnvironment) ? fromEnvironment : field.default;
      return [name, String(checkedValue({ ...field, required: false }, raw))];
    }),
  );
}
