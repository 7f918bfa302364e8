import { createHash } from 'node:crypto';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { openEmbeddedStore } from '../../lib/store';

const root = resolve(__dirname, '../..');
const NAME = 'store-template-';

/**
 * Lays an empty store of today's migrations into `directory`, unless one is there. Making one from nothing takes some
 * seconds, most of a small test: it is made once, kept below `build/` for as long as what makes it stays the same, and
 * copied from then on. All copies have the same origin of their log.
 */
export async function layStore(directory: string, workerPath: string, migrations: string): Promise<void> {
  if (existsSync(directory)) return;
  const template = join(root, 'build', 'test', `${NAME}${fingerprint(migrations)}`);
  if (!existsSync(template)) await make(template, workerPath, migrations);
  mkdirSync(dirname(directory), { recursive: true });
  cpSync(template, directory, { recursive: true });
}

/** Under another name until it is whole: another process may be making it too, and the first one is kept. */
async function make(template: string, workerPath: string, migrations: string): Promise<void> {
  const folder = dirname(template);
  mkdirSync(folder, { recursive: true });
  for (const other of readdirSync(folder)) {
    if (other.startsWith(NAME) && other !== basename(template)) rmSync(join(folder, other), { recursive: true });
  }
  const making = mkdtempSync(join(folder, 'making-'));
  const directory = join(making, 'store');
  await (await openEmbeddedStore({ directory, workerPath, migrations })).close();
  if (!existsSync(template)) renameSync(directory, template);
  rmSync(making, { recursive: true, force: true });
}

function fingerprint(migrations: string): string {
  const hash = createHash('sha256');
  const add = (folder: string): void => {
    for (const entry of readdirSync(folder, { withFileTypes: true }).sort((a, b) => (a.name < b.name ? -1 : 1))) {
      const path = join(folder, entry.name);
      if (entry.isDirectory()) add(path);
      else hash.update(`${entry.name}\0`).update(readFileSync(path)).update('\0');
    }
  };
  add(migrations);
  add(join(root, 'lib/store/embedded'));
  hash.update(readFileSync(join(root, 'lib/store/migrate.ts')));
  hash.update(readFileSync(join(root, 'node_modules/@electric-sql/pglite/package.json')));
  return hash.digest('hex').slice(0, 16);
}
