import { readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { nodeType } from '../../hosts/node-red/names';
import type { NodeDefinition } from '../../lib/define';
import { nodes } from '../../nodes';
import { artefact, openBrowser, type Page } from '../support/browser';
import { buildShippedPalette } from '../support/build-palette';
import { closeDialog, openDialog } from '../support/editor';
import { startNodeRed, type FlowNode } from '../support/node-red';

const ROOT = resolve(__dirname, '../..');
const shipped = nodes as readonly NodeDefinition[];
const placed = shipped.filter(({ role }) => role !== 'settings');
const FLOWS = join(ROOT, 'flows/node-red');
const examples = readdirSync(FLOWS).filter((file) => file.endsWith('.json'));

let palette: string;
beforeAll(() => {
  palette = buildShippedPalette('shipped');
});

const flow: readonly FlowNode[] = [
  { id: 'tab', type: 'tab', label: 'All nodes' },
  { id: 'settings', type: 'billing-audit-settings', name: '', businessHours: '07:30-16:30' },
  ...placed.map((definition, index) => ({
    id: definition.name,
    type: nodeType(definition),
    z: 'tab',
    x: 220,
    y: 60 + index * 60,
    wires: Object.keys('outputs' in definition ? definition.outputs : {}).map(() => []),
  })),
];

/** The tray slides in, and may be laid out again once it is there. */
async function trayAtRest(page: Page): Promise<void> {
  await page.waitForFunction(`(() => {
    const { left, width } = document.querySelector('.red-ui-tray').getBoundingClientRect();
    const at = left + ' ' + width;
    const same = window.trayWas === at && !$('.red-ui-tray').is(':animated');
    window.trayWas = at;
    return same && ++window.trayRests > 10 || (same ? false : void (window.trayRests = 0));
  })()`);
}

describe.each([
  ['5', {}],
  ['4.1', { nodeRed: join(ROOT, 'test/hosts/node_modules/node-red-4') }],
])('the shipped palette in Node-RED %s', (version, host) => {
  it('opens its home, answers /health, offers its examples, and closes', async () => {
    const red = await startNodeRed({ palette, flows: flow, ...host });
    try {
      const health = await red.until(async () => {
        const answer = await fetch(`${red.address}/health`);
        return answer.ok && ((await answer.json()) as { status: string });
      }, '/health');
      expect(['ok', 'degraded']).toContain(health.status);
      const listed = await (await fetch(`${red.admin}/library/examples/flows/@billing-audit/node-red`)).text();
      for (const example of examples) expect(listed).toContain(example.replace('.json', ''));
      await red.deploy([{ id: 'tab', type: 'tab', label: 'Empty' }]);
      expect((await fetch(`${red.address}/health`)).status).toBe(404);
      expect(red.logs()).not.toMatch(/Waiting for missing types|uncaught|\[error\] \[red\]/i);
    } finally {
      await red.stop();
    }
  });

  it('opens every dialog without an error of its own', async () => {
    const red = await startNodeRed({ palette, flows: flow, ...host });
    const browser = await openBrowser({ width: 1400, height: 1100 });
    const { page } = browser;
    try {
      await page.goto(red.admin);
      await page.waitForFunction(
        `window.RED?.nodes?.node?.('risk-score') && $('#red-ui-loading-progress').is(':hidden')`,
      );
      for (const definition of placed) {
        const { name, role } = definition;
        await openDialog(page, name);
        await trayAtRest(page);
        const shown = await page.evaluate<number>(
          `$('#dialog-form > [data-field]').get().filter((row) => row.checkVisibility()).length`,
        );
        expect(shown).toBeLessThanOrEqual(6);
        await page.screenshot({ path: artefact(`shipped-${version}-${name}.png`) });
        await page.locator('.billing-audit-try > button').click();
        const result = page.locator('.billing-audit-result');
        await red.until(async () => (await result.innerText()).length > 1, `the example of ${name}`);
        const failures = page.locator('.billing-audit-failure');
        // What works on a whole trail has none while it is tried out, and says what to do.
        if (definition.role === 'action' && definition.runs === 'server')
          expect(await failures.innerText()).toContain('Deploy the node');
        else if (role === 'action') expect(await failures.count()).toBe(0);
        await page.screenshot({ path: artefact(`shipped-${version}-${name}-try.png`) });
        await closeDialog(page);
      }
      await page.evaluate(`RED.editor.editConfig('', 'billing-audit-settings', 'settings')`);
      await page.locator('#node-config-dialog-edit-form').waitFor({ state: 'visible' });
      await trayAtRest(page);
      await page.screenshot({ path: artefact(`shipped-${version}-settings.png`) });
      expect(browser.errors).toEqual([]);
      expect(browser.strangers).toEqual([]);
    } finally {
      await browser.close();
      await red.stop();
    }
  });
});

describe.each(examples)('the example "%s"', (example) => {
  const nodesOfExample = JSON.parse(readFileSync(join(FLOWS, example), 'utf8')) as FlowNode[];

  it('names only fields that its nodes have, and carries no secret', () => {
    for (const each of nodesOfExample.filter(({ type }) => type.startsWith('billing-audit-'))) {
      expect(each['credentials']).toBeUndefined();
      const definition = shipped.find((one) => nodeType(one) === each.type);
      if (!definition) continue;
      const known = new Set(Object.keys(definition.fields).flatMap((name) => [name, `${name}Type`]));
      const place = ['id', 'type', 'z', 'g', 'x', 'y', 'name', 'wires', 'version', 'billingSettings', 'info', 'd', 'l'];
      const chosen = 'credentials' in definition ? definition.credentials.map(({ name }) => name) : [];
      expect(
        Object.keys(each).filter((name) => !known.has(name) && !place.includes(name) && !chosen.includes(name)),
      ).toEqual([]);
    }
  });

  it('loads without an unknown type, an invalid field or an uncaught error', async () => {
    const red = await startNodeRed({ palette, flows: nodesOfExample.filter(({ type }) => !type.startsWith('ui-')) });
    try {
      expect(red.logs()).not.toContain('Waiting for missing types');
      expect(red.exited()).toBeNull();
    } finally {
      await red.stop();
    }
  });
});
