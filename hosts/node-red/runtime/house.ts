import type { NodeAPI } from 'node-red';
import type { CredentialDefinition, NodeDefinition } from '../../../lib/define';
import type { Http } from '../../../lib/ports';
import type { Runtime, RuntimeOptions } from '../../../lib/runtime/runtime';
import type { RuntimeHolder } from './runtime-holder';
import type { SharedSettings } from './shared-settings';

/** Values by the name of a *Billing settings* field; what is not set is left out. */
export type SettingValues = Readonly<Record<string, unknown>>;

/** What the palette is made of; a test hands in its own. */
export interface PaletteParts {
  readonly nodes: readonly NodeDefinition[];
  readonly credentials: readonly CredentialDefinition[];
  readonly openRuntime: (options: RuntimeOptions) => Promise<Runtime>;
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Where pickers get the names of sheets and columns; without it values are typed. */
  readonly choices?: { readonly credential: CredentialDefinition; readonly http: Http };
}

/** What all nodes of this process share. */
export interface House {
  readonly RED: NodeAPI;
  readonly parts: PaletteParts;
  readonly runtimes: RuntimeHolder;
  readonly shared: SharedSettings;
  /** SHA-256 of what is deployed; null while that is not kept in the store yet, and between two deploys. */
  readonly flow: { version: string | null };
}
