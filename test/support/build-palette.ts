import { execFileSync } from 'node:child_process';
import { join, resolve } from 'node:path';

const ROOT = resolve(__dirname, '../..');

/**
 * Builds a palette out of a test's own definitions, in a process of its own.
 * @returns the folder of the package
 */
export function buildPalette(name: string, { definitions, palette }: { definitions: string; palette: string }): string {
  return build(name, { definitions, palette, workers: {} });
}

/** Builds the palette as it is shipped, without touching `dist/`, where another test may be running it. */
export function buildShippedPalette(name: string): string {
  return build(name, {});
}

function build(name: string, options: Readonly<Record<string, unknown>>): string {
  const outdir = join(ROOT, 'build', 'test-palettes', name);
  const given = JSON.stringify({ ...options, outdir });
  const script = `import { buildNodeRed } from './scripts/build/node-red.mjs'; await buildNodeRed(${given});`;
  execFileSync(process.execPath, ['--input-type=module', '-e', script], { cwd: ROOT, stdio: 'pipe' });
  return outdir;
}
