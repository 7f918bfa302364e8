/**
 * Makes the pictures that show one definition in both hosts, from a real Node-RED and a real n8n:
 * `node scripts/pictures-n8n.mjs` after `npm test` has built and installed everything. Takes about two minutes.
 */
import { mkdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { transformSync } from 'esbuild';

const root = fileURLToPath(new URL('..', import.meta.url));
const pictures = join(root, 'docs/pictures');
const load = createRequire(import.meta.url);
// The helpers of the tests are TypeScript.
load.extensions['.ts'] = (module, file) =>
  module._compile(transformSync(readFileSync(file, 'utf8'), { loader: 'ts', format: 'cjs' }).code, file);
const { startPostgres } = load('../test/n8n/support/postgres.ts');
const { startN8n, OWNER } = load('../test/n8n/support/n8n.ts');
const { shippedWorkflow, Workflow } = load('../test/n8n/support/workflow.ts');
const { startNodeRed } = load('../test/support/node-red.ts');
const { chromium } = createRequire(join(root, 'test/hosts/package.json'))('playwright-core');

const HEAD = 42;
const SHOWN = 780;
const CREDENTIALS = [
  { name: 'Billing Audit: Smartsheet API', type: 'billingAuditSmartsheetApi', data: { token: 'a-token' } },
  {
    name: 'Billing Audit: Store API',
    type: 'billingAuditStoreApi',
    data: { address: 'http://127.0.0.1:1880', apiKey: 'a-key' },
  },
];
const OPTIONS = { businessHours: '07:00-17:00', timeZone: 'America/Denver' };
const ending = [];
try {
  mkdirSync(pictures, { recursive: true });
  const browser = await chromium.launch({
    executablePath: process.env.CHROMIUM_PATH ?? '/usr/bin/chromium',
    args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--disable-background-networking'],
  });
  ending.push(() => browser.close());
  await dialogOfNodeRed(browser);
  await picturesOfN8n(browser);
  await sideBySide(browser);
} finally {
  for (const end of ending.reverse()) await end();
}

async function dialogOfNodeRed(browser) {
  const flows = [
    { id: 'tab', type: 'tab', label: 'Watch a sheet' },
    { id: 'settings', type: 'billing-audit-settings', name: 'Billing settings' },
    {
      id: 'risk',
      type: 'billing-audit-risk-score',
      z: 'tab',
      x: 200,
      y: 120,
      wires: [[], []],
      billingSettings: 'settings',
    },
  ];
  const red = await startNodeRed({ flows });
  ending.push(() => red.stop());
  const page = await browser.newPage({ viewport: { width: 1200, height: 1060 } });
  await page.goto(red.admin);
  await page.waitForFunction(() => globalThis.RED?.nodes?.node?.('risk'));
  await page.locator('.red-ui-flow-node-label', { hasText: 'Risk Score' }).first().waitFor();
  await page.evaluate(() => globalThis.RED.editor.edit(globalThis.RED.nodes.node('risk')));
  await page.locator('#dialog-form').waitFor();
  // The tray slides in.
  await page.waitForTimeout(1000);
  const { x, y, width, height } = await page.locator('.red-ui-tray').last().boundingBox();
  await picture(page, 'dialog-node-red.png', { x: x + 18, y, width: width - 18, height });
  await page.close();
}

async function picturesOfN8n(browser) {
  const postgres = await startPostgres();
  ending.push(() => postgres.stop());
  const n8n = await startN8n(postgres);
  ending.push(() => n8n.stop());
  for (const credential of CREDENTIALS) await n8n.ask('POST', '/rest/credentials', credential);
  const workflow = await Workflow.imported(n8n, shippedWorkflow(n8n, '01 - Watch a sheet.json'));
  const context = await browser.newContext({ viewport: { width: 1500, height: 1000 } });
  const page = await context.newPage();
  await page.goto(`${n8n.address}/signin`);
  await page.locator('input[type=email], input[name=emailOrLdapLoginId]').first().fill(OWNER.email);
  await page.locator('input[type=password]').fill(OWNER.password);
  await page.locator('[data-test-id=form-submit-button]').click();
  await page.waitForURL((url) => !url.pathname.startsWith('/signin'));
  for (const theme of ['light', 'dark']) {
    await page.evaluate((name) => globalThis.localStorage.setItem('N8N_THEME', name), theme);
    await page.goto(`${n8n.address}/workflow/${workflow.id}`);
    await page.getByText('Risk Score').first().waitFor();
    await page.waitForTimeout(4000);
    await picture(page, `workflow-n8n-${theme}.png`);
  }
  await page.evaluate(() => globalThis.localStorage.setItem('N8N_THEME', 'light'));
  await workflow.fillIn({ 'Risk Score': { weights: { locked_week: 50 }, options: OPTIONS } });
  const risk = workflow.nodes.find(({ name }) => name === 'Risk Score');
  await page.goto(`${n8n.address}/workflow/${workflow.id}/${risk.id}`);
  await page.getByText('High Risk From').waitFor();
  await page.waitForTimeout(2000);
  const form = await page.locator('[data-test-id=node-parameters], .ndv-wrapper').first().boundingBox();
  // Above the form stand the node's name and the tabs.
  const clip = { x: form.x, y: form.y - HEAD, width: form.width, height: SHOWN };
  await picture(page, 'dialog-n8n.png', clip);
}

/** Both dialogs in one picture, each with the name of its host. */
async function sideBySide(browser) {
  const page = await browser.newPage({ viewport: { width: 1300, height: 1100 } });
  const shown = [
    ['Node-RED', 'dialog-node-red.png'],
    ['n8n', 'dialog-n8n.png'],
  ].map(([host, file]) => {
    const data = readFileSync(join(pictures, file)).toString('base64');
    return `<figure><figcaption>${host}</figcaption><img src="data:image/png;base64,${data}"></figure>`;
  });
  await page.setContent(`<style>
    body { margin: 0; padding: 24px; background: #eef1f4; font: 600 20px sans-serif; display: inline-flex; gap: 32px; align-items: flex-start; }
    figure { margin: 0; } figcaption { margin-bottom: 12px; color: #333; } img { display: block; box-shadow: 0 1px 6px #0004; max-width: 640px; }
  </style>${shown.join('')}`);
  await picture(page.locator('body'), 'dialogs.png');
  await page.close();
}

async function picture(what, file, clip) {
  await what.screenshot({ path: join(pictures, file), ...(clip && { clip }) });
  console.log(`docs/pictures/${file}`);
}
