import type { Field } from '../../../lib/define';
import { enteredValue } from './fields';
import { inputOf, type OpenDialog } from './editor-api';

/** Shows a row only while the field it hangs on says so, and *More* only while something is in it. */
export function followConditions(open: OpenDialog): void {
  const entries = Object.entries(open.dialog.fields);
  const refresh = (): void => {
    for (const [name, field] of entries) rowOf(open, name).toggle(isWanted(open, field));
    const more = open.form.find('.billing-audit-more');
    more.toggle(
      more
        .find('.form-row')
        .get()
        .some((row) => row.style.display !== 'none'),
    );
  };
  const watched = new Set(entries.flatMap(([, { showWhen }]) => (showWhen ? [showWhen.field] : [])));
  for (const name of watched) inputOf(open, name).on('change', refresh);
  refresh();
}

export function rowOf({ form }: OpenDialog, name: string): JQuery {
  return form.find(`[data-field="${name}"]`);
}

function isWanted(open: OpenDialog, { showWhen }: Field): boolean {
  const other = showWhen && open.dialog.fields[showWhen.field];
  if (!showWhen || !other) return true;
  const value = enteredValue(open, showWhen.field, other)[showWhen.field];
  return showWhen.is.some((each) => String(each) === String(value));
}
