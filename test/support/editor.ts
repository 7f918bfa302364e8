import type { Page } from './browser';

/**
 * Opens the dialog of a node, and waits until the editor is done with it: a while after the dialog can be seen, Node-RED
 * gives the focus to the first thing in it, and so takes it from whoever was quicker.
 */
export async function openDialog(page: Page, id: string): Promise<void> {
  await page.evaluate(`RED.editor.edit(RED.nodes.node(${JSON.stringify(id)}))`);
  await page.locator('#dialog-form').waitFor({ state: 'visible' });
  await page.waitForFunction(`document.activeElement.closest('.red-ui-tray-body') !== null`);
}

export async function closeDialog(page: Page, button: 'ok' | 'cancel' = 'cancel'): Promise<void> {
  await page.locator(`#node-dialog-${button}`).click();
  await page.locator('#dialog-form').waitFor({ state: 'detached' });
}
