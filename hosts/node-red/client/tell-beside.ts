import type { Field, SaidBeside } from '../../../lib/define';
import { readField } from '../../../lib/fields';
import { inputOf, type OpenDialog } from './editor-api';
import { dialogValues, enteredValue } from './fields';
import { rowOf } from './show-when';

/** How long a pause in typing ends a number. */
const TYPING_PAUSE = 300;

/** Puts beside each field that asks for it what the running Node-RED says of the dialog's values, and again as they change. */
export function tellBeside(open: OpenDialog): void {
  for (const name of open.dialog.beside) {
    const field = open.dialog.fields[name];
    if (field) addSentence(open, name, field);
  }
}

function addSentence(open: OpenDialog, name: string, field: Field): void {
  const id = `billing-audit-beside-${name}`;
  const sentence = $('<div class="billing-audit-hint billing-audit-beside" role="status" aria-live="polite">');
  rowOf(open, name).append(sentence.attr('id', id));
  inputOf(open, name).attr('aria-describedby', id);
  let asked = 0;
  let pause: ReturnType<typeof setTimeout> | undefined;
  const refresh = async (): Promise<void> => {
    const turn = (asked += 1);
    // What is wrong with the value says the field itself.
    if (!isGood(open, name, field)) return show(sentence, '');
    if (sentence.text() === '') show(sentence, open.words('beside.loading'));
    // Readers of the screen wait for the answer; what is seen is the old one, dimmed.
    sentence.attr('aria-busy', 'true').addClass('billing-audit-busy');
    const { text, hasFailed } = await ask(open, name);
    // A later number has been asked for in the meantime.
    if (turn === asked) show(sentence, text, hasFailed);
  };
  open.form.on('input change', '.billing-audit-field :input', () => {
    clearTimeout(pause);
    pause = setTimeout(() => void refresh(), TYPING_PAUSE);
  });
  void refresh();
}

function isGood(open: OpenDialog, name: string, field: Field): boolean {
  return readField(field, enteredValue(open, name, field)[name]).ok;
}

function show(sentence: JQuery, text: string, hasFailed = false): void {
  sentence
    .removeClass('billing-audit-busy')
    .removeAttr('aria-busy')
    .toggleClass('billing-audit-failure', hasFailed)
    .text(text);
}

interface Told {
  readonly text: string;
  readonly hasFailed: boolean;
}

/** Never rejects: what went wrong is said in words. */
async function ask(open: OpenDialog, name: string): Promise<Told> {
  try {
    const { key, facts } = (await $.ajax({
      url: 'billing-audit/beside',
      method: 'POST',
      contentType: 'application/json',
      data: JSON.stringify({ type: open.dialog.type, id: open.node.id, field: name, fields: dialogValues(open) }),
    })) as SaidBeside;
    return { text: open.words(`fields.${name}.beside.${key}`, facts), hasFailed: false };
  } catch (thrown) {
    return { text: reasonOf(open, thrown as JQuery.jqXHR), hasFailed: true };
  }
}

function reasonOf(open: OpenDialog, { status, responseJSON }: JQuery.jqXHR): string {
  const { error } = (responseJSON ?? {}) as { error?: { message?: string; hint?: string } };
  if (error?.message !== undefined) return `${error.message} ${error.hint ?? ''}`.trim();
  return open.words(status === 401 || status === 403 ? 'beside.forbidden' : 'beside.failed');
}
