import type { Log } from '../ports';
import type { SmartsheetClient } from '../smartsheet';

/**
 * The columns of a sheet that its webhook is to call for, by their titles.
 * @returns their ids; none: it calls for all. A title that the sheet does not have is said, and does not narrow what is
 *   called for
 */
export async function calledColumns(
  client: Pick<SmartsheetClient, 'listColumns'>,
  sheetId: string,
  titles: readonly string[],
  log: Log,
): Promise<readonly string[]> {
  if (titles.length === 0) return [];
  const present = await client.listColumns(sheetId);
  const idOf = (title: string): string | undefined =>
    present.find((one) => one.title.toLowerCase() === title.trim().toLowerCase())?.id;
  const unknown = titles.filter((title) => idOf(title) === undefined);
  if (unknown.length === 0) return titles.flatMap((title) => idOf(title) ?? []);
  log.warn(`Sheet ${sheetId} has no column ${unknown.join(', ')}: its webhook calls for all columns.`, {
    sheet: sheetId,
  });
  return [];
}
