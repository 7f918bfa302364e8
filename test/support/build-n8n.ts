import { execFileSync } from 'node:child_process';
import { join, resolve } from 'node:path';

const ROOT = resolve(__dirname, '../..');

/**
 * Builds the n8n package as it is shipped, without touching `dist/` or `build/n8n`, where another test may be reading.
 * @returns the folder of the package
 */
export function buildN8nPackage(name: string): string {
  return buildN8nSources(name).package;
}

/** The same. @returns the folder of the package, and that of the generated sources */
export function buildN8nSources(name: string): { readonly package: string; readonly sources: string } {
  const outdir = join('build', 'test-n8n', name, 'package');
  const sources = join('build', 'test-n8n', name, 'sources');
  const given = JSON.stringify({ outdir, sources });
  const script = `import { buildN8n } from './scripts/build/n8n.mjs'; await buildN8n(${given});`;
  execFileSync(process.execPath, ['--input-type=module', '-e', script], { cwd: ROOT, stdio: 'pipe' });
  return { package: join(ROOT, outdir), sources: join(ROOT, sources) };
}
