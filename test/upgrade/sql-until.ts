import { cpSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { migrations } from '../support/store';

/**
 * The SQL that a version had, in a folder below `folder`.
 * @param last  the number of its last migration
 * @param more  a file that comes after it
 * @returns the folder `supabase/`
 */
export function sqlUntil(folder: string, last: string, more?: { readonly name: string; readonly sql: string }): string {
  const to = join(folder, 'supabase');
  cpSync(migrations, to, { recursive: true });
  for (const name of readdirSync(join(to, 'migrations'))) {
    if (name.slice(0, last.length) > last) rmSync(join(to, 'migrations', name));
  }
  if (more) writeFileSync(join(to, 'migrations', more.name), more.sql);
  return to;
}
