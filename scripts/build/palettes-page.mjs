/**
 * Writes docs/palettes.md from the definitions: `node scripts/build/palettes-page.mjs`. With `--print` it only prints what
 * it would write; a test compares that with what is committed.
 */
import { rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { format, resolveConfig } from 'prettier';

const ROOT = resolve(dirname(fileURLToPath(import.meta.url)), '../..');
const PAGE = join(ROOT, 'docs/palettes.md');
const outfile = join(ROOT, 'build/generators', `${process.pid}-palettes-page.cjs`);

await build({
  absWorkingDir: ROOT,
  entryPoints: ['hosts/palettes-page.ts'],
  outfile,
  bundle: true,
  platform: 'node',
  target: 'node22',
  format: 'cjs',
  external: ['nodemailer'],
  logLevel: 'warning',
});
try {
  const { palettesPage } = createRequire(import.meta.url)(outfile);
  const page = await format(palettesPage(), { ...(await resolveConfig(PAGE)), parser: 'markdown' });
  if (process.argv.includes('--print')) process.stdout.write(page);
  else {
    writeFileSync(PAGE, page);
    process.stdout.write('Wrote docs/palettes.md. Look at it, and commit it with what changed it.\n');
  }
} finally {
  rmSync(outfile, { force: true });
}
