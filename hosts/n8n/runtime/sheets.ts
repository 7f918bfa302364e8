import { sheets } from '../../../lib/define/fields';
import { checkedValue } from '../../../lib/fields';
import { enteredFields } from './entered-fields';
import type { Context } from './context';

const FIELD = sheets({ label: 'Sheets', many: true, required: true });

/**
 * The ids of the sheets that a trigger's form names, each once.
 * @throws BadSetting  when there is none, or one is no id
 */
export function chosenSheets(context: Context): readonly string[] {
  const { sheets: entered } = enteredFields(context, { sheets: FIELD }, []);
  return [...new Set(checkedValue(FIELD, entered) as readonly string[])];
}
