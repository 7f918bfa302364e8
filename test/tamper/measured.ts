import { execFileSync } from 'node:child_process';
import { appendFileSync, mkdirSync } from 'node:fs';
import { resolve } from 'node:path';

const root = resolve(__dirname, '../..');

export const SEED = Number(process.env['TAMPER_SEED'] ?? 20260105);

/** What was measured, on the terminal; a long run (`npm run test:tamper`) keeps it too, with its commit and seed. */
export function record(what: string, figures: Readonly<Record<string, number | string | boolean>>): void {
  const words = Object.entries(figures).map(([name, value]) => `${value} ${name.replaceAll('_', ' ')}`);
  process.stdout.write(`tamper: ${what}: ${words.join(', ')}\n`);
  if (process.env['TAMPER_RECORD'] !== '1') return;
  const commit = execFileSync('git', ['rev-parse', '--short', 'HEAD'], { cwd: root, encoding: 'utf8' }).trim();
  const line = { what, ...figures, seed: SEED, commit, at: new Date().toISOString() };
  mkdirSync(resolve(root, 'docs/measured'), { recursive: true });
  appendFileSync(resolve(root, 'docs/measured/tamper.jsonl'), `${JSON.stringify(line)}\n`);
}
