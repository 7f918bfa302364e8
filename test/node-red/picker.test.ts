import { request } from 'node:http';
import { hashSync } from 'bcryptjs';
import { artefact, openBrowser, type OpenBrowser, type Page } from '../support/browser';
import { buildShippedPalette } from '../support/build-palette';
import { closeDialog, openDialog } from '../support/editor';
import { startNodeRed, type RunningNodeRed } from '../support/node-red';
import { startSandboxProcess, type SandboxProcess } from '../support/sandbox';

const TOKEN = 'practice-token';
const PASSWORD = 'only for tests';
const users = [
  { username: 'admin', password: hashSync(PASSWORD, 4), permissions: '*' },
  { username: 'viewer', password: hashSync(PASSWORD, 4), permissions: 'read' },
];
const FLOWS = [
  { id: 'tab', type: 'tab', label: 'Pickers' },
  { id: 'trigger', type: 'billing-audit-smartsheet-trigger', z: 'tab', x: 200, y: 100, smartsheet: '', wires: [[]] },
  { id: 'rules', type: 'billing-audit-billing-rules', z: 'tab', x: 200, y: 200, wires: [[]] },
];

let palette: string;
let sandbox: SandboxProcess;
let ids: string[];

beforeAll(async () => {
  palette = buildShippedPalette('picker');
  sandbox = await startSandboxProcess('--no-rate-limits');
  ids = [];
  for (const name of ['North, week 12', 'South week 12', 'Price book']) {
    const made = await sandbox.control<{ id: number }>('POST', '/sandbox/sheets', {
      name,
      columns: ['Work Request #', 'Quantity', 'Units, total', { title: 'Logged', type: 'DATE' }],
    });
    ids.push(String(made.id));
  }
});
afterAll(() => sandbox.stop());

const environment = () => ({ SMARTSHEET_ACCESS_TOKEN: TOKEN, SMARTSHEET_API_BASE: `${sandbox.url}/2.0/` });

interface Refusal {
  readonly error: { readonly code: string; readonly message: string; readonly hint: string };
}
interface Found {
  readonly choices: readonly { readonly value: string; readonly label: string; readonly detail: string }[];
  readonly total: number;
}

describe('the names behind a picker', () => {
  let red: RunningNodeRed;
  afterEach(() => red.stop());

  const ask = (query = 'kind=sheets', headers: Record<string, string> = {}) =>
    fetch(`${red.admin}/billing-audit/choices?${query}`, { headers });

  async function tokenOf(username: string): Promise<string> {
    const body = new URLSearchParams({
      client_id: 'node-red-admin',
      grant_type: 'password',
      scope: '',
      username,
      password: PASSWORD,
    });
    const answer = await fetch(`${red.admin}/auth/token`, { method: 'POST', body });
    return ((await answer.json()) as { access_token: string }).access_token;
  }

  it('are for people who may change flows, where people sign in', async () => {
    const adminAuth = { type: 'credentials', users };
    red = await startNodeRed({ palette, flows: FLOWS, settings: { adminAuth }, env: environment(), storeIsLaid: true });
    expect((await ask()).status).toBe(401);
    expect((await ask('kind=sheets', { authorization: `Bearer ${await tokenOf('viewer')}` })).status).toBe(401);
    const authorization = `Bearer ${await tokenOf('admin')}`;
    const answer = await ask('kind=sheets', { authorization, 'x-forwarded-for': '203.0.113.5' });
    expect(answer.status).toBe(200);
    const text = await answer.text();
    expect((JSON.parse(text) as Found).choices.map(({ label }) => label)).toContain('South week 12');
    expect(text).not.toContain(TOKEN);
  });

  it('are not for strangers whom the editor lets in without a sign-in', async () => {
    const adminAuth = { type: 'credentials', users, default: { permissions: '*' } };
    red = await startNodeRed({ palette, flows: FLOWS, settings: { adminAuth }, env: environment(), storeIsLaid: true });
    expect((await ask()).status).toBe(200);
    expect((await ask('kind=sheets', { 'x-forwarded-for': '203.0.113.5' })).status).toBe(403);
  });

  it('are refused beyond this machine, and through a proxy, where nobody signs in', async () => {
    red = await startNodeRed({ palette, flows: FLOWS, env: environment(), storeIsLaid: true });
    expect((await ask()).status).toBe(200);
    for (const header of ['x-forwarded-for', 'forwarded', 'via', 'x-real-ip']) {
      const answer = await ask('kind=sheets', { [header]: '203.0.113.5' });
      expect(answer.status).toBe(403);
      const { error } = (await answer.json()) as Refusal;
      expect(error.code).toBe('sign_in_needed');
      expect(error.hint).toContain('adminAuth');
    }
    expect(await withHost(red.admin, 'evil.example.com')).toBe(403);
    expect(await withHost(red.admin, 'localhost')).toBe(200);
  });

  it('say what is missing: a token, a deploy, a sheet, or a right at Smartsheet', async () => {
    red = await startNodeRed({
      palette,
      flows: FLOWS,
      storeIsLaid: true,
      env: { SMARTSHEET_ACCESS_TOKEN: '', SMARTSHEET_API_BASE: `${sandbox.url}/2.0/` },
    });
    const refused = async (query: string) => {
      const answer = await ask(query);
      const { error } = (await answer.json()) as Refusal;
      return [answer.status, `${error.message} ${error.hint}`] as const;
    };
    expect(await refused('kind=sheets&credential=')).toEqual([409, expect.stringContaining('has no access token')]);
    expect(await refused('kind=sheets&credential=new')).toEqual([409, expect.stringContaining('not deployed yet')]);
    expect(await refused('kind=sheets&credential=trigger')).toEqual([409, expect.stringContaining('not deployed yet')]);
    const account = { id: 'account', type: 'billing-audit-smartsheet', name: '' };
    const deploy = (token: string) => red.deploy([...FLOWS, { ...account, credentials: { token } }]);
    await deploy(TOKEN);
    const found = (await (await ask('kind=sheets&search=PRICE')).json()) as Found;
    expect(found).toMatchObject({ total: 1, choices: [{ value: ids[2], label: 'Price book' }] });
    expect(await refused('kind=columns&sheets=&credential=account')).toEqual([409, expect.stringContaining('sheet')]);
    expect(await refused('kind=columns&sheets=5&credential=account')).toEqual([502, expect.stringContaining('1006')]);
    await deploy('wrong');
    expect(await refused('kind=sheets&credential=account')).toEqual([502, expect.stringContaining('1002')]);
  });
});

