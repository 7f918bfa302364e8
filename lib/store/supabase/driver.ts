import { BadSetting } from '../../errors';
import type { Http, Random, Sleep } from '../../ports';
import { driverOverHttp } from '../driver-over-http';
import type { StoreDriver } from '../store';

export interface SupabaseStoreOptions {
  /** `SUPABASE_URL`: of the project. */
  readonly url: string;
  /** `SUPABASE_SECRET_KEY`: a secret key (sb_secret_...), or the older service_role key. */
  readonly key: string;
  readonly http: Http;
  readonly sleep: Sleep;
  readonly random: Random;
  /** Below the address: a PostgREST of one's own has its functions at the root. */
  readonly path?: '/rest/v1' | '';
}

/**
 * The store in a Supabase project. A call is one POST in PostgREST's form, which is all that the `rpc` of supabase-js
 * does; that package would bring five more along, insist on Node.js 22, and knows no time-out and no second try.
 * @throws BadSetting
 */
export function openSupabaseStore({ url, key, path, ...machine }: SupabaseStoreOptions): StoreDriver {
  const address = URL.canParse(url.trim()) ? new URL(url.trim()) : null;
  if (address === null || !/^https?:$/.test(address.protocol)) {
    throw new BadSetting(
      'SUPABASE_URL',
      'is no address of a Supabase project',
      'Write it like https://abcdefgh.supabase.co (Project Settings > Data API).',
    );
  }
  const isHere = /^(localhost|127\.\d+\.\d+\.\d+|\[::1\])$/.test(address.hostname);
  if (address.protocol === 'http:' && !isHere) {
    throw new BadSetting('SUPABASE_URL', 'would send the key without encryption', 'Write it with https://.');
  }
  if (/^sb_publishable_/.test(key)) {
    throw new BadSetting(
      'SUPABASE_SECRET_KEY',
      'is a publishable key, which may not call our functions',
      'Give a secret key (sb_secret_..., Project Settings > API keys).',
    );
  }
  return driverOverHttp({
    ...machine,
    address: address.href,
    ...(path !== undefined && { path }),
    headers: { apikey: key, authorization: `Bearer ${key}` },
    personHeaders: (token) => ({ apikey: key, authorization: `Bearer ${token}` }),
  });
}
