import type { Node, NodeDef } from 'node-red';
import type { CredentialDefinition, SettingsDefinition } from '../../../lib/define';
import { CatchableError } from './errors';
import type { House } from './house';
import { filledValues } from '../../../lib/settings';
import type { SavedFields } from './params';

/** The constructor of the config node that holds a credential; its secrets are Node-RED credentials. */
export function credentialConstructor(house: House) {
  return function construct(this: Node & { saved?: SavedFields }, config: NodeDef): void {
    house.RED.nodes.createNode(this, config);
    this.saved = { ...config };
  };
}

/** Secret fields in the form that `registerType` takes. */
export function credentialTypes({ fields }: CredentialDefinition): Record<string, { type: 'password' }> {
  const secrets = Object.entries(fields).filter(([, field]) => field.kind === 'secret');
  return Object.fromEntries(secrets.map(([name]) => [name, { type: 'password' }]));
}

/** The constructor of the shared *Billing settings* config node. */
export function settingsConstructor(house: House, definition: SettingsDefinition) {
  return function construct(this: Node, config: NodeDef): void {
    house.RED.nodes.createNode(this, config);
    const saved: SavedFields = { ...config };
    const read = () => filledValues(definition.fields, saved);
    house.shared.add(this.id, read);
    this.on('close', () => house.shared.remove(this.id));
    try {
      read();
    } catch (thrown) {
      this.error(new CatchableError(thrown), {});
    }
  };
}
