import { BadSetting } from '../errors';

/** Where the environment says that everything is kept. */
export type NamedStore =
  | { readonly kind: 'embedded' }
  | { readonly kind: 'postgres'; readonly url: string }
  | { readonly kind: 'supabase'; readonly url: string; readonly key: string };

/** How people call it, where no address may be told. */
export const STORE_NAMES: Readonly<Record<NamedStore['kind'], string>> = {
  embedded: 'embedded store',
  postgres: 'PostgreSQL',
  supabase: 'Supabase',
};

/**
 * The store that the environment names. Practice has the embedded one, whatever is set: it never touches the real thing.
 * @throws BadSetting  two of them at once, or one without its key
 */
export function namedStore(environment: Readonly<Record<string, string | undefined>>): NamedStore {
  const given = (name: string): string => environment[name]?.trim() ?? '';
  if (given('BILLING_AUDIT_PRACTICE') === '1') return { kind: 'embedded' };
  const database = given('DATABASE_URL');
  const url = given('SUPABASE_URL');
  const key = given('SUPABASE_SECRET_KEY');
  if (database !== '' && url !== '') {
    throw new BadSetting(
      'DATABASE_URL',
      'and SUPABASE_URL are both set, and there can be one store only',
      'Take one of the two away: DATABASE_URL connects straight to PostgreSQL, SUPABASE_URL through the API of a project.',
    );
  }
  if (database !== '') return { kind: 'postgres', url: database };
  if (url === '') return { kind: 'embedded' };
  if (key !== '') return { kind: 'supabase', url, key };
  throw new BadSetting(
    'SUPABASE_SECRET_KEY',
    'is not set, and SUPABASE_URL is',
    'Give a secret key of the project (sb_secret_..., Project Settings > API keys).',
  );
}
