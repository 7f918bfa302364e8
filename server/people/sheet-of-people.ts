import { BadSetting } from '../../lib/errors';
import type { ListedSheet, SheetRead, SmartsheetClient } from '../../lib/smartsheet';

export type SheetReader = Pick<SmartsheetClient, 'listSheets' | 'wholeSheet'>;

/**
 * The sheet that somebody named, read whole.
 * @param named  its id, or its whole name as only one sheet has it
 * @throws BadSetting  no sheet, or several, are called so
 * @throws SmartsheetRefused, SmartsheetUnavailable, SmartsheetAnswerUnknown
 */
export async function sheetOfPeople(client: SheetReader, named: string): Promise<SheetRead> {
  const wanted = named.trim();
  if (/^\d{1,20}$/u.test(wanted)) return client.wholeSheet(wanted);
  const listed = wanted === '' ? [] : await client.listSheets({ name: wanted });
  const same = listed.filter(({ name }) => name.trim().toLowerCase() === wanted.toLowerCase());
  const [only] = same;
  if (only && same.length === 1) return client.wholeSheet(only.id);
  throw new BadSetting('sheet', whyNot(wanted, same), hintFor(same.length > 0 ? same : listed));
}

function whyNot(wanted: string, same: readonly ListedSheet[]): string {
  if (wanted === '') return 'is not named';
  return same.length === 0
    ? `is "${wanted}", and no sheet is called so`
    : `is "${wanted}", as ${same.length} sheets are called`;
}

function hintFor(listed: readonly ListedSheet[]): string {
  if (listed.length === 0) return 'Name a sheet that the token can see, by its id or its whole name.';
  const near = listed.slice(0, 5).map(({ id, name }) => `${id} (${name})`);
  return `Name one of these by its id: ${near.join(', ')}.`;
}
