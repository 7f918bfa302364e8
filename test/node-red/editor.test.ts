import { openBrowser, artefact, type OpenBrowser, type Page } from '../support/browser';
import { buildPalette } from '../support/build-palette';
import { closeDialog, openDialog } from '../support/editor';
import { startNodeRed, type RunningNodeRed } from '../support/node-red';
import { TAB } from './fixtures/flows';

let red: RunningNodeRed;
let browser: OpenBrowser;
let page: Page;

beforeAll(async () => {
  const palette = buildPalette('fixture-editor', {
    definitions: 'test/node-red/fixtures/definitions.ts',
    palette: 'test/node-red/fixtures/palette.ts',
  });
  red = await startNodeRed({
    palette,
    flows: [
      TAB,
      { id: 'scales', type: 'billing-audit-scales', z: 'tab', x: 200, y: 100, wires: [[], []] },
      { id: 'letterbox', type: 'billing-audit-letterbox', z: 'tab', x: 200, y: 200, owner: 'north', wires: [[]] },
      { id: 'shared', type: 'billing-audit-settings', name: 'North', businessHours: '09:00-12:00' },
    ],
  });
  browser = await openBrowser();
  page = browser.page;
  await page.goto(red.admin);
  await page.waitForFunction(
    `window.RED && RED.nodes && RED.nodes.node('scales') && $('#red-ui-loading-progress').is(':hidden')`,
  );
  await page.locator('#red-ui-palette').first().waitFor({ state: 'visible' });
});
afterAll(async () => {
  await browser.close();
  await red.stop();
});

describe('the editor', () => {
  it('lists the nodes under their own category', async () => {
    const labels = await page.evaluate<string[]>(
      `$('[data-palette-type^="billing-audit-"] .red-ui-palette-label').map((_, each) => $(each).text()).get()`,
    );
    expect(labels).toEqual(expect.arrayContaining(['Letterbox', 'Scales']));
  });

  it('shows six fields, opens More, and names the outputs', async () => {
    await openDialog(page, 'scales');
    // "Shade" waits for the colour it belongs to.
    const shown = await page.evaluate<string[]>(
      `$('#dialog-form [data-field]').get().filter((row) => row.checkVisibility()).map((row) => row.dataset.field)`,
    );
    expect(shown).toEqual(['heavyFrom', 'greeting', 'openingHours', 'twice', 'colour']);
    await page.locator('.billing-audit-more > summary').click();
    expect(await page.locator('[data-field="points"]').isVisible()).toBe(true);
    await page.screenshot({ path: artefact('editor-scales.png') });
    expect(
      await page.evaluate(`RED.nodes.getType('billing-audit-scales').outputLabels.call(RED.nodes.node('scales'), 1)`),
    ).toBe('heavy');
    await closeDialog(page, 'cancel');
  });

  it('shows a field only where another one asks for it', async () => {
    await openDialog(page, 'scales');
    await page.locator('#node-input-colour').selectOption('blue');
    expect(await page.locator('[data-field="shade"]').isVisible()).toBe(true);
    await closeDialog(page, 'cancel');
  });

  it('shows which value an empty field inherits, and from where', async () => {
    await openDialog(page, 'scales');
    const hours = page.locator('#node-input-openingHours');
    await red.until(
      async () => (await hours.getAttribute('placeholder'))?.includes('09:00-12:00'),
      'the inherited hours',
    );
    expect(await hours.getAttribute('placeholder')).toBe('from Billing settings: 09:00-12:00');
    await closeDialog(page, 'cancel');
  });

  it('says what is wrong with a value', async () => {
    await openDialog(page, 'scales');
    await page.locator('#node-input-openingHours').fill('late');
    await closeDialog(page, 'ok');
    const problems = await page.evaluate<unknown>(`RED.nodes.node('scales').validationErrors`);
    expect(JSON.stringify(problems)).toContain('Opening hours must look like 08:00-18:00');
    await openDialog(page, 'scales');
    expect(await page.evaluate(`$('#node-input-openingHours').hasClass('input-error')`)).toBe(true);
    await page.locator('#node-input-openingHours').fill('10:00-11:00');
    await closeDialog(page, 'ok');
    expect(await page.evaluate(`RED.nodes.node('scales').valid`)).toBe(true);
  });

  it('saves ticks, points and JSON as they were entered', async () => {
    await openDialog(page, 'scales');
    await page.locator('.billing-audit-more > summary').click();
    await page.locator('#node-input-kinds-list input[value="tube"]').click();
    await page.locator('#node-input-points-size').fill('33');
    await closeDialog(page, 'ok');
    expect(
      await page.evaluate(
        `(({ kinds, points, heavyFrom, heavyFromType, table }) => ({ kinds, points, heavyFrom, heavyFromType, table }))(RED.nodes.node('scales'))`,
      ),
    ).toEqual({
      kinds: ['box', 'tube'],
      points: { size: 33, age: 20 },
      heavyFrom: '10',
      heavyFromType: 'num',
      table: '{"a":1}',
    });
  });

  it('tries an example: what goes in beside what comes out, and the error with what to do', async () => {
    await openDialog(page, 'scales');
    await page.locator('.billing-audit-try > button').click();
    const result = page.locator('.billing-audit-result');
    await red.until(async () => (await result.innerText()).includes('"weight": 3'), 'the result');
    expect(await result.innerText()).toContain('weighed');
    await page.screenshot({ path: artefact('editor-try.png') });
    await page.locator('textarea.billing-audit-example').fill('{ "weight": 3, "wish": "reject" }');
    await page.locator('.billing-audit-run').click();
    await red.until(async () => (await result.innerText()).includes('The parcel was lost.'), 'the error');
    expect(await result.innerText()).toContain('Look under the table.');
    await page.screenshot({ path: artefact('editor-try-error.png') });
    await closeDialog(page, 'cancel');
  });

  it('shows of a trigger what comes out, and where an empty token comes from', async () => {
    await openDialog(page, 'letterbox');
    await page.locator('.billing-audit-try > button').click();
    expect(await page.locator('.billing-audit-result').innerText()).toContain('a clerk');
    await page.screenshot({ path: artefact('editor-letterbox.png') });
    await page.locator('#node-input-btn-post-office-add').first().click();
    await page.locator('#node-config-dialog-edit-form').waitFor({ state: 'visible' });
    await red.until(
      async () => (await page.locator('#node-config-input-token').getAttribute('placeholder'))?.includes('POST_TOKEN'),
      'the hint of the token',
    );
    await page.screenshot({ path: artefact('editor-credential.png') });
    await page.locator('#node-config-dialog-cancel').click();
    await page.locator('#node-config-dialog-edit-form').waitFor({ state: 'detached' });
    await closeDialog(page, 'cancel');
  });

  it('has said nothing on its console and asked nobody else', () => {
    expect(browser.errors).toEqual([]);
    expect(browser.strangers).toEqual([]);
  });
});
