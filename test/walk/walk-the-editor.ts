import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import type { SharedBrowser } from '../support/browser';
import { until } from '../support/until';
import { closeDialog, deploy, FORM, importFlow, nodesIn, openDialog, untilEditorIsReady, type Dialog } from './editor';
import type { Office } from './office';
import { NOTHING_WRONG, refusedWith, signedIn, type Account, type Visitor } from './visitor';

const FLOW = readFileSync(resolve(__dirname, '../../flows/node-red/01 - Watch a sheet.json'), 'utf8');
/** A dialog mostly slides; so many windows open theirs side by side. */
const WINDOWS = 2;
const OURS = 'billing-audit-';

/** The tests of the editor: as the admin, who may do everything, and as an auditor, who reads. In this order. */
export function walkTheEditor(around: () => { readonly office: Office; readonly browser: SharedBrowser }): void {
  const admin = (): Account => ({ role: 'admin', name: 'admin', password: around().office.passwords.admin });
  const come = (account: Account, width = 1280): Promise<Visitor> =>
    signedIn(around().browser, around().office.address, account, width);
  const inEditor = async (account: Account): Promise<Visitor> => {
    const who = await come(account);
    await who.go('/admin/');
    await untilEditorIsReady(who.page);
    return who;
  };

  it('takes a flow by its import dialog, and deploys it', async () => {
    const who = await inEditor(admin());
    const shipped = await nodesIn(who.page);
    await importFlow(who.page, FLOW);
    await who.page.locator('.red-ui-notification button:has-text("Import copy")').click();
    await until(async () => (await nodesIn(who.page)).length > shipped.length, 'the imported nodes');
    await deploy(who.page);
    for (const width of [390, 1280, 1920]) {
      await who.page.setViewportSize({ width, height: 900 });
      await who.picture(`editor-at-${width}`);
    }
    expect(who.complaints()).toEqual([]);
    await who.go('/flows/versions');
    expect((await versionLines(who))[0]).toMatch(/ admin \d+ \d+ added.* in force$/u);
    expect(await who.look('flows-versions-two')).toEqual(NOTHING_WRONG);
    await who.close();
  });

  it('opens every edit dialog, and none marks anything as wrong', async () => {
    const windows = await Promise.all(Array.from({ length: WINDOWS }, () => inEditor(admin())));
    // The imported copy stands for what it was copied from.
    const nodes = (await nodesIn(windows[0]!.page)).filter(
      ({ id, kind }) => kind !== 'node' || !id.startsWith('watch-'),
    );
    const waiting = [...nodes];
    const dialogs: Dialog[] = [];
    const looked = new Map<string, readonly string[]>();
    const openWhatWaits = async (who: Visitor): Promise<void> => {
      for (let node = waiting.shift(); node; node = waiting.shift()) {
        const dialog = await openDialog(who.page, node);
        dialogs.push(dialog);
        if (dialog.type.startsWith(OURS) && !looked.has(dialog.type)) {
          looked.set(dialog.type, []);
          looked.set(dialog.type, (await who.look(dialog.type.replace(OURS, 'dialog-'), FORM[node.kind])).violations);
        }
        await closeDialog(who.page, node.kind);
      }
    };
    await Promise.all(windows.map(openWhatWaits));
    expect(dialogs.filter(({ fields, problems }) => fields === 0 || problems.length > 0)).toEqual([]);
    expect([...looked].filter(([, violations]) => violations.length > 0)).toEqual([]);
    expect(dialogs).toHaveLength(nodes.length);
    expect([...looked.keys()].sort()).toEqual(
      [
        'access-log',
        'alert',
        'audit-metrics',
        'audit-trail',
        'billing-rules',
        'model-training',
        'risk-score',
        'settings',
        'smartsheet',
        'smartsheet-trigger',
      ].map((name) => OURS + name),
    );
    expect(windows.flatMap((who) => who.complaints())).toEqual([]);
    await Promise.all(windows.map((who) => who.close()));
  }, 180_000);

  it('stands behind the page of versions, which goes back to the flow as it was shipped', async () => {
    const who = await come(admin(), 390);
    await who.go('/flows/versions');
    const lines = await versionLines(who);
    await who.page.locator('tbody tr button').first().click();
    await who.page.locator('[role=status]').waitFor();
    expect(await who.words()).toContain('That version is in force again.');
    const after = await versionLines(who);
    expect([after.length, after[0]]).toEqual([lines.length + 1, expect.stringMatching(/ \d+ removed.* in force$/u)]);
    expect(await who.look('flows-versions-back')).toEqual(NOTHING_WRONG);
    await who.close();
  });

  it('shows itself to an auditor, whom the admin has added, and takes no deploy from them', async () => {
    const who = await inEditor(await addAuditor(await come(admin())));
    await who.picture('editor');
    expect(await who.page.evaluate(`RED.settings.user`)).toMatchObject({ username: 'auditor', permissions: 'read' });
    expect(await who.page.evaluate(`$('#red-ui-header-button-deploy').is(':visible:not(.disabled)')`)).toBe(false);
    expect(who.complaints()).toEqual([]);
    expect(await deployByForce(who)).toMatchObject({
      status: 403,
      body: { message: 'Your account may not do this.', hint: 'Ask an admin of this server for another role.' },
    });
    expect(who.complaints()).toEqual([refusedWith(403)]);
    await who.close();
  });

  it('takes no deploy from the viewer either', async () => {
    const who = await come({ role: 'viewer', name: 'viewer', password: around().office.passwords.viewer });
    expect(await deployByForce(who)).toMatchObject({ status: 403, body: { message: 'Your account may not do this.' } });
    await who.close();
  });
}

async function versionLines(who: Visitor): Promise<readonly string[]> {
  const texts = await who.page.evaluate<string[]>(
    `[...document.querySelectorAll('tbody tr')].map((row) => row.innerText)`,
  );
  return texts.map((text) => text.replace(/\s+/gu, ' ').trim());
}

async function addAuditor(who: Visitor): Promise<Account> {
  await who.go('/people');
  await who.page.locator('form[action="/people/add"] input[name=name]').fill('auditor');
  await who.page.locator('form[action="/people/add"] select').selectOption('auditor');
  await who.page.locator('form[action="/people/add"] button').click();
  const password = await who.page.locator('.secret code').innerText();
  expect(await who.look('people-added')).toEqual(NOTHING_WRONG);
  await who.close();
  return { role: 'auditor', name: 'auditor', password };
}

/** What the button would send, by somebody who is shown none. */
function deployByForce(who: Visitor): Promise<{ status: number; body: unknown }> {
  return who.page.evaluate(async () => {
    const headers = { 'content-type': 'application/json', 'Node-RED-Deployment-Type': 'full' };
    const answer = await fetch('/admin/flows', { method: 'POST', headers, body: '[]' });
    return { status: answer.status, body: (await answer.json()) as unknown };
  });
}
