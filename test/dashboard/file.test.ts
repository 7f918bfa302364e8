import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { FlowNode } from '../support/node-red';

const ROOT = resolve(__dirname, '../..');
const text = readFileSync(join(ROOT, 'dashboards/overview.json'), 'utf8');
const nodes = JSON.parse(text) as FlowNode[];
const byId = new Map(nodes.map((node) => [node.id, node]));

describe('dashboards/overview.json', () => {
  it('is what its source makes', () => {
    expect(() =>
      execFileSync(process.execPath, ['scripts/build/dashboard.mjs', '--check'], { cwd: ROOT }),
    ).not.toThrow();
  });

  it('loads nothing from outside, and runs no code but its own', () => {
    expect(text).not.toMatch(/https?:\/\/|\bsrc=|@import|v-html|innerHTML|\beval\(/u);
    expect(nodes.filter(({ type }) => type === 'function')).toEqual([]);
  });

  it('says which modules it needs, explains itself, and leads each failure to where it is seen', () => {
    expect(byId.get('audit-dashboard-modules')?.['modules']).toMatchObject({
      '@billing-audit/node-red': expect.any(String),
      '@flowfuse/node-red-dashboard': expect.any(String),
    });
    expect(nodes.filter(({ type }) => type === 'comment').length).toBeGreaterThanOrEqual(4);
    for (const caught of nodes.filter(({ type }) => type === 'catch')) expect(endsOf(caught.id)).not.toEqual([]);
    for (const { id } of nodes.filter(({ type }) => type === 'catch')) {
      const shown = endsOf(id).map((end) => byId.get(end)?.type);
      expect(shown.some((type) => type === 'ui-notification' || type === 'ui-template')).toBe(true);
    }
  });

  it('wires and groups lead only to what is there', () => {
    for (const node of nodes) {
      const wires = (node['wires'] ?? []) as string[][];
      for (const target of wires.flat()) expect(byId.has(target)).toBe(true);
      for (const name of ['group', 'page', 'ui', 'theme'])
        if (node[name]) expect(byId.has(String(node[name]))).toBe(true);
    }
  });

  it('starts every bar at nothing, and replaces what a chart showed', () => {
    const charts = nodes.filter(({ type }) => type === 'ui-chart');
    expect(charts.length).toBe(2);
    for (const chart of charts) expect(chart).toMatchObject({ ymin: '0', action: 'replace' });
  });

  it('takes who decides from what the server knows', () => {
    const [mark] = nodes.filter(({ operation }) => operation === 'mark');
    expect(mark).toMatchObject({ byType: 'jsonata', roleType: 'jsonata' });
    expect(String(mark?.['by'])).toMatch(/^\$exists\(_client\.user\.name\)/u);
    expect(`${String(mark?.['by'])}${String(mark?.['role'])}`).not.toContain('payload');
  });

  it('takes who has callbacks tried again from what the server knows, and nothing from the page', () => {
    const [replay] = nodes.filter(({ operation }) => operation === 'replay');
    const [mark] = nodes.filter(({ operation }) => operation === 'mark');
    for (const field of ['by', 'byType', 'role', 'roleType']) expect(replay?.[field]).toBe(mark?.[field]);
  });

  it('uses every file of its source', () => {
    const source = join(ROOT, 'dashboards/source');
    const flow = readFileSync(join(source, 'overview.json'), 'utf8');
    for (const file of readdirSync(source).filter((name) => /\.(vue|css)$/u.test(name)))
      expect(flow).toContain(`"${file}"`);
  });
});

/** All that a node leads to. */
function endsOf(id: string): string[] {
  const wires = ((byId.get(id)?.['wires'] ?? []) as string[][]).flat();
  return wires.flatMap((target) => [target, ...(byId.get(target)?.type === 'change' ? endsOf(target) : [])]);
}
