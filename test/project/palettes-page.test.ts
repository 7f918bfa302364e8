import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { n8nNodes } from '../../hosts/n8n/palette';
import type { NodeDefinition } from '../../lib/define';
import { nodes } from '../../nodes';

const ROOT = resolve(__dirname, '../..');
const COMMAND = 'node scripts/build/palettes-page.mjs';

describe('docs/palettes.md', () => {
  const page = readFileSync(join(ROOT, 'docs/palettes.md'), 'utf8');

  it('is what the definitions give now', () => {
    const [script = ''] = COMMAND.split(' ').slice(1);
    const now = execFileSync(process.execPath, [join(ROOT, script), '--print'], { cwd: ROOT, encoding: 'utf8' });
    if (now !== page) throw new Error(`docs/palettes.md is out of date. Run "${COMMAND}", and commit the page.`);
  });

  it('tells of every node and every field of both palettes', () => {
    const sections = page.split(/^## /mu);
    for (const { title, name, fields } of nodes as readonly NodeDefinition[]) {
      const section = sections.find((each) => each.startsWith(`${title}\n`)) ?? '';
      const inN8n = n8nNodes.filter(({ folder }) => folder === name).flatMap((node) => Object.keys(node.fields));
      for (const field of [...Object.keys(fields), ...inN8n]) expect(section).toContain(`\`${field}\``);
    }
  });
});
