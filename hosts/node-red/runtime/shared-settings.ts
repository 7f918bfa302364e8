import { BadSetting } from '../../../lib/errors';
import type { SettingValues } from './house';

/** The *Billing settings* that are deployed now, by the id of their config node. */
export class SharedSettings {
  private readonly deployed = new Map<string, () => SettingValues>();

  add(id: string, read: () => SettingValues): void {
    this.deployed.set(id, read);
  }

  remove(id: string): void {
    this.deployed.delete(id);
  }

  /**
   * The shared values for a node.
   * @param chosenId  the settings that the node names; empty = the only ones there are
   * @throws BadSetting  when the chosen ones are gone, or none are chosen among several
   */
  valuesFor(chosenId: string): SettingValues {
    const read = chosenId ? this.deployed.get(chosenId) : this.onlyOne();
    if (chosenId && !read) {
      throw new BadSetting(
        'Billing settings',
        'names settings that are not deployed',
        'Open the node and choose them anew.',
      );
    }
    return read ? read() : {};
  }

  private onlyOne(): (() => SettingValues) | undefined {
    if (this.deployed.size > 1) {
      throw new BadSetting(
        'Billing settings',
        'is not chosen, and there are several',
        'Open the node and choose one under More, or keep only one Billing settings node.',
      );
    }
    return this.deployed.values().next().value;
  }
}
