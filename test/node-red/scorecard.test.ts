import { execFileSync } from 'node:child_process';
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { nodeType } from '../../hosts/node-red/names';
import type { NodeDefinition } from '../../lib/define';
import { nodes } from '../../nodes';
import { buildShippedPalette } from '../support/build-palette';

type Card = Readonly<Record<string, { readonly test?: boolean; readonly nodes?: readonly string[] }>>;

const HOSTS = resolve(__dirname, '../hosts/node_modules');
let palette: string;
let card: Card;

function cardOf(packageFolder: string): Card {
  const folder = mkdtempSync(join(tmpdir(), 'scorecard-'));
  const output = join(folder, 'card.json');
  const preload = resolve(__dirname, '../support/scorecard-offline.cjs');
  const run = join(HOSTS, 'node-red-dev/bin/run');
  try {
    execFileSync(process.execPath, ['--require', preload, run, 'validate', '-p', packageFolder, '-o', output], {
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    return JSON.parse(readFileSync(output, 'utf8')) as Card;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

beforeAll(() => {
  palette = buildShippedPalette('scorecard');
  card = cardOf(palette);
});

describe("Node-RED's scorecard", () => {
  it.each(['P01', 'P03', 'P04', 'P05', 'P06', 'P07', 'N01', 'D01'])('is content with %s', (rule) => {
    expect(card[rule]).toMatchObject({ test: true });
  });

  it('finds an example for every node that can be placed', () => {
    const placed = (nodes as readonly NodeDefinition[]).filter(({ role }) => role !== 'settings').map(nodeType);
    expect([...(card['N02']?.nodes ?? [])].sort()).toEqual([...placed].sort());
  });

  it('misses the example of a node when the flow that shows it is taken away', () => {
    const planted = `${palette}-planted`;
    rmSync(planted, { recursive: true, force: true });
    cpSync(palette, planted, { recursive: true });
    const examples = join(planted, 'examples');
    for (const file of readdirSync(examples)) {
      const path = join(examples, file);
      const flow = JSON.parse(readFileSync(path, 'utf8')) as readonly { readonly type: string }[];
      writeFileSync(path, JSON.stringify(flow.filter(({ type }) => type !== 'billing-audit-risk-score')));
    }
    expect(card['N02']?.nodes).toContain('billing-audit-risk-score');
    expect(card['N02']?.test).toBe(true);
    const { N02 } = cardOf(planted);
    expect(N02?.test).toBe(false);
    expect(N02?.nodes).not.toContain('billing-audit-risk-score');
  });
});
