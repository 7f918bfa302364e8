import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { nodeType } from '../../hosts/node-red/names';
import type { NodeDefinition } from '../../lib/define';
import { nodes } from '../../nodes';
import { buildShippedPalette } from '../support/build-palette';

type Card = Readonly<Record<string, { readonly test?: boolean; readonly nodes?: readonly string[] }>>;

const HOSTS = resolve(__dirname, '../hosts/node_modules');
let card: Card;

beforeAll(() => {
  const palette = buildShippedPalette('scorecard');
  const folder = mkdtempSync(join(tmpdir(), 'scorecard-'));
  const output = join(folder, 'card.json');
  const preload = resolve(__dirname, '../support/scorecard-offline.cjs');
  const run = join(HOSTS, 'node-red-dev/bin/run');
  try {
    execFileSync(process.execPath, ['--require', preload, run, 'validate', '-p', palette, '-o', output], {
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    card = JSON.parse(readFileSync(output, 'utf8')) as Card;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});

describe("Node-RED's scorecard", () => {
  it.each(['P01', 'P03', 'P04', 'P05', 'P06', 'P07', 'N01', 'D01'])('is content with %s', (rule) => {
    expect(card[rule]).toMatchObject({ test: true });
  });

  it('finds an example for every node that can be placed', () => {
    const placed = (nodes as readonly NodeDefinition[]).filter(({ role }) => role !== 'settings').map(nodeType);
    expect([...(card['N02']?.nodes ?? [])].sort()).toEqual([...placed].sort());
  });
});
