import { cpSync, existsSync, readdirSync, renameSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { CopyNotMade } from '../store-errors';

const PREFIX = 'store-before-upgrade-';
const KEPT = 2;

/**
 * Copies a store before it is changed by an upgrade, and keeps the last two such copies.
 * @param newest  the newest migration that it has
 * @throws CopyNotMade
 */
export async function copyBeforeUpgrade(
  store: { copyTo(folder: string): Promise<void> },
  copies: string | undefined,
  newest: string,
  now: number,
): Promise<void> {
  if (copies === undefined) return;
  const stamp = new Date(now).toISOString().replace(/[:.]/g, '-');
  const folder = join(copies, `${PREFIX}${stamp}-from-${newest}`);
  try {
    await store.copyTo(folder);
    for (const old of copiesIn(copies).slice(0, -KEPT)) rmSync(join(copies, old), { recursive: true, force: true });
  } catch (thrown) {
    throw new CopyNotMade(copies, thrown);
  }
}

/** The copy that was made last; null when there is none. */
export function lastUpgradeCopy(copies: string): string | null {
  const name = copiesIn(copies).at(-1);
  return name === undefined ? null : join(copies, name);
}

function copiesIn(folder: string): readonly string[] {
  if (!statSync(folder, { throwIfNoEntry: false })?.isDirectory()) return [];
  return readdirSync(folder)
    .filter((name) => name.startsWith(PREFIX) && !name.endsWith('.part'))
    .sort();
}

/**
 * Puts a copy into the place of a store that nobody has open. The store that was there is kept beside it.
 * @returns where
 */
export function returnTo(copy: string, directory: string, now: number): string {
  const aside = `${directory}.upgraded-${new Date(now).toISOString().replace(/[:.]/g, '-')}`;
  rmSync(`${directory}.back.part`, { recursive: true, force: true });
  cpSync(copy, `${directory}.back.part`, { recursive: true });
  renameSync(`${directory}.back.part`, `${directory}.back`);
  renameSync(directory, aside);
  renameSync(`${directory}.back`, directory);
  return aside;
}

/** A return that was cut short between its last two steps would look like a home without a store. */
export function finishReturn(directory: string): void {
  if (existsSync(`${directory}.back`) && !existsSync(directory)) renameSync(`${directory}.back`, directory);
}