/** fetch does not let a program set the Host header. */
function withHost(admin: string, host: string): Promise<number> {
  return new Promise((resolve, reject) => {
    request(`${admin}/billing-audit/choices?kind=sheets`, { headers: { host } }, (response) => {
      response.resume();
      resolve(response.statusCode ?? 0);
    })
      .on('error', reject)
      .end();
  });
}

describe('a picker in a dialog', () => {
  let red: RunningNodeRed;
  let browser: OpenBrowser;
  let page: Page;

  beforeAll(async () => {
    red = await startNodeRed({ palette, flows: FLOWS, env: environment(), storeIsLaid: true });
    browser = await openBrowser();
    page = browser.page;
    await page.goto(red.admin);
    await page.waitForFunction(
      `window.RED && RED.nodes && RED.nodes.node('rules') && $('#red-ui-loading-progress').is(':hidden')`,
    );
  });
  afterAll(async () => {
    await browser.close();
    await red.stop();
  });

  const part = (field: string, rest: string) => page.locator(`[data-field="${field}"] ${rest}`);
  const value = (field: string) => page.evaluate<string>(`$('#node-input-${field}').val()`);
  const seen = () =>
    page.evaluate<string[]>(
      `$('#dialog-form .billing-audit-choices label:visible').map((_, each) => $(each).find('span').first().text()).get()`,
    );
  const focused = () => page.evaluate<string>(`String(document.activeElement.value)`);

  it('puts two sheets, chosen by name, into the Smartsheet Trigger as ids', async () => {
    await openDialog(page, 'trigger');
    await part('sheets', '.billing-audit-choose').click();
    await red.until(async () => (await seen()).length === 3, 'three sheets');
    await part('sheets', `input[value="${ids[0]}"]`).click();
    await part('sheets', `input[value="${ids[1]}"]`).click();
    expect(await value('sheets')).toBe(`${ids[0]}, ${ids[1]}`);
    expect(await part('sheets', '.billing-audit-chosen').innerText()).toContain(`South week 12 (${ids[1]})`);
    await page.screenshot({ path: artefact('picker-sheets.png') });
    await part('sheets', '.billing-audit-search').fill('price');
    expect(await seen()).toEqual(['Price book']);
    await part('sheets', '.billing-audit-search').fill('nonsense');
    expect(await part('sheets', '[role="status"]').innerText()).toContain('Nothing is called "nonsense"');
    await closeDialog(page, 'ok');
    expect(await page.evaluate(`RED.nodes.node('trigger').sheets`)).toBe(`${ids[0]}, ${ids[1]}`);
    expect(await page.evaluate(`RED.nodes.node('trigger').valid`)).toBe(true);
  });

  it('keeps what was typed, and takes away only what is unticked', async () => {
    await openDialog(page, 'trigger');
    await page.locator('#node-input-sheets').fill(`12345, ${ids[0]}`);
    await part('sheets', '.billing-audit-choose').click();
    await red.until(async () => (await seen()).length === 3, 'three sheets');
    await part('sheets', `input[value="${ids[0]}"]`).click();
    expect(await value('sheets')).toBe('12345');
    await closeDialog(page, 'cancel');
  });

  it('can be used with the keyboard alone; Escape closes it and not the dialog', async () => {
    await openDialog(page, 'trigger');
    await page.locator('#node-input-sheets').fill('');
    await part('sheets', '.billing-audit-choose').press('Enter');
    await red.until(async () => (await seen()).length === 3, 'three sheets');
    await part('sheets', '.billing-audit-search').press('ArrowDown');
    const first = await focused();
    expect(ids).toContain(first);
    await part('sheets', `input[value="${first}"]`).press('Space');
    expect(await value('sheets')).toBe(first);
    await part('sheets', `input[value="${first}"]`).press('Escape');
    expect(await part('sheets', '.billing-audit-picker').isVisible()).toBe(false);
    expect(await page.evaluate(`document.activeElement.className`)).toContain('billing-audit-choose');
    expect(await page.locator('#dialog-form').isVisible()).toBe(true);
    await closeDialog(page, 'cancel');
  });

  it('offers in Billing Rules the columns of the sheet that is chosen', async () => {
    await openDialog(page, 'rules');
    await part('trackedColumns', '.billing-audit-choose').click();
    const sheet = part('trackedColumns', '.billing-audit-picker select');
    await red.until(async () => (await page.locator('.billing-audit-picker option').count()) === 4, 'the sheets');
    await sheet.selectOption(ids[1] ?? '');
    await red.until(async () => (await seen()).length === 4, 'four columns');
    await part('trackedColumns', 'input[value="Quantity"]').click();
    expect(await value('trackedColumns')).toBe('Quantity');
    const comma = `$('#dialog-form .billing-audit-choices input').get().find((box) => box.value.includes(',')).disabled`;
    expect(await page.evaluate(comma)).toBe(true);
    await page.screenshot({ path: artefact('picker-columns.png') });
    await closeDialog(page, 'ok');
    expect(await page.evaluate(`RED.nodes.node('rules').trackedColumns`)).toBe('Quantity');
  });

  it('offers the columns of the sheets in the dialog without asking for one', async () => {
    await openDialog(page, 'rules');
    await page.locator('#node-input-operation').selectOption('check');
    await page.locator('#node-input-sheets').fill(ids[0] ?? '');
    await part('trackedColumns', '.billing-audit-choose').click();
    await red.until(async () => (await seen()).length === 4, 'four columns');
    expect(await part('trackedColumns', '.billing-audit-picker select').count()).toBe(0);
    await closeDialog(page, 'cancel');
  });

  it('has said nothing on the console, and asked nobody but Node-RED', () => {
    expect(browser.errors).toEqual([]);
    expect(browser.strangers).toEqual([]);
  });

  it('says in words when there is nothing, when Smartsheet refuses, and when a credential waits for its deploy', async () => {
    const user = 'billing-audit@example.com';
    const access = (level: string) =>
      Promise.all(ids.map((id) => sandbox.control('POST', `/sandbox/sheets/${id}/access`, { user, level })));
    const open = async () => {
      await part('sheets', '.billing-audit-choose').click();
      const status = part('sheets', '[role="status"]');
      return red.until(async () => {
        const text = await status.innerText();
        return !text.includes('Asking') && text;
      }, 'an outcome');
    };
    await openDialog(page, 'trigger');
    await access('NONE');
    expect(await open()).toContain('This account sees no sheet');
    await access('OWNER');
    await part('sheets', '.billing-audit-choose').click();
    await sandbox.control('POST', '/sandbox/faults', { failNext: { errorCode: 4001 } });
    expect(await open()).toMatch(/could not be asked to list the sheets.*open it again/);
    await page.screenshot({ path: artefact('picker-error.png') });
    await part('sheets', '.billing-audit-choose').click();
    await page.locator('#node-input-btn-smartsheet-add').first().click();
    await page.locator('#node-config-dialog-edit-form').waitFor({ state: 'visible' });
    await page.locator('#node-config-input-token').fill('a token of this browser');
    await page.locator('#node-config-dialog-ok').click();
    await page.locator('#node-config-dialog-edit-form').waitFor({ state: 'detached' });
    expect(await open()).toContain('is not deployed yet');
    await page.locator('#node-input-sheets').fill('42');
    expect(await value('sheets')).toBe('42');
    await closeDialog(page, 'cancel');
  });

  it('finds among very many sheets those that were not sent at first', async () => {
    for (let number = 1; number <= 500; number += 1) {
      await sandbox.control('POST', '/sandbox/sheets', { name: `Old week ${number}`, columns: ['Key'] });
    }
    await openDialog(page, 'trigger');
    await part('sheets', '.billing-audit-choose').click();
    const status = part('sheets', '[role="status"]');
    await red.until(async () => (await status.innerText()).startsWith('500 of 503 sheets'), 'the first part');
    expect(await seen()).not.toContain('Old week 500');
    await part('sheets', '.billing-audit-search').fill('week 500');
    await red.until(async () => (await seen()).includes('Old week 500'), 'the sheet that was looked for');
    await part('sheets', '.billing-audit-search').fill('');
    await red.until(async () => (await status.innerText()).startsWith('500 of 503 sheets'), 'the first part again');
    await closeDialog(page, 'cancel');
  });
});
