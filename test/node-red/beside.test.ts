import { join } from 'node:path';
import { hashSync } from 'bcryptjs';
import { openEmbeddedStore, secretBox, storeOver } from '../../lib/store';
import { AlertBook } from '../../lib/alerts/book';
import { rule } from '../alert/house';
import { event } from '../alert/samples';
import { artefact, openBrowser, type OpenBrowser, type Page } from '../support/browser';
import { buildShippedPalette } from '../support/build-palette';
import { closeDialog, openDialog } from '../support/editor';
import { startNodeRed, type RunningNodeRed } from '../support/node-red';
import { buildStoreWorker, migrations, newFolder, removeFolder } from '../support/store';
import { layStore } from '../support/store-template';

const HOUR = 3_600_000;
const PASSWORD = 'only for tests';
const reviewer = { by: 'auditor@example.com', role: 'auditor' } as const;
const alert = { type: 'billing-audit-alert', z: 'tab', x: 200, wires: [[]] };
const FLOWS = [
  { id: 'tab', type: 'tab', label: 'Alerts' },
  { ...alert, id: 'alert', y: 100, alertFrom: '0.3', severityFrom: 'NONE' },
];

let palette: string;
const folders: string[] = [];
beforeAll(() => {
  palette = buildShippedPalette('beside');
});
afterAll(() => folders.forEach(removeFolder));

/** A home in whose trail some 200 people each had a sitting in the last 27 days; two were confirmed as problems. */
async function homeWithProblems(): Promise<string> {
  const folder = newFolder();
  folders.push(folder);
  const directory = join(folder, 'store', 'embedded');
  const workerPath = buildStoreWorker();
  await layStore(directory, workerPath, migrations);
  const driver = await openEmbeddedStore({ directory, workerPath, migrations });
  const about = (person: string, hoursAgo: number, risk_score: number) =>
    event({
      ...{ changed_by: `${person}@example.com`, changed_at: new Date(Date.now() - hoursAgo * HOUR).toISOString() },
      ...{ severity: 'LOW', violation_type: 'NONE', is_historical: false, reasons: [], risk_score },
      ...{ event_key: `k:${person}`, row_id: String(60_000 + hoursAgo) },
    });
  const ordinary = Array.from({ length: 200 }, (_, index) =>
    about(`p${index}`, 4 + index * 3, index % 4 === 0 ? 0.45 : 0.1),
  );
  // Recorded events wait to be decided from when there is a rule.
  await new AlertBook(driver).saveRule(rule({ ruleId: 'alert' }), new Date().toISOString(), { quietly: true });
  await driver.rpc('billing_audit_append', { events: [...ordinary, about('grave', 3, 0.6), about('mild', 2, 0.35)] });
  const store = storeOver(driver, { secrets: secretBox(new Uint8Array(32)) });
  for (const person of ['grave', 'mild']) {
    await store.judge({ event_key: `k:${person}`, verdict: 'true', ...reviewer });
  }
  await driver.close();
  return folder;
}

interface Answer {
  readonly key?: string;
  readonly facts?: Readonly<Record<string, number>>;
  readonly error?: { readonly code: string; readonly message: string; readonly hint: string };
}

describe('what the runtime says beside a field', () => {
  let red: RunningNodeRed;
  afterEach(() => red.stop());

  const ask = async (fields: unknown, over: object = {}, headers: Record<string, string> = {}) => {
    const answer = await fetch(`${red.admin}/billing-audit/beside`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...headers },
      body: JSON.stringify({ type: 'billing-audit-alert', id: 'alert', field: 'findingsADay', fields, ...over }),
    });
    const text = await answer.text();
    return { status: answer.status, body: (text.startsWith('{') ? JSON.parse(text) : {}) as Answer };
  };

  it('follows the number, though the dialog is not deployed', async () => {
    red = await startNodeRed({ palette, flows: FLOWS, env: { BILLING_AUDIT_HOME: await homeWithProblems() } });
    const fields = { findingsADay: '20', alertFrom: '0.3', severityFrom: 'NONE' };
    const all = { status: 200, body: { key: 'shown', facts: { shown: 2, problems: 2 } } };
    // What was recorded before the start is decided first.
    await red.until(async () => (await ask(fields)).body.facts?.['shown'] === 2, 'the sittings to be counted');
    expect(await ask(fields)).toEqual(all);
    expect(await ask({ ...fields, findingsADay: '1' })).toMatchObject({ body: { facts: { shown: 1, problems: 2 } } });
    expect(await ask({ ...fields, findingsADay: '' })).toEqual(all);
    expect((await ask(fields, { id: 'not-deployed' })).status).toBe(200);
    // What was told as it is deployed would not be, were the dialog deployed.
    expect(await ask({ ...fields, alertFrom: '0.5' })).toMatchObject({ body: { facts: { shown: 1, problems: 2 } } });
    const none = { body: { key: 'shown', facts: { shown: 0, problems: 2 } } };
    expect(await ask({ ...fields, alertFrom: '0.9' })).toMatchObject(none);
  });

  it('says that nothing was marked yet, and what is wrong with what it is asked', async () => {
    red = await startNodeRed({ palette, flows: FLOWS, storeIsLaid: true });
    expect(await ask({ findingsADay: '5' })).toEqual({ status: 200, body: { key: 'none', facts: {} } });
    expect(await ask({ findingsADay: '5', alertFrom: '7' })).toMatchObject({
      status: 409,
      body: { error: { code: 'bad_setting', message: expect.stringContaining('Tell from a risk of') } },
    });
    const nothing = { status: 404, body: { error: { code: 'nothing_beside' } } };
    expect(await ask({}, { field: 'mailsPerHour' })).toMatchObject(nothing);
    expect(await ask({}, { type: 'inject' })).toMatchObject(nothing);
    expect(await ask(null, { field: ['constructor'] })).toMatchObject(nothing);
    await red.deploy([{ id: 'tab', type: 'tab', label: 'Empty' }]);
    const refused = await red.until(async () => {
      const answer = await ask({ findingsADay: '5' });
      return answer.status === 409 && answer;
    }, 'the runtime to be closed');
    expect(refused.body.error).toMatchObject({ code: 'nothing_runs', hint: expect.stringContaining('Deploy') });
  });

  it('is for people who may change flows, where people sign in', async () => {
    const users = [{ username: 'viewer', password: hashSync(PASSWORD, 4), permissions: 'read' }];
    const settings = { adminAuth: { type: 'credentials', users } };
    red = await startNodeRed({ palette, flows: FLOWS, settings, storeIsLaid: true });
    expect((await ask({})).status).toBe(401);
    const grant = { client_id: 'node-red-admin', grant_type: 'password', scope: '', username: 'viewer' };
    const signedIn = await fetch(`${red.admin}/auth/token`, {
      method: 'POST',
      body: new URLSearchParams({ ...grant, password: PASSWORD }),
    });
    const { access_token } = (await signedIn.json()) as { access_token: string };
    expect((await ask({}, {}, { authorization: `Bearer ${access_token}` })).status).toBe(401);
  });
});

