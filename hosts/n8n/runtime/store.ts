import { driverOverHttp } from '../../../lib/store/driver-over-http';
import { secretBoxOfStoreKey } from '../../../lib/store/secret-box';
import type { Store, StoreDriver } from '../../../lib/store/store';
import { storeOver } from '../../../lib/store/store-over-driver';
import { BadSetting } from '../../../lib/errors';
import { STORE_CREDENTIAL } from '../names';
import type { Context } from './context';
import { httpWith } from './http';
import { machineOf } from './machine';

/** The store credential as a node finds it: where the store is, and the *Billing settings*. */
export interface StoreAccess {
  readonly store: Store;
  readonly driver: StoreDriver;
  /** The settings that all nodes share; what is empty is not set. */
  readonly shared: Readonly<Record<string, unknown>>;
}

/**
 * Opens the store of the node's credential.
 * @throws BadSetting  when its address is none
 */
export async function openStore(context: Context): Promise<StoreAccess> {
  const { address, apiKey, ...shared } = await context.getCredentials(STORE_CREDENTIAL);
  const driver = driverOverHttp({
    http: httpWith(context, STORE_CREDENTIAL),
    sleep: machineOf(context).sleep,
    address: checkedAddress(address),
  });
  return {
    store: storeOver(driver, { secrets: secretBoxOfStoreKey(String(apiKey)), sealedWith: 'store_key' }),
    driver,
    shared,
  };
}

function checkedAddress(address: unknown): string {
  const text = String(address ?? '').trim();
  if (URL.canParse(text) && /^https?:$/.test(new URL(text).protocol)) return text;
  throw new BadSetting(
    'Address',
    `of the Billing Audit Store credential is ${JSON.stringify(text)}, which is no web address`,
    'Open the credential and give an address such as http://127.0.0.1:1880 or https://project.supabase.co.',
  );
}
