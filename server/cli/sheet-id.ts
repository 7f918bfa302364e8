import { BadSetting } from '../../lib/errors';

/**
 * The id of a sheet that `--sheet` gives.
 * @throws BadSetting  no sheet has such an id
 */
export function sheetIdOf(text: string): string {
  if (/^\d{1,20}$/.test(text)) return text;
  const hint = 'Give the id of the sheet: digits alone (File > Properties in Smartsheet).';
  throw new BadSetting('--sheet', `is "${text.slice(0, 40)}", which is no id of a sheet`, hint);
}
