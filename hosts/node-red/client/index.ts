import type { Dialog } from '../editor/dialog';
import { isEnvironmentReference, readField, sentenceOf } from '../../../lib/fields';
import { typeProperty } from '../names';
import { fixedSource } from '../editor/defaults';
import type { EditedNode, OpenDialog } from './editor-api';
import { enteredValue, isComposed, prepareField } from './fields';
import { showInherited } from './inherited';
import { addPicker } from './picker';
import { followConditions } from './show-when';
import { addStyle } from './style';
import { tellBeside } from './tell-beside';
import { drawTryPanel } from './try-panel';

/** What the generated pages call; one for all nodes of the palette. */
interface BillingAuditEditor {
  describe(dialog: Dialog): void;
  /** @returns true, or what is wrong: Node-RED shows it beside the field and under the node */
  check(type: string, field: string, value: unknown, node: EditedNode): true | string;
  prepare(type: string, node: EditedNode): void;
  save(type: string, node: EditedNode): void;
}

function createEditor(): BillingAuditEditor {
  const dialogs = new Map<string, Dialog>();
  const dialogOf = (type: string): Dialog => {
    const dialog = dialogs.get(type);
    if (!dialog) throw new Error(`Billing Audit knows no dialog of "${type}".`);
    return dialog;
  };
  return {
    describe: (dialog) => void dialogs.set(dialog.type, dialog),
    check: (type, field, value, node) => checked(dialogOf(type), field, value, node),
    prepare: (type, node) => {
      addStyle();
      const open = openDialog(dialogOf(type), node);
      for (const [name, field] of Object.entries(open.dialog.fields)) prepareField(open, name, field);
      for (const [name, field] of Object.entries(open.dialog.fields)) addPicker(open, name, field);
      followConditions(open);
      showInherited(open);
      tellBeside(open);
      drawTryPanel(open);
    },
    save: (type, node) => {
      const open = openDialog(dialogOf(type), node);
      for (const [name, field] of Object.entries(open.dialog.fields)) {
        if (isComposed(field)) Object.assign(node, enteredValue(open, name, field));
      }
    },
  };
}

function checked(dialog: Dialog, name: string, value: unknown, node: EditedNode): true | string {
  const field = dialog.fields[name];
  if (!field || isEnvironmentReference(value)) return true;
  const source = String(node[typeProperty(name)] ?? fixedSource(field));
  if (field.expression && source !== fixedSource(field)) return true;
  const other = field.showWhen && node[field.showWhen.field];
  if (field.showWhen && !field.showWhen.is.some((each) => String(each) === String(other))) return true;
  const mayBeEmpty = Boolean(field.setting ?? field.environment);
  const reading = readField(mayBeEmpty ? { ...field, required: false } : field, value);
  if (reading.ok) return true;
  const { key, facts } = reading.problem;
  const sentence = node._?.(`problems.${key}`, facts) ?? sentenceOf(reading.problem);
  return `${node._?.(`fields.${name}.label`) ?? field.label} ${sentence}`;
}

function openDialog(dialog: Dialog, node: EditedNode): OpenDialog {
  const isConfig = dialog.role === 'settings' || dialog.role === 'credential';
  return {
    dialog,
    node,
    prefix: isConfig ? 'node-config-input' : 'node-input',
    form: $(isConfig ? '#node-config-dialog-edit-form' : '#dialog-form'),
    words: (key, facts) => node._?.(key, facts) ?? key,
  };
}

// Every node's page asks for this script, so it is run once for each; the first stays.
const page = window as unknown as { BillingAuditEditor?: BillingAuditEditor };
page.BillingAuditEditor ??= createEditor();
