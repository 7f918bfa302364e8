import type { Hash } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';

/** Folders that take long to make and are the same for every test: kept below `build/`, and copied. */
const KEPT = resolve(__dirname, '../../build/test');

/** Where the folder that was made out of this is, or will be. @param fingerprint  of all that it is made of */
export const keptTemplate = (name: string, fingerprint: string): string =>
  join(KEPT, `${name}-template-${fingerprint}`);

/** A new folder in which a template is made under another name until it is whole; those of yesterday go. */
export function makingFolder(template: string): string {
  mkdirSync(KEPT, { recursive: true });
  const kind = basename(template).replace(/[^-]*$/, '');
  for (const other of readdirSync(KEPT)) {
    if (other.startsWith(kind) && other !== basename(template)) rmSync(join(KEPT, other), { recursive: true });
  }
  return mkdtempSync(join(KEPT, 'making-'));
}

/** Keeps what was made in a making folder. Another process may have made it too: the first one is kept. */
export function keepTemplate(made: string, template: string): void {
  try {
    renameSync(made, template);
  } catch (thrown) {
    // A folder that is not empty is never replaced.
    if (!existsSync(template)) throw thrown;
  }
  rmSync(dirname(made), { recursive: true, force: true });
}

/** Adds the SQL that makes a store; what else stands in its folder, here and in a package, changes nothing. */
export function addMigrations(hash: Hash, folder: string): void {
  hash.update(readFileSync(join(folder, 'bootstrap.sql')));
  addFolder(hash, join(folder, 'migrations'));
}

/** Adds all files of a folder, by name and content. */
export function addFolder(hash: Hash, folder: string): void {
  for (const entry of readdirSync(folder, { withFileTypes: true }).sort((a, b) => (a.name < b.name ? -1 : 1))) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) addFolder(hash, path);
    else hash.update(`${entry.name}\0`).update(readFileSync(path)).update('\0');
  }
}
