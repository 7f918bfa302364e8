import { execFileSync } from 'node:child_process';
import { join, resolve } from 'node:path';

const ROOT = resolve(__dirname, '../..');

/**
 * Builds a palette out of a test's own definitions, in a process of its own.
 * @returns the folder of the package
 */
export function buildPalette(name: string, { definitions, palette }: { definitions: string; palette: string }): string {
  const outdir = join(ROOT, 'build', 'test-palettes', name);
  const options = { outdir, definitions, palette, folders: ['nodes', 'credentials'], workers: {} };
  const script = `import { buildNodeRed } from './scripts/build/node-red.mjs'; await buildNodeRed(${JSON.stringify(options)});`;
  execFileSync(process.execPath, ['--input-type=module', '-e', script], { cwd: ROOT, stdio: 'pipe' });
  return outdir;
}
