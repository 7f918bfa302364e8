import { copyFileSync, existsSync } from 'node:fs';
import { join } from 'node:path';

/** Puts the shipped flow into a home that has none. A flow that is there belongs to its user and is left alone. */
export function placeFirstFlow(userDirectory: string, shippedFlow: string): boolean {
  const target = join(userDirectory, 'flows.json');
  if (existsSync(target)) return false;
  copyFileSync(shippedFlow, target);
  return true;
}
