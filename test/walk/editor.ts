import type { Page } from '../support/browser';

/** What a person sees of one edit dialog. */
export interface Dialog {
  readonly id: string;
  readonly type: string;
  readonly name: string;
  /** What stands under the title: empty when nothing opened. */
  readonly fields: number;
  /** What is marked as wrong. */
  readonly problems: readonly string[];
}

export async function untilEditorIsReady(page: Page): Promise<void> {
  await page.waitForFunction(
    `window.RED && RED.nodes && RED.nodes.node('watch-trigger') && $('#red-ui-loading-progress').is(':hidden')`,
  );
  await page.locator('#red-ui-palette').first().waitFor({ state: 'visible' });
}

/** By the import dialog, as a person does who was given the file; what is there already is copied. */
export async function importFlow(page: Page, json: string): Promise<void> {
  await page.evaluate(`RED.actions.invoke('core:show-import-dialog')`);
  await page.locator('#red-ui-clipboard-dialog-import-text').waitFor({ state: 'visible' });
  await page.locator('#red-ui-clipboard-dialog-import-text').fill(json);
  // The dialog reads what was typed when a key comes up.
  await page.locator('#red-ui-clipboard-dialog-import-text').press('End');
  await page.waitForFunction(`!$('#red-ui-clipboard-dialog-ok').prop('disabled')`);
  await page.locator('#red-ui-clipboard-dialog-ok').click();
}

/** A node and what kind of dialog it has. */
export interface Placed {
  readonly id: string;
  readonly kind: 'node' | 'config' | 'tab';
}

/** Every node of the workspace with a dialog: those on tabs, the tabs themselves, and what they share. */
export async function nodesIn(page: Page): Promise<readonly Placed[]> {
  return page.evaluate(`(() => {
    const found = [];
    RED.nodes.eachWorkspace(({ id }) => found.push({ id, kind: 'tab' }));
    RED.nodes.eachNode(({ id }) => found.push({ id, kind: 'node' }));
    // Going on is told by anything but false.
    RED.nodes.eachConfig(({ id, type }) => { if (type !== 'global-config') found.push({ id, kind: 'config' }); });
    return found;
  })()`);
}

/** Where the fields of a dialog are. */
export const FORM = { node: '#dialog-form', config: '#node-config-dialog-edit-form', tab: '#dialog-form' } as const;

/** Opens the dialog of a node, and reads what it shows once it stands still. */
export async function openDialog(page: Page, { id, kind }: Placed): Promise<Dialog> {
  const of = JSON.stringify(id);
  const form = FORM[kind];
  const open = {
    node: `RED.editor.edit(RED.nodes.node(${of}))`,
    tab: `RED.workspaces.edit(${of})`,
    config: `RED.editor.editConfig('', RED.nodes.node(${of}).type, ${of})`,
  }[kind];
  await page.evaluate(open);
  await page.waitForFunction(`$('${form}').is(':visible') && !$('.red-ui-tray').is(':animated')`);
  return page.evaluate(`(() => {
    const node = RED.nodes.node(${of}) ?? RED.nodes.workspace(${of});
    const wrong = $('${form} .input-error').map((_, each) => 'marked: ' + (each.id || each.className)).get();
    const said = (node.validationErrors ?? []).map((each) => each.message ?? String(each));
    return {
      id: ${of}, type: node.type, name: node.name || node.label || ${of},
      fields: $('${form} .form-row').length,
      problems: [...wrong, ...said, ...(node.valid === false ? ['not valid'] : [])],
    };
  })()`);
}

export async function closeDialog(page: Page, kind: Placed['kind']): Promise<void> {
  const cancel = kind === 'config' ? '#node-config-dialog-cancel' : '#node-dialog-cancel';
  await page.evaluate(`void $('${cancel}').trigger('click')`);
  await page.waitForFunction(`!$('.red-ui-tray').length`);
}

/** Presses the button, and waits until Node-RED says that it went well. */
export async function deploy(page: Page): Promise<void> {
  await page.locator('#red-ui-header-button-deploy').click();
  await page.locator('.red-ui-notification:has-text("Successfully deployed")').waitFor({ state: 'visible' });
}