describe('the sentence beside a field', () => {
  let red: RunningNodeRed;
  let browser: OpenBrowser;
  let page: Page;

  beforeAll(async () => {
    red = await startNodeRed({ palette, flows: FLOWS, env: { BILLING_AUDIT_HOME: await homeWithProblems() } });
    browser = await openBrowser();
    page = browser.page;
    await page.goto(red.admin);
    await page.waitForFunction(
      `window.RED && RED.nodes && RED.nodes.node('alert') && $('#red-ui-loading-progress').is(':hidden')`,
    );
  });
  afterAll(async () => {
    await browser.close();
    await red.stop();
  });

  const sentence = () => page.locator('[data-field="findingsADay"] .billing-audit-beside');
  const says = (text: string) =>
    red.until(async () => (await sentence().innerText()).includes(text) && (await isAtRest()), `"${text}"`);
  const isAtRest = async () => (await sentence().getAttribute('aria-busy')) === null;

  it('changes with the number and with what else it hangs on, and is read to who cannot see it', async () => {
    await red.until(async () => {
      await openDialog(page, 'alert');
      await red.until(isAtRest, 'an answer');
      const text = await sentence().innerText();
      await closeDialog(page);
      return text === 'At this setting 2 of 2 past problems would have been shown at once.';
    }, 'the sittings to be counted');
    await openDialog(page, 'alert');
    await says('2 of 2 past problems');
    await page.locator('#node-input-findingsADay').fill('1');
    await says('1 of 2 past problems');
    await page.screenshot({ path: artefact('beside-findings.png') });
    expect(await sentence().getAttribute('aria-live')).toBe('polite');
    expect(await page.locator('#node-input-findingsADay').getAttribute('aria-describedby')).toBe(
      await sentence().getAttribute('id'),
    );
    await page.locator('#node-input-findingsADay').fill('none');
    await red.until(async () => (await sentence().innerText()) === '', 'no sentence about what is no number');
    await page.locator('#node-input-findingsADay').fill('20');
    await says('2 of 2 past problems');
    await page.locator('#node-input-alertFrom').fill('0.9');
    await says('0 of 2 past problems');
    await page.locator('#node-input-alertFrom').fill('7');
    await says('"Tell from a risk of" must be 1 or less');
    expect(await sentence().getAttribute('class')).toContain('billing-audit-failure');
    await closeDialog(page);
  });

  it('says that it asks, keeps the answer to the last number, and says in words when nobody answers', async () => {
    let letGo: (() => void) | undefined;
    const held = new Promise<void>((resolve) => (letGo = resolve));
    await page.route('**/billing-audit/beside', async (route) => {
      const body = route.request().postDataJSON() as { fields: { findingsADay: string } };
      if (body.fields.findingsADay !== '1') await held;
      await route.continue();
    });
    await openDialog(page, 'alert');
    await red.until(async () => (await sentence().innerText()).startsWith('Asking'), 'the word that it asks');
    expect(await sentence().getAttribute('aria-busy')).toBe('true');
    await page.locator('#node-input-findingsADay').fill('1');
    await says('1 of 2 past problems');
    const late = page.waitForResponse('**/billing-audit/beside');
    letGo?.();
    await late;
    expect(await sentence().innerText()).toContain('1 of 2 past problems');
    await page.unroute('**/billing-audit/beside');
    await page.route('**/billing-audit/beside', (route) => route.abort());
    await page.locator('#node-input-findingsADay').fill('3');
    await says('could not be reached');
    await page.unroute('**/billing-audit/beside');
    await closeDialog(page);
  });

  it('has asked nobody but Node-RED', () => {
    expect(browser.strangers).toEqual([]);
  });
});
