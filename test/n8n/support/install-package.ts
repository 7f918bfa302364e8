import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

const PACKAGE = resolve(__dirname, '../../../dist/n8n');

/**
 * Packs dist/n8n as npm would publish it, and installs the tarball where a user's n8n keeps its community nodes.
 * @returns the folder of the installed package
 */
export function installPackage(userFolder: string): string {
  const packed = mkdtempSync(join(tmpdir(), 'n8n-packed-'));
  const nodes = join(userFolder, '.n8n', 'nodes');
  mkdirSync(nodes, { recursive: true });
  writeFileSync(join(nodes, 'package.json'), '{ "name": "installed-nodes", "private": true }\n');
  try {
    const [{ filename }] = JSON.parse(npm(PACKAGE, 'pack', '--json', '--pack-destination', packed)) as [
      { filename: string },
    ];
    npm(nodes, 'install', '--ignore-scripts', '--legacy-peer-deps', '--offline', '--no-audit', join(packed, filename));
    return join(nodes, 'node_modules', 'n8n-nodes-billing-audit');
  } finally {
    rmSync(packed, { recursive: true, force: true });
  }
}

function npm(folder: string, ...given: readonly string[]): string {
  const program = process.env['npm_execpath'];
  const [command = '', ...first] = program?.endsWith('.js') ? [process.execPath, program] : ['npm'];
  return execFileSync(command, [...first, ...given], {
    cwd: folder,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'pipe'],
    // In a checkout npm is run for its root; here only the folder counts.
    env: Object.fromEntries(Object.entries(process.env).filter(([name]) => !/^npm_config_(prefix|local)/i.test(name))),
  });
}
