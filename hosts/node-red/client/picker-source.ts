import { editor, inputOf, type OpenDialog } from './editor-api';

export interface Choice {
  readonly value: string;
  readonly label: string;
  readonly detail: string;
}

export interface Choices {
  readonly choices: readonly Choice[];
  /** How many there are in all; only the first of them may have been sent. */
  readonly total: number;
}

export type Outcome = (Choices & { readonly ok: true }) | { readonly ok: false; readonly why: string };

/** Asks Node-RED for names. Never rejects: what went wrong is said in words, and the field can still be typed into. */
export async function askForChoices(open: OpenDialog, query: Readonly<Record<string, string>>): Promise<Outcome> {
  const [property] = open.dialog.credentials;
  const chosen = property === undefined ? undefined : chosenCredential(open, property);
  if (chosen !== undefined && isUndeployed(chosen)) return { ok: false, why: open.words('choose.undeployed') };
  try {
    const data = { ...query, ...(chosen === undefined ? {} : { credential: chosen }) };
    return { ok: true, ...((await $.getJSON('billing-audit/choices', data)) as Choices) };
  } catch (thrown) {
    return { ok: false, why: reasonOf(open, thrown as JQuery.jqXHR) };
  }
}

/** The id in the dialog's chooser of credentials; empty when none is chosen. */
function chosenCredential(open: OpenDialog, property: string): string {
  const value = String(inputOf(open, property).val() ?? '');
  return value === '_ADD_' || value === 'null' ? '' : value;
}

/** The token of a credential that was made or changed since the last deploy is in this browser only, and stays here. */
function isUndeployed(id: string): boolean {
  const node = id === '' ? null : editor().nodes.node(id);
  return node !== null && node['changed'] === true;
}

function reasonOf(open: OpenDialog, { status, responseJSON }: JQuery.jqXHR): string {
  const { error } = (responseJSON ?? {}) as { error?: { message?: string; hint?: string } };
  if (error?.message !== undefined) return `${error.message} ${error.hint ?? ''}`.trim();
  return open.words(status === 401 || status === 403 ? 'choose.forbidden' : 'choose.failed');
}
