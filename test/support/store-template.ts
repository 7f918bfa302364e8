import { createHash } from 'node:crypto';
import { cpSync, existsSync, mkdirSync, readFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { openEmbeddedStore } from '../../lib/store';
import { addFolder, addMigrations, keptTemplate, keepTemplate, makingFolder } from './templates';

const root = resolve(__dirname, '../..');

/**
 * Lays an empty store of today's migrations into `directory`, unless one is there. Making one from nothing takes some
 * seconds, most of a small test: it is made once, kept for as long as what makes it stays the same, and copied from then
 * on. All copies have the same origin of their log.
 */
export async function layStore(directory: string, workerPath: string, migrations: string): Promise<void> {
  if (existsSync(directory)) return;
  const template = keptTemplate('store', fingerprint(migrations));
  if (!existsSync(template)) await make(template, workerPath, migrations);
  mkdirSync(dirname(directory), { recursive: true });
  cpSync(template, directory, { recursive: true });
}

async function make(template: string, workerPath: string, migrations: string): Promise<void> {
  const directory = join(makingFolder(template), 'store');
  await (await openEmbeddedStore({ directory, workerPath, migrations })).close();
  keepTemplate(directory, template);
}

function fingerprint(migrations: string): string {
  const hash = createHash('sha256');
  addMigrations(hash, migrations);
  addFolder(hash, join(root, 'lib/store/embedded'));
  hash.update(readFileSync(join(root, 'lib/store/migrate.ts')));
  hash.update(readFileSync(join(root, 'node_modules/@electric-sql/pglite/package.json')));
  return hash.digest('hex').slice(0, 16);
}
